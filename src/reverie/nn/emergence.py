"""Rows emerging from noise: in each step one evaluation of the network, some codes drawn, numbers moved on.

Sources: Karras et al. 2022, algorithm 1 (numbers); Hoogeboom et al. 2022, algorithm 1 (codes, one by one);
Ho & Salimans 2022, equation 6 (guidance).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from reverie.nn.diffusion import Denoising
from reverie.nn.plan import Plan
from reverie.nn.schedules import NOISE
from reverie.nn.solvers import adams


@dataclass(frozen=True)
class Rows:
    """Rows as they stand: `codes` (rows, categories), -1 where hidden; `numbers` (rows, numbers), known where
    `told`; and `merit` (rows,), the log probability of what codes were restricted to.
    """

    codes: torch.Tensor
    numbers: torch.Tensor
    told: torch.Tensor
    merit: torch.Tensor
    known: torch.Tensor | float = 0.0
    """What else is known of the rows, (rows, width)."""


def emerge(
    task: Denoising,
    plan: Plan,
    rows: Rows,
    muted: Sequence[torch.Tensor],
    allowed: Sequence[torch.Tensor],
    noise: torch.Generator,
    *,
    guidance: float = 0.0,
) -> Iterator[Rows]:
    """The rows after each step; what is known of them stays.

    With `guidance` w, what is expected given what is known, e, becomes e + w (e - what is expected without),
    for which the network is evaluated twice.

    `muted` are the codes that are never drawn, `allowed` those that may be by what is known, both (size,)
    bool for each category.
    """
    net, wanted, moving, given = task.row_net, {}, iter(plan.reveals), rows

    def slope(state: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
        known, open_ = task.gates(rows.codes, rows.codes >= 0)
        levels = torch.where(rows.told, 0.0, torch.where(known & open_, angles, NOISE))
        refined, cells = net.refine(rows.codes + 1, state, levels, rows.known)
        if guidance:
            codes, hidden = rows.codes.masked_fill(given.codes >= 0, -1), levels.masked_fill(rows.told, NOISE)
            # The heads are linear in what they are given.
            others = net.refine(codes + 1, state, hidden)  # nor anything else
            refined, cells = refined.lerp(others[0], -guidance), cells.lerp(others[1], -guidance)
        wanted.update({at: net.logits(refined, at) for at in next(moving)})
        return torch.where(rows.told, 0.0, net.slopes(refined, cells))

    start = torch.randn(rows.numbers.shape, generator=noise)
    for state in adams(slope, torch.where(rows.told, rows.numbers, start), plan.angles):
        rows = replace(rows, numbers=state)
        for at, logits in wanted.items():
            rows = _reveal(rows, at, logits.masked_fill(muted[at], -torch.inf), allowed[at], noise)
        wanted.clear()
        yield rows


def _reveal(rows: Rows, at: int, logits: torch.Tensor, allowed: torch.Tensor, noise: torch.Generator) -> Rows:
    """The rows with a code of category `at` drawn where it is hidden."""
    hidden, chances = rows.codes[:, at] < 0, logits.softmax(1) * allowed
    mass = chances.sum(1)
    drawn = torch.multinomial(chances + 1e-30 * allowed, 1, generator=noise)[:, 0]
    codes = rows.codes.clone()
    codes[:, at] = torch.where(hidden, drawn, codes[:, at])
    merit = rows.merit + torch.where(hidden & ~allowed.all(), mass.clamp(min=1e-30).log(), 0.0)
    return replace(rows, codes=codes, merit=merit)
