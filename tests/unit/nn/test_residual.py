"""Residual blocks: sizes, what they begin as, and what is said to them."""

import pytest
import torch
from torch.nn import functional

from reverie.nn.residual import Residual


def rows(channels: int) -> torch.Tensor:
    return torch.randn(3, channels, 5, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("out", [None, 4, 6])
def test_a_block_begins_as_its_way_past_but_for_a_constant(out: int | None) -> None:
    block = Residual(4, out, bend=functional.relu)
    found = block(rows(4))
    assert found.shape == (3, out or 4, 5, 4)
    assert block.second.bias is not None
    torch.testing.assert_close(found, block.past(rows(4)) + block.second.bias[:, None, None])


def test_what_is_said_changes_what_comes_out_of_its_own_row_alone() -> None:
    torch.manual_seed(0)
    block = Residual(4, told=2)
    torch.nn.init.normal_(block.second.weight)
    said = torch.zeros(3, 2)
    other = said.index_fill(0, torch.tensor([1]), 5.0)
    changed = (block(rows(4), other) - block(rows(4), said)).abs().amax((1, 2, 3)) > 1e-3
    assert changed.tolist() == [False, True, False]
