"""What a task is asked for: the losses of its turns, of which the last judges it."""

import pytest
import torch
from torch import nn

from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn


class _Two(Task):
    turns = (Turn("first", times=2), Turn("second"))

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(1, 1), nn.Linear(1, 1)

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        return batch["x"] * (1 if turn == "first" else 10) + torch.rand(1, generator=noise)


def test_a_task_is_judged_by_the_losses_of_its_last_turn() -> None:
    batch = {"x": torch.arange(3.0)}
    held_out = _Two().held_out(batch, torch.Generator().manual_seed(4))
    assert torch.equal(held_out, _Two().losses("second", batch, torch.Generator().manual_seed(4)))


def test_a_turn_is_one_update_unless_told_otherwise() -> None:
    assert Turn("net").times == 1
    assert [turn.times for turn in _Two.turns] == [2, 1]


def test_losses_must_be_given() -> None:
    with pytest.raises(TypeError, match="losses"):
        Task()  # type: ignore[abstract]
