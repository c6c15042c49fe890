"""A network that tells the other columns of a row from its grid, and whose features say what a grid shows.

Features of a network that was trained on the user's own data stand in for those of one trained on millions
of photos (Heusel et al. 2017), which knows nothing of spectrograms or emblems.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

WIDTHS = (24, 48, 96)
FEATURES = 64
"""Numbers that tell what a grid shows."""
MOVED = 2
"""Places by which grids are moved at most while learning."""


class Recogniser(nn.Module):
    """Of grids (rows, channels, high, wide): features, and from these categories of `sizes` codes each and
    `numbers` numbers.
    """

    def __init__(self, channels: int, sizes: Sequence[int], numbers: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, wide in pairwise((channels, *WIDTHS)):
            layers += [nn.Conv2d(before, wide, 3, padding=1), nn.BatchNorm2d(wide), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * WIDTHS[-1], FEATURES), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.sizes, self.drop = tuple(sizes), nn.Dropout(0.3)
        self.out = nn.Linear(FEATURES, sum(sizes) + numbers)

    def features(self, grids: torch.Tensor) -> torch.Tensor:
        """(rows, FEATURES)."""
        return self.body(grids)

    def forward(self, grids: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Logits of each category, (rows, k), and the numbers that are expected, (rows, numbers)."""
        found = self.out(self.drop(self.body(grids)))
        *logits, numbers = found.split([*self.sizes, found.shape[1] - sum(self.sizes)], dim=1)
        return logits, numbers


class Recognition(Task):
    """Learns from `grid` (rows, channels, high, wide), `codes` (rows, categories), -1 for none, and `numbers`
    (rows, numbers) of mean 0 and variance 1, NaN for none. Rows of a batch meet in its normalisation.
    """

    turns = (Turn("net"),)

    def __init__(self, net: Recogniser) -> None:
        super().__init__()
        self.net = net

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        grid = batch["grid"].float()
        if self.training:
            moved = torch.randint(-MOVED, MOVED + 1, (2,), generator=noise, device=noise.device)
            grid = torch.roll(grid, (int(moved[0]), int(moved[1])), (2, 3))
        logits, numbers = self.net(grid)
        total = torch.zeros(len(grid), device=grid.device)
        for place, found in enumerate(logits):
            codes = batch["codes"][:, place].long()
            costs = functional.cross_entropy(found, codes.clamp(min=0), reduction="none")
            total = total + torch.where(codes >= 0, costs, 0.0)
        wanted = batch["numbers"].float()
        wrong = torch.where(wanted.isnan(), 0.0, (numbers - wanted.nan_to_num()).square())
        return total + wrong.sum(1)
