"""Rows and grids (pictures, spectrograms or their latents) in one network, any part of which can be given.

A row's network is told what the grids show that are known of it, and each grid emerges by a network of its
own that is told what is known of the row and of the other grids. All learn together, each part with a level
of noise of its own. Sources: Bao et al. 2023 (UniDiffuser: a level for each modality, one network for all
conditionals); Ho & Salimans 2022 (rows without what is given, for guidance).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from reverie.nn.diffusion import Denoising, RowNet
from reverie.nn.plan import Form, Plan
from reverie.nn.rows import Batch
from reverie.nn.schedules import NOISE, draw_angles, ladder, noised, slope
from reverie.nn.solvers import adams
from reverie.nn.unet import GROUPS, UNet

SEEN, NOTHING, WHOLE = 0.5, 0.15, 0.8
"""How often a grid is known where rows or other grids are learned; how often nothing is where a grid is, for
guidance; and how often else all of the row. In the rest any of its blocks are.
"""
CENTRE, SPREAD = -0.2, 1.2
"""Mean and standard deviation of the log of tan(angle) at which grids are learned from."""
DROPOUT = 0.3
"""Share of what a known grid tells that is dropped in training."""
MOST_PLACES = 16
"""Places on a side of the grid that a network works on."""
BEND = 1.5
"""How much more often the network is asked where little noise is left (`schedules.ladder`)."""
SMOOTH = 0.3
"""The most noise, as an angle, that a known grid is shown with while learning, so that it is not known by
heart.
"""


@dataclass(frozen=True)
class Grid:
    """A block of grids: `channels` numbers at each of `high` by `wide` places; `gate` is the category (-1:
    none) that it is present with code `code` of.
    """

    channels: int
    high: int
    wide: int
    gate: int = -1
    code: int = 0

    @property
    def patch(self) -> int:
        """Places on a side that a network takes as one, so that its own grid has at most 16 on a side."""
        able = [size for size in (1, 2, 4, 8) if self.high % size == self.wide % size == 0]
        fits = [size for size in able if max(self.high, self.wide) <= MOST_PLACES * size]
        return min(fits, default=max(able))


class Tower(nn.Module):
    """What a grid tells of a row, and what of a row a grid shows."""

    def __init__(self, grid: Grid, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.unet = UNet(grid.channels, widths, width, grid.patch)
        self.look = _Look(grid.channels, widths, width)
        self.told = nn.Linear(width, width)


class _Look(nn.Module):
    """A vector (rows, width) of a grid (rows, channels, high, wide)."""

    def __init__(self, channels: int, widths: Sequence[int], width: int) -> None:
        super().__init__()
        layers, before = [], channels
        for step, wide in enumerate((widths[0], *widths)):
            layers += [nn.Conv2d(before, wide, 3, stride=2 if step else 1, padding=1)]
            layers += [nn.GroupNorm(GROUPS, wide), nn.SiLU()]
            before = wide
        self.layers, self.drop = nn.Sequential(*layers), nn.Dropout(DROPOUT)
        self.out = nn.Linear(2 * before, width)

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        found = self.layers(grid.contiguous(memory_format=torch.channels_last))
        return self.out(self.drop(torch.cat([found.mean((2, 3)), found.amax((2, 3))], dim=1)))


class JointNet(nn.Module):
    """The network of `rows`, and a tower for each grid; a grid's absence is told by a vector of its own."""

    def __init__(self, rows: RowNet, grids: Sequence[Grid], widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.rows = rows
        self.towers = nn.ModuleList(Tower(grid, widths, width) for grid in grids)
        self.absent = nn.Parameter(torch.zeros(len(grids), width))

    def look(self, grids: Sequence[torch.Tensor]) -> torch.Tensor:
        """What each of the grids (rows, channels, high, wide) tells, (rows, grids, width)."""
        return torch.stack([self.tower(at).look(grid) for at, grid in enumerate(grids)], dim=1)

    def told(self, views: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """What those of the views (rows, grids, width) tell together that are `seen` (rows, grids)."""
        return torch.where(seen[:, :, None], views, self.absent).sum(1)

    def tower(self, at: int) -> Tower:
        """That of grid `at`."""
        found = self.towers[at]
        assert isinstance(found, Tower)
        return found

    def rise(self, at: int, state: torch.Tensor, angle: torch.Tensor, refined: torch.Tensor) -> torch.Tensor:
        """The slope of grid `at` that is expected at angles (rows,), where a row is known as `refined`."""
        tower = self.tower(at)
        return tower.unet(state, angle, tower.told(refined))


class Joint(Denoising):
    """Learns rows as `Denoising` does, and grids `grid0`, `grid1`, ... (rows, channels, high, wide)."""

    def __init__(self, net: JointNet, form: Form, plan: Plan, ordered: float, grids: Sequence[Grid]) -> None:
        super().__init__(net.rows, form, plan, ordered)
        self.net, self.grids = net, tuple(grids)

    @property
    def row_net(self) -> RowNet:
        return self.net.rows

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        grids = [batch[f"grid{at}"].float() for at in range(len(self.grids))]
        there = self._there(batch["codes"].long())
        views = self.net.look([self._blurred(grid, noise) for grid in grids])
        rows, draw = len(there), {"generator": noise, "device": noise.device}
        seen = there & (torch.rand(rows, len(grids), **draw) < SEEN)
        total = self.row_losses(batch, noise, self.net.told(views, seen))
        for at, grid in enumerate(grids):
            alone = torch.rand(rows, 1, **draw) < NOTHING
            others = there & (torch.rand(rows, len(grids), **draw) < SEEN) & ~alone
            others[:, at] = False
            refined = self._known(batch, noise, self.net.told(views, others), alone)
            angle, drawn = draw_angles((rows,), CENTRE, SPREAD, noise), torch.randn(grid.shape, **draw)
            level = angle[:, None, None, None]
            found = self.net.rise(at, noised(grid, drawn, level), angle, refined)
            wrong = (found.float() - slope(grid, drawn, level)).square().mean((1, 2, 3))
            total = total + wrong * there[:, at] * (1 + len(self.form.sizes) + len(self.owner))
        return total

    def _there(self, codes: torch.Tensor) -> torch.Tensor:
        """Which grids are present, (rows, grids) bool."""
        always = torch.ones(len(codes), dtype=torch.bool, device=codes.device)
        found = [codes[:, grid.gate] == grid.code if grid.gate >= 0 else always for grid in self.grids]
        return torch.stack(found, dim=1)

    def _blurred(self, grid: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
        if not self.training:
            return grid
        draw = {"generator": noise, "device": noise.device}
        level = SMOOTH * torch.rand(len(grid), 1, 1, 1, **draw)
        return noised(grid, torch.randn(grid.shape, **draw), level)

    def _known(
        self, batch: Batch, noise: torch.Generator, told: torch.Tensor, alone: torch.Tensor
    ) -> torch.Tensor:
        """Rows of which all or any blocks are known, or nothing where a grid is `alone` (rows, 1), as the
        heads are given them, (rows, width).
        """
        codes, numbers = batch["codes"].long(), batch["numbers"].float()
        draw = {"generator": noise, "device": noise.device}
        rows, categories = len(codes), codes.shape[1]
        known = torch.rand(rows, categories + self.form.reals, **draw) < torch.rand(rows, 1, **draw)
        known = (known | (torch.rand(rows, 1, **draw) < WHOLE)) & ~alone
        gated, open_ = self.gates(codes, known[:, :categories])
        angles = torch.where(known[:, categories + self.owner] & gated & open_, 0.0, NOISE)
        return self.row_net.refine(torch.where(known[:, :categories], codes + 1, 0), numbers, angles, told)[0]


def emerge_grid(
    task: Joint,
    at: int,
    refined: torch.Tensor,
    unknown: torch.Tensor | None,
    noise: torch.Generator,
    steps: int,
    guidance: float,
) -> torch.Tensor:
    """Grids (rows, channels, high, wide) of block `at`, of rows known as `refined` (rows, width).

    With `guidance` w a slope is that of what is known, s, moved on by w (s - the slope of the `unknown`).
    """
    grid = task.grids[at]

    def rise(state: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        angles = angle.expand(len(state))
        if unknown is None:
            return task.net.rise(at, state, angles, refined)
        pair = task.net.rise(
            at, torch.cat([state, state]), torch.cat([angles, angles]), torch.cat([refined, unknown])
        )
        known, free = pair.chunk(2)
        return known + guidance * (known - free)

    state = torch.randn((len(refined), grid.channels, grid.high, grid.wide), generator=noise)
    for found in adams(rise, state, ladder(steps, BEND)):
        state = found
    return state
