"""Several drafts of a row's codes, of which one is chosen by a network that tells real rows from finished.

A generator's codes are drawn each on its own, given its noise: what must agree between columns may not. Of
several drafts from one run of the generator, one is kept with a chance in proportion to the ratio of
densities, real to generated, that a discriminator has learned: importance resampling within a row.

Sources: Rubin 1988 (sampling importance resampling); Azadi et al. 2019, Turner et al. 2019 (choosing a
GAN's samples by a discriminator).
"""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.gan import Form
from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

LEAST, MOST = 1e-12, 1 - 1e-6
"""Draws are within these parts of the whole, so that a code with next to no chance is never drawn."""
SURE = 8.0
"""The largest logit, either way, that counts: one draft is at most so much likelier than another."""


class Chooser(nn.Module):
    """The log ratio of densities of rows, real to generated, from codes and from waves of numbers."""

    offsets: torch.Tensor
    opening: torch.Tensor
    owner: torch.Tensor

    def __init__(self, form: Form, waves: int, width: int, depth: int) -> None:
        super().__init__()
        self.waves = waves
        self.codes = nn.EmbeddingBag(form.codes, width, mode="sum") if form.codes else None
        self.numbers = nn.Linear(form.numbers * (1 + waves), width) if form.numbers else None
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, 1)
        if self.codes is not None:
            nn.init.normal_(self.codes.weight, std=len(form.sizes) ** -0.5)
        nn.init.zeros_(self.out.weight)
        starts = torch.tensor([0, *form.sizes]).cumsum(0)[:-1]
        self.register_buffer("offsets", starts, persistent=False)
        self.register_buffer("opening", torch.from_numpy(form.opening), persistent=False)
        self.register_buffer("owner", torch.from_numpy(form.gate_of).clamp(min=0), persistent=False)

    def forward(self, codes: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """(rows, drafts) of codes (rows, drafts, categories) and numbers (rows, numbers) of them all."""
        rows, drafts, _ = codes.shape
        whole, hidden = codes + self.offsets, torch.zeros((), device=codes.device)
        if self.numbers is not None:
            rates = math.pi * torch.arange(1, self.waves + 1, device=codes.device)
            waves = torch.cos(torch.special.ndtr(numbers)[..., None] * rates)
            seen = torch.cat([numbers[..., None], waves], dim=-1)
            hidden = self.numbers((seen[:, None] * self._opened(whole)).flatten(0, 1).flatten(1))
        if self.codes is not None:
            hidden = hidden + self.codes(whole.flatten(0, 1))
        hidden = functional.silu(hidden)
        for layer in self.layers:
            hidden = hidden + functional.silu(layer(hidden))
        return self.out(hidden).reshape(rows, drafts)

    def _opened(self, whole: torch.Tensor) -> torch.Tensor:
        """1 for numbers that a draft has, (rows, drafts, numbers, 1)."""
        if self.codes is None:
            return torch.ones(*whole.shape[:2], len(self.opening), 1, device=whole.device)
        return ((whole[:, :, self.owner] == self.opening) | (self.opening < 0)).float()[..., None]


class Discrimination(Task):
    """`net`, a Chooser, learns which rows are real. A batch holds `codes` (rows, categories), `numbers`
    (rows, numbers), NaN where absent, and `real` (rows,), 1 or 0.
    """

    turns = (Turn("net"),)

    def __init__(self, net: Chooser) -> None:
        super().__init__()
        self.net = net

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        looks = self.net(batch["codes"].long()[:, None], batch["numbers"].nan_to_num(0.0))[:, 0]
        return functional.softplus(torch.where(batch["real"] > 0, -looks, looks))

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """By how much each row costs more than a coin's guess, (rows,): less than 0 is learned."""
        return super().held_out(batch, noise) - math.log(2)


def draw(logits: torch.Tensor, sizes: Sequence[int], drafts: int, noise: torch.Generator) -> torch.Tensor:
    """So many independent draws of each row's codes, (rows, drafts, categories), by logits (rows, codes)."""
    rows, found = len(logits), []
    for part in logits.split(list(sizes), dim=1) if sizes else ():
        sums = part.softmax(1).cumsum(1)
        points = torch.rand(rows, drafts, generator=noise, device=logits.device).clamp_(LEAST, MOST)
        found.append(torch.searchsorted(sums, points * sums[:, -1:], right=True))
    return torch.stack(found, dim=2) if found else logits.new_zeros(rows, drafts, 0).long()
