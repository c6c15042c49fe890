"""A variational autoencoder over mixed variables, and its training.

The encoder reads codes and numbers; the decoder says every variable apart, given the latent: a category and
the bin of a number by logits, the part of a bin by where a bell over the number lies.

Sources: Kingma & Welling 2014 (the bound); Bowman et al. 2016 (its rate weighed in slowly); Tomczak &
Welling 2018 (a prior that is learned).
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reverie.nn.bag import Bag
from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

LEAST, MOST = -7.0, 1.0
"""Bounds of the logarithm of a posterior's scale, where the prior's is about 0."""
SHARPEST = 4.0
"""The largest logarithm of what deviations from a component of the prior are multiplied by."""


class Encoder(nn.Module):
    """Mean and log scale of the latent, both (rows, latents), of codes (rows, variables) and numbers.

    Codes are -1 where absent, of variables of `sizes`; `scores` (rows, numbers) are 0 where absent. More may
    be `told` of the rows, (rows, width).
    """

    starts: torch.Tensor

    def __init__(self, sizes: Sequence[int], numbers: int, latents: int, width: int, depth: int) -> None:
        super().__init__()
        starts = np.cumsum([0, *(size + 1 for size in sizes)])
        self.register_buffer("starts", torch.from_numpy(starts[:-1]), persistent=False)
        self.codes = Bag(int(starts[-1]), width)
        nn.init.normal_(self.codes.weight, std=max(len(sizes), 1) ** -0.5)
        self.numbers = nn.Linear(numbers, width) if numbers else None
        self.layers = nn.ModuleList(_layer(width) for _ in range(depth))
        self.out = nn.Sequential(nn.LayerNorm(width), nn.SiLU(), nn.Linear(width, 2 * latents))

    def forward(
        self, codes: torch.Tensor, scores: torch.Tensor, told: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.codes(codes + 1 + self.starts)
        if self.numbers is not None:
            hidden = hidden + self.numbers(scores)
        if told is not None:
            hidden = hidden + told
        for layer in self.layers:
            hidden = hidden + layer(hidden)
        mean, log_scale = self.out(hidden).chunk(2, dim=1)
        return mean.float(), log_scale.float().clamp(LEAST, MOST)


def _layer(width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(width), nn.SiLU(), nn.Linear(width, width))


class Decoder(nn.Module):
    """What each variable is given the latent (rows, latents).

    `heads` are the sizes of categories and of numbers' bins; `centres` has for each number the places of
    the parts of its bins, (bins, parts), on the number's scale; `bounds` are those of the logarithm of a
    bell's sharpness.
    """

    def __init__(
        self,
        heads: Sequence[int],
        centres: Sequence[np.ndarray],
        latents: int,
        width: int,
        depth: int,
        bounds: tuple[float, float],
    ) -> None:
        super().__init__()
        self.heads, self.bounds = list(heads), bounds
        self.start = nn.Linear(latents, width)
        self.layers = nn.ModuleList(nn.Sequential(nn.ReLU(), nn.Linear(width, width)) for _ in range(depth))
        self.logits = nn.Linear(width, sum(self.heads))
        self.bells = nn.Linear(width, 2 * len(centres)) if centres else None
        for i, places in enumerate(centres):
            held = torch.from_numpy(np.asarray(places, np.float32))
            self.register_buffer(f"centres{i}", held, persistent=False)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """What the heads are given, (rows, width)."""
        hidden = self.start(latent)
        for layer in self.layers:
            hidden = hidden + layer(hidden)
        return functional.relu(hidden)

    def last(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights of the logits, (sum of heads, width + 1), and of the bells, (2 * numbers, width + 1)."""
        layers = (self.logits, self.bells)
        empty = torch.zeros(0, self.start.out_features + 1)
        found = [
            empty if each is None else torch.cat([each.weight, each.bias[:, None]], 1) for each in layers
        ]
        return found[0].detach(), found[1].detach()

    def parts(self, bells: torch.Tensor, number: int, bins: torch.Tensor) -> torch.Tensor:
        """Logits of the parts of the bins (rows,) of a number, (rows, parts)."""
        place, sharpness = bells[:, 2 * number, None], bells[:, 2 * number + 1, None].clamp(*self.bounds)
        centres = getattr(self, f"centres{number}")[bins]
        return -0.5 * ((centres - place) * sharpness.exp()) ** 2

    def costs(
        self, latent: torch.Tensor, codes: torch.Tensor, parts: torch.Tensor, bins: Sequence[int]
    ) -> torch.Tensor:
        """-log probability of each row, (rows,), of its heads' codes and its numbers' parts.

        `codes` (rows, heads) and `parts` (rows, numbers) are -1 where absent; `bins` are the numbers' heads.
        """
        hidden = self(latent)
        told = self.logits(hidden).split(self.heads, dim=1)
        total = torch.zeros(len(latent), device=latent.device)
        for i, logits in enumerate(told):
            total = total + _cost(logits, codes[:, i])
        if self.bells is not None:
            bells = self.bells(hidden)
            for number, at in enumerate(bins):
                inside = self.parts(bells, number, codes[:, at].clamp(min=0))
                total = total + _cost(inside, parts[:, number])
        return total

    @torch.no_grad()
    def start_from(self, frequencies: Sequence[np.ndarray]) -> None:
        """Begin with the frequencies of the codes of each head."""
        logs = [np.log(each / each.sum()) for each in frequencies]
        self.logits.bias.copy_(torch.from_numpy(np.concatenate(logs)))


