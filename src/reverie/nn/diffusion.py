"""A network over rows of codes and noised numbers, and its training to tell both from what is left of a row.

Codes are known or hidden (an absorbing mask); every number has a level of noise of its own, from none, known,
to all, hidden. Any part of a row can so be given, and the rest emerges in any order.

Sources: Karras et al. 2022 (numbers); Austin et al. 2021, section 3.1, Hoogeboom et al. 2022 (codes);
Bao et al. 2023, section 3.2, Chen et al. 2024 (a level of its own for each part); Shi et al. 2025 (tables).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reverie.nn.bag import Bag
from reverie.nn.plan import Form, Plan
from reverie.nn.rows import Batch
from reverie.nn.schedules import NOISE, draw_angles, noised, slope
from reverie.nn.task import Task, Turn

WAVES, SLOWEST, FASTEST = 12, 0.7, 30.0
"""Waves by which a number is shown to the network, beside itself, and how fast they are in radians a unit."""
ALIKE, MOVING = 0.5, 0.75
"""Shares of rows whose numbers have the same noise, and whose unknown numbers have any but all of it."""
CENTRE, SPREAD = -0.5, 1.4
"""Mean and standard deviation of the log of tan(angle) at which numbers of any rows are learned from."""
LOWEST = 1e-3
"""The angle below which levels are told apart no more."""


class RowNet(nn.Module):
    """What is expected of a row: a vector of `width` (rows, width), from which `logits` and `slopes` follow.

    Codes (rows, categories) are put in as 0, hidden, or code + 1; numbers (rows, numbers) with their angles.
    What is put in is added up and refined by `depth` residual blocks.
    """

    starts: torch.Tensor

    def __init__(
        self, sizes: Sequence[int], numbers: int, width: int, depth: int, cells: int, dropout: float
    ) -> None:
        super().__init__()
        self.sizes, self.numbers, self.dropout = tuple(sizes), numbers, dropout
        starts = np.cumsum([0, *(size + 1 for size in sizes)])
        self.register_buffer("starts", torch.from_numpy(starts[:-1]), persistent=False)
        scale = max(len(self.sizes) + numbers, 1) ** -0.5
        if self.sizes:
            self.embedding = Bag(int(starts[-1]), width)
            nn.init.normal_(self.embedding.weight, std=scale)
            self.heads = _blank(width, sum(self.sizes))
        features = 5 + 2 * WAVES
        speeds = torch.linspace(np.log(SLOWEST), np.log(FASTEST), WAVES).exp()
        self.waves = nn.Parameter(speeds.repeat(numbers, 1))
        self.cells = nn.Parameter(torch.randn(numbers, features, cells) * features**-0.5)
        self.shifts = nn.Parameter(torch.zeros(numbers, cells))
        if numbers:
            self.joined, self.rises = nn.Linear(numbers * cells, width), _blank(width, numbers)
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(depth))
        self.last = nn.LayerNorm(width)
        self.own = nn.Parameter(torch.zeros(numbers, cells))

    def forward(
        self,
        codes: torch.Tensor,
        numbers: torch.Tensor,
        angles: torch.Tensor,
        told: torch.Tensor | float = 0.0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of all codes (rows, sum of sizes), and slopes of the numbers (rows, numbers)."""
        refined, cells = self.refine(codes, numbers, angles, told)
        logits = self.heads(refined) if self.sizes else refined[:, :0]
        return logits, self.slopes(refined, cells)

    def refine(
        self,
        codes: torch.Tensor,
        numbers: torch.Tensor,
        angles: torch.Tensor,
        told: torch.Tensor | float = 0.0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the heads are given: (rows, width), and each number's own cells (rows, numbers, cells).

        `told` (rows, width) is what else is known of the rows.
        """
        cells = self._cells(numbers, angles)
        hidden = told + (self.joined(cells.flatten(1)) if self.numbers else 0.0)
        if self.sizes:
            hidden = hidden + self.embedding(codes + self.starts)
        for block in self.blocks:
            hidden = block(hidden)
        hidden = functional.silu(self.last(hidden))
        return functional.dropout(hidden, self.dropout, self.training), cells

    def logits(self, refined: torch.Tensor, category: int) -> torch.Tensor:
        """Logits of one category's codes, (rows, size)."""
        start = sum(self.sizes[:category])
        span = slice(start, start + self.sizes[category])
        return functional.linear(refined, self.heads.weight[span], self.heads.bias[span])

    def slopes(self, refined: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
        """d number / d angle that is expected, (rows, numbers)."""
        return self.rises(refined) + (cells * self.own).sum(2) if self.numbers else refined[:, :0]

    @torch.no_grad()
    def shift(self, logits: np.ndarray) -> None:
        """Add to the logits of all codes, (codes,)."""
        if len(logits):
            self.heads.bias.add_(torch.from_numpy(logits).to(self.heads.bias))

    @torch.no_grad()
    def start_from(self, codes: np.ndarray) -> None:
        """Begin with the frequencies of the codes (rows, categories)."""
        start = 0
        for i, size in enumerate(self.sizes):
            counts = np.bincount(codes[:, i], minlength=size) + 0.5
            self.heads.bias[start : start + size] = torch.from_numpy(np.log(counts / counts.sum()))
            start += size

    def _cells(self, numbers: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
        # At the last level only noise is left, which tells nothing.
        seen = numbers * (angles < NOISE - 1e-6)
        wave = seen[:, :, None] * self.waves
        # What is left of a wave on average over noise: fast ones appear as noise goes.
        left = (-0.5 * (angles.sin()[:, :, None] * self.waves).square()).exp()
        level = (angles.clamp(LOWEST, NOISE - LOWEST).tan().log() / 4)[:, :, None]
        parts = [seen[:, :, None], level, level.square(), angles.cos()[:, :, None], seen[:, :, None] * level]
        features = torch.cat([*parts, left * wave.sin(), left * wave.cos()], dim=2)
        return functional.silu(torch.einsum("rnf,nfc->rnc", features, self.cells) + self.shifts)


def _blank(width: int, out: int) -> nn.Linear:
    """A layer that gives nothing to begin with."""
    layer = nn.Linear(width, out)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm, self.dropout = nn.LayerNorm(width), dropout
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.down.weight)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        inner = functional.silu(self.up(self.norm(hidden)))
        return hidden + self.down(functional.dropout(inner, self.dropout, self.training))


@dataclass(frozen=True)
class Shown:
    """What is left of the rows of a batch: `known` (rows, categories) bool and `angles` (rows, numbers).

    `costs` (rows, 1) is how much a hidden code counts, `wrongs` (rows, numbers) how much a number does.
    """

    known: torch.Tensor
    angles: torch.Tensor
    costs: torch.Tensor
    wrongs: torch.Tensor


class Denoising(Task):
    """Learns `net` from batches of `codes` (rows, categories) and `numbers` (rows, numbers), 0 where absent.

    A share `ordered` of the rows are shown as they are in some step of the plan. Of the blocks of the others,
    any are known; the codes of the rest are hidden, its numbers hidden or noised, all alike or each for
    itself.
    """

    turns = (Turn("net"),)
    owner: torch.Tensor
    gate: torch.Tensor
    code: torch.Tensor
    told: torch.Tensor
    angles: torch.Tensor

    def __init__(self, net: RowNet, form: Form, plan: Plan, ordered: float) -> None:
        super().__init__()
        self.net, self.form, self.ordered = net, form, ordered
        for name in ("owner", "gate", "code"):
            self.register_buffer(name, torch.from_numpy(getattr(form, name)).long(), persistent=False)
        self.register_buffer("told", plan.known(len(form.sizes)), persistent=False)
        self.register_buffer("angles", plan.angles, persistent=False)

    @property
    def row_net(self) -> RowNet:
        """The network of rows."""
        return self.net

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        return self.row_losses(batch, noise)

    def row_losses(
        self, batch: Batch, noise: torch.Generator, told: torch.Tensor | float = 0.0
    ) -> torch.Tensor:
        """What codes and numbers cost, (rows,); `told` (rows, width) is what else is known of the rows."""
        codes, numbers = batch["codes"].long(), batch["numbers"].float()
        if not codes.shape[1] + numbers.shape[1]:
            return torch.zeros(len(codes), device=codes.device)
        shown = self.show(codes, noise)
        drawn = torch.randn(numbers.shape, generator=noise, device=noise.device)
        state = noised(numbers, drawn, shown.angles)
        logits, slopes = self.row_net(torch.where(shown.known, codes + 1, 0), state, shown.angles, told)
        wrong = (slopes - slope(numbers, drawn, shown.angles)).square() * shown.wrongs
        return self._costs(logits, codes, ~shown.known) * shown.costs[:, 0] + wrong.sum(1)

    def show(self, codes: torch.Tensor, noise: torch.Generator) -> Shown:
        """What is left of rows of these codes."""
        own = torch.rand(len(codes), 1, generator=noise, device=noise.device) < self.ordered
        planned, free = self._planned(len(codes), noise), self._free(codes, noise)
        known, angles, costs, wrongs = (
            torch.where(own, left, right) for left, right in zip(planned, free, strict=True)
        )
        told, open_ = self.gates(codes, known)
        angles = torch.where(told & open_, angles, NOISE)
        return Shown(known, angles, costs, wrongs * (told & open_ & (angles > 0)))

    def _planned(self, rows: int, noise: torch.Generator) -> tuple[torch.Tensor, ...]:
        """The parts of `Shown` of rows in some step of the plan."""
        step = torch.randint(len(self.told), (rows,), generator=noise, device=noise.device)
        known, angles = self.told[step], self.angles[step]
        left = (~known).sum(1, keepdim=True)
        return known, angles, known.shape[1] / left.clamp(min=1), torch.ones(rows, 1, device=noise.device)

    def _free(self, codes: torch.Tensor, noise: torch.Generator) -> tuple[torch.Tensor, ...]:
        """The parts of `Shown` of rows of which any blocks are known.

        Each block counts alike, as it is unknown the less often the more are known.
        """
        draw = {"generator": noise, "device": noise.device}
        rows, categories, numbers = len(codes), codes.shape[1], len(self.owner)
        blocks = categories + self.form.reals
        rank = torch.rand(rows, blocks, **draw).argsort(1).argsort(1)
        passed = torch.randint(blocks, (rows, 1), **draw)
        known = rank < passed
        angles = draw_angles((rows, numbers), CENTRE, SPREAD, noise)
        alike, moving = (torch.rand(rows, 1, **draw) < share for share in (ALIKE, MOVING))
        angles = torch.where(alike, angles[:, :1].expand_as(angles), angles)
        angles = torch.where(known[:, categories + self.owner], 0.0, torch.where(moving, angles, NOISE))
        counts = blocks / (blocks - passed)
        return known[:, :categories], angles, counts, counts

    def gates(self, codes: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Where each number's gate is known, and where it is open, both (rows, numbers) bool."""
        free = self.gate < 0
        if not codes.shape[1]:
            ones = free.expand(len(codes), -1)
            return ones, ones
        at = self.gate.clamp(min=0)
        return known[:, at] | free, (codes[:, at] == self.code) | free

    def _costs(self, logits: torch.Tensor, codes: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        """-log probability of the codes asked for, summed, (rows,)."""
        total = torch.zeros(len(codes), device=logits.device)
        for i, part in enumerate(logits.split(self.row_net.sizes, dim=1) if self.row_net.sizes else ()):
            cost = part.logsumexp(1) - part.gather(1, codes[:, i : i + 1])[:, 0]
            total = total + cost * asked[:, i]
        return total
