"""Threads are given back, and a processor computes in 32 bits."""

import pytest
import torch

from reverie.nn.device import precision, threads_of


@pytest.mark.parametrize(("wanted", "inside"), [(2, 2), (None, 1)])
def test_threads_are_as_many_as_before_afterwards(wanted: int | None, inside: int) -> None:
    with threads_of(wanted):
        assert torch.get_num_threads() == inside
    assert torch.get_num_threads() == 1


def test_a_processor_computes_in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, has in (("is_available", True), ("is_bf16_supported", True)):
        monkeypatch.setattr(torch.cuda, name, lambda has=has: has)
    assert precision("cpu") == "32-true"
    assert precision("auto") == precision("cuda") == "bf16-mixed"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert precision("cuda") == "32-true"