def _cost(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """-log probability of codes (rows,); 0 where they are negative."""
    return functional.cross_entropy(logits, codes, reduction="none", ignore_index=-1)


class Normals(nn.Module):
    """A mixture of normals as a prior that is learned on: see `models.mixture.Mixture` for its arrays."""

    def __init__(self, weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> None:
        super().__init__()
        inverses = torch.linalg.inv(torch.from_numpy(factors)).float()
        self.logits = nn.Parameter(torch.from_numpy(weights).float().clamp(min=1e-6).log())
        self.means = nn.Parameter(torch.from_numpy(means).float())
        self.below = nn.Parameter(inverses.tril(-1))
        self.log_diagonal = nn.Parameter(inverses.diagonal(dim1=1, dim2=2).log())

    def log_density(self, points: torch.Tensor) -> torch.Tensor:
        """Natural logarithm of the density at each point (rows, d)."""
        inverses, log_diagonal = self._inverses()
        with torch.autocast(points.device.type, enabled=False):  # 16 bits are too few for sharp components
            flat = points @ inverses.flatten(0, 1).T - (inverses @ self.means[:, :, None]).flatten()
        square = flat.view(len(points), *self.means.shape).square().sum(2)
        parts = self.logits.log_softmax(0) + log_diagonal.sum(1) - 0.5 * square
        return parts.logsumexp(1) - 0.5 * points.shape[1] * math.log(2 * math.pi)

    @torch.no_grad()
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, means and factors as they were given, float64."""
        factors = torch.linalg.inv(self._inverses()[0].double()).tril()
        weights = self.logits.double().softmax(0)
        return weights.numpy(), self.means.double().numpy(), factors.numpy()

    def _inverses(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Lower triangular inverses of the factors, (k, d, d), and logarithms of their diagonals, (k, d)."""
        log_diagonal = self.log_diagonal.clamp(max=SHARPEST)
        return self.below.tril(-1) + torch.diag_embed(log_diagonal.exp()), log_diagonal


class Autoencoder(nn.Module):
    """Encoder and decoder together, and the prior of the latents: a standard normal if None."""

    prior: Normals | None

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder, self.decoder, self.prior = encoder, decoder, None

    @property
    def sizes(self) -> list[int]:
        """Dimensions of the latents, width and depth."""
        start = self.decoder.start
        return [start.in_features, start.out_features, len(self.decoder.layers)]


class Bound(Task):
    """Learns `net` by the evidence's lower bound, in which the rate (KL) counts `beta` times.

    That weight rises evenly over the first `anneal` steps. A batch holds `codes` (rows, variables), -1 where
    absent, and `scores` (rows, numbers); `heads` and `parts` say which variables these are, `bins` which
    heads are numbers.
    """

    turns = (Turn("net"),)
    step: torch.Tensor

    def __init__(
        self,
        net: Autoencoder,
        heads: Sequence[int],
        parts: Sequence[int],
        bins: Sequence[int],
        *,
        beta: float,
        anneal: int,
    ) -> None:
        super().__init__()
        self.net, self.heads, self.parts, self.bins = net, list(heads), list(parts), list(bins)
        self.beta, self.anneal = beta, anneal
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def begin(self, turn: str, noise: torch.Generator) -> None:  # noqa: ARG002
        self.step += 1

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        return self._bound(batch, noise, self.beta * min(1.0, float(self.step) / self.anneal))

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        return self._bound(batch, noise, self.beta)

    def _bound(self, batch: Batch, noise: torch.Generator, beta: float) -> torch.Tensor:
        codes = batch["codes"].long()
        mean, log_scale = self.net.encoder(codes, batch["scores"])
        draw = torch.randn(mean.shape, generator=noise, device=mean.device)
        latent = mean + draw * log_scale.exp()
        return self.row_costs(codes, latent) + beta * self.rates(mean, log_scale, draw, latent)

    def row_costs(self, codes: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """-log probability of rows of `codes` (rows, variables) given latents, (rows,)."""
        return self.net.decoder.costs(latent, codes[:, self.heads], codes[:, self.parts], self.bins)

    def rates(
        self, mean: torch.Tensor, log_scale: torch.Tensor, draw: torch.Tensor, latent: torch.Tensor
    ) -> torch.Tensor:
        """Nats that the latents, by normals of which they are the `draw`, tell of each row, (rows,)."""
        if self.net.prior is None:
            return rate(mean, log_scale).sum(1)
        told = -(0.5 * draw.square() + log_scale).sum(1) - 0.5 * mean.shape[1] * math.log(2 * math.pi)
        return told - self.net.prior.log_density(latent)


def rate(mean: torch.Tensor, log_scale: torch.Tensor) -> torch.Tensor:
    """Nats that each latent tells of each row: KL of the posterior from a standard normal, as they come."""
    return 0.5 * (mean**2 + (2 * log_scale).exp() - 1) - log_scale
