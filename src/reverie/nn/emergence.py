"""Rows emerging from noise: in each step one evaluation of the network, some codes drawn, numbers moved on.

Source: Karras et al. 2022, algorithm 1; Hoogeboom et al. 2022, algorithm 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from reverie.nn.diffusion import Denoising
from reverie.nn.schedules import NOISE
from reverie.nn.solvers import adams


@dataclass(frozen=True)
class Plan:
    """What happens in each step: `reveals` (steps,) are the categories drawn, `angles` (steps + 1, numbers)
    the levels that the numbers pass.
    """

    reveals: tuple[tuple[int, ...], ...]
    angles: torch.Tensor


@dataclass(frozen=True)
class Rows:
    """Rows as they stand: `codes` (rows, categories), -1 where hidden, and `numbers` (rows, numbers)."""

    codes: torch.Tensor
    numbers: torch.Tensor


def emerge(
    task: Denoising,
    plan: Plan,
    given: Rows,
    told: torch.Tensor,
    barred: Sequence[torch.Tensor],
    noise: torch.Generator,
) -> Iterator[Rows]:
    """The rows after each step. What is known of them stays: codes that are not -1, numbers where `told`.

    `barred` are the codes that must not be drawn, (size,) bool for each category.
    """
    codes, logits, net = given.codes.clone(), {}, task.net
    moving = iter(plan.reveals)

    def slope(state: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
        known, open_ = task.gates(codes, codes >= 0)
        levels = torch.where(told, 0.0, torch.where(known & open_, angles, NOISE))
        state = torch.where(told, given.numbers, state)
        refined, cells = net.refine(codes + 1, state, levels)
        logits.update({at: net.logits(refined, at) for at in next(moving)})
        return torch.where(told, 0.0, net.slopes(refined, cells))

    start = torch.randn(given.numbers.shape, generator=noise)
    start = torch.where(told, given.numbers, start)
    for state in adams(slope, start, plan.angles):
        for at, chances in logits.items():
            chances = chances.masked_fill(barred[at], -torch.inf)
            drawn = torch.multinomial(chances.softmax(1), 1, generator=noise)[:, 0]
            codes[:, at] = torch.where(codes[:, at] < 0, drawn, codes[:, at])
        logits.clear()
        yield Rows(codes.clone(), state)
