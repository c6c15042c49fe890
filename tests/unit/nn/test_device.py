"""Threads are given back, and a processor computes in 32 bits."""

import pytest
import torch

from reverie.nn.device import _has_half, fast, precision, threads_of


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


def test_convolutions_are_fast_where_a_processor_can(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, grid = torch.nn.Conv2d(1, 1, 3), torch.zeros(1, 1, 8, 8)
    for able, kind in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: {"avx512_bf16": able})
        _has_half.cache_clear()
        with fast(grid.device):
            assert layer(grid).dtype == kind
    _has_half.cache_clear()
