"""A grid beside a row: what a known one tells of the row, and the network by which a new one emerges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from reverie.nn.unet import GROUPS, UNet

DROPOUT = 0.3
"""Share of what a known grid tells that is dropped in training."""
MOST_PLACES = 16
"""Places on a side of the grid that a network works on."""


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

    def sizes(self, count: int) -> list[tuple[int, int]]:
        """Height and width of `count` grids of patches, the finest first, each half of the one before."""
        found = [(self.high // self.patch, self.wide // self.patch)]
        while len(found) < count:
            high, wide = found[-1]
            found.append((-(-high // 2), -(-wide // 2)))
        return found


class Gated(Protocol):
    """A part of a row that is present with code `code` of the category `gate`, or always where that is -1."""

    @property
    def gate(self) -> int: ...
    @property
    def code(self) -> int: ...


def present(parts: Sequence[Gated], codes: torch.Tensor) -> torch.Tensor:
    """Which parts of rows with codes (rows, categories) are present, (rows, parts) bool."""
    always = torch.ones(len(codes), dtype=torch.bool, device=codes.device)
    found = [codes[:, part.gate] == part.code if part.gate >= 0 else always for part in parts]
    return torch.stack(found, dim=1)


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
