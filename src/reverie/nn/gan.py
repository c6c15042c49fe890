"""An adversarial pair over mixed rows: a generator of codes and numbers, and a critic that compares rows.

A row is one-hot codes, and numbers that are 0 where absent. Codes are drawn with Gumbel noise and passed on
as they are, with the gradient of their probabilities, so that a critic cannot tell rows by softness. It sees
a number as waves over its quantiles besides, so that spikes and gaps show.

The loss compares a real row with a generated one. In place of CTGAN's packs of rows this keeps the generator
from leaving out kinds of rows: where it does, those real rows win every comparison.

Sources: Huang et al. 2024 (R3GAN: relativistic pairs, R1 and R2 penalties); Jang et al. 2017
(straight-through Gumbel); Karras et al. 2020 (lazy penalties); Gneiting & Raftery 2007 (the energy score).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

SLOPE = 0.2
MOST = 6.0
"""Largest number, in standard deviations, that is generated."""
LEAST_SHARE = 1e-4
"""Share that a code begins with at least."""
BETAS = (0.0, 0.99)
CROSSED = 1 / 3
FORGET = 1e-4
"""By how much a held-out score counts less with every step, so that a late one is preferred."""


@dataclass(frozen=True)
class Form:
    """What a row consists of: categories of `sizes` codes each, and numbers.

    `gates` (codes, numbers) is 1 where a one-hot code opens a number; `always` (numbers,) is 1 for a number
    without a gate; `places` (codes, numbers) is where on a number's scale a code lies, NaN for nowhere.
    """

    sizes: tuple[int, ...]
    gates: np.ndarray
    always: np.ndarray
    places: np.ndarray

    @property
    def codes(self) -> int:
        """How many one-hot columns there are."""
        return sum(self.sizes)

    @property
    def numbers(self) -> int:
        """How many numbers there are."""
        return len(self.always)

    @property
    def gate_of(self) -> np.ndarray:
        """The category that opens each number, (numbers,) of its index, -1 for none."""
        owner = np.repeat(np.arange(len(self.sizes)), self.sizes)
        found = self.gates.argmax(axis=0) if self.codes else np.zeros(self.numbers, int)
        return np.where(self.always > 0, -1, owner[found] if self.codes else -1)

    @property
    def opening(self) -> np.ndarray:
        """The code, counted through all categories, that opens each number, (numbers,); -1 for none."""
        found = self.gates.argmax(axis=0) if self.codes else np.zeros(self.numbers, int)
        return np.where(self.always > 0, -1, found)


class Features(nn.Module):
    """What a critic sees of a row: one-hot codes, numbers, and waves cos(pi k Phi(number)), k to `waves`.

    A code that stands for a value on a number's scale (a spike) counts as that value.
    """

    gates: torch.Tensor
    always: torch.Tensor
    places: torch.Tensor
    placed: torch.Tensor

    def __init__(self, form: Form, waves: int) -> None:
        super().__init__()
        self.sizes, self.waves = form.sizes, waves
        self.width = form.codes + form.numbers * (1 + waves)
        placed = ~np.isnan(form.places)
        arrays = (form.gates, form.always, np.where(placed, form.places, 0.0), placed)
        for name, array in zip(("gates", "always", "places", "placed"), arrays, strict=True):
            self.register_buffer(name, torch.from_numpy(np.asarray(array, np.float32)), persistent=False)

    def forward(self, codes: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """(rows, width) of one-hot codes (rows, codes) and numbers (rows, numbers)."""
        if not numbers.shape[1]:
            return codes
        opened = codes @ self.gates + self.always
        there = (opened + codes @ self.placed)[..., None]
        values = numbers * opened + codes @ self.places
        rates = math.pi * torch.arange(1, self.waves + 1, device=codes.device)
        waves = torch.cos(torch.special.ndtr(values)[..., None] * rates) * there
        return torch.cat([codes, values, waves.flatten(1)], dim=1)

    def of(self, batch: Batch) -> torch.Tensor:
        """Those of rows with `codes` (rows, categories) and `numbers` (rows, numbers), NaN where absent."""
        codes, numbers = batch["codes"].long(), batch["numbers"].nan_to_num(0.0)
        ones = [one_hot(codes[:, i], k) for i, k in enumerate(self.sizes)]
        return self(torch.cat([*ones, numbers[:, :0]], dim=1), numbers)


class Generator(nn.Module):
    """Logits of codes, and numbers, from noise (rows, latent)."""

    def __init__(self, form: Form, latent: int, width: int, depth: int) -> None:
        super().__init__()
        self.form, self.latent = form, latent
        self.first = nn.Linear(latent, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, form.codes + form.numbers)

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (rows, codes) and numbers (rows, numbers)."""
        hidden = self.first(latents)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            hidden = hidden + layer(functional.silu(norm(hidden)))
        out = self.out(functional.silu(hidden))
        logits, numbers = out.split([self.form.codes, self.form.numbers], dim=1)
        return logits, numbers.clamp(-MOST, MOST)

    def generate(self, rows: int, noise: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and numbers of that many rows, from fresh noise."""
        return self(torch.randn(rows, self.latent, generator=noise, device=self.out.weight.device))

    @torch.no_grad()
    def start_from(self, shares: Sequence[np.ndarray]) -> None:
        """Begin with these frequencies of each category's codes."""
        if shares:
            base = np.log(np.maximum(np.concatenate(shares), LEAST_SHARE))
            self.out.bias[: len(base)] = torch.from_numpy(base)


class Critic(nn.Module):
    """How real rows look, (rows,), by their features (rows, features); only differences mean anything."""

    def __init__(self, features: int, width: int, depth: int) -> None:
        super().__init__()
        sizes = [features, *[width] * depth]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.out = nn.Linear(width, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = functional.leaky_relu(self.layers[0](features), SLOPE)
        for layer in self.layers[1:]:
            hidden = hidden + functional.leaky_relu(layer(hidden), SLOPE)
        return self.out(hidden)[:, 0]


class Rivals(Task):
    """A `net` against a `critic`, which pays for steep slopes in every `lazy`-th step or so; `learned` counts
    the steps of the net.
    """

    turns = (Turn("critic", betas=BETAS), Turn("net", betas=BETAS))
    learned: torch.Tensor

    def __init__(self, net: nn.Module, critic: nn.Module, lazy: int) -> None:
        super().__init__()
        self.net, self.critic, self.lazy, self.steep = net, critic, lazy, False
        self.register_buffer("learned", torch.zeros(()))

    def begin(self, turn: str, noise: torch.Generator) -> None:
        self.critic.requires_grad_(turn == "critic")
        if turn == "critic":
            self.steep = int(torch.randint(self.lazy, (1,), generator=noise, device=noise.device)) == 0
        else:
            self.learned += 1


class Adversaries(Rivals):
    """`net`, a Generator, against `critic`. A batch holds `codes` (rows, categories) and `numbers` (rows,
    numbers), NaN where absent.

    Every `lazy`-th step or so the critic pays `penalty` times half the squared slopes at real and at
    generated rows, and that as often over. `heat` is of the softmax that codes have the gradient of.
    """

    turns = (Turn("critic", times=2, betas=BETAS), Turn("net", betas=BETAS))
    net: Generator
    critic: Critic

    def __init__(
        self, form: Form, net: Generator, features: Features, critic: Critic, *,
        penalty: float, lazy: int, heat: float, blur: float,
    ) -> None:  # fmt: skip
        super().__init__(net, critic, lazy)
        self.form, self.features = form, features
        self.penalty, self.heat, self.blur = penalty, heat, blur

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        real = self.real(blurred(batch, self.blur, noise))
        if turn == "critic":
            with torch.no_grad():
                fake = self.fake(len(real), noise)
            return self._doubt(real, fake, self.penalty * self.lazy if self.steep else 0.0)
        with torch.no_grad():
            wanted = self.critic(real)
        return functional.softplus(wanted - self.critic(self.fake(len(real), noise)))

    def _doubt(self, real: torch.Tensor, fake: torch.Tensor, penalty: float) -> torch.Tensor:
        """What the critic pays for each pair."""
        rows = torch.cat([real, fake])
        if not penalty:
            first, second = self.critic(rows).chunk(2)
            return functional.softplus(second - first)
        looks, slopes_of, *_ = torch.func.vjp(self.critic, rows)
        first, second = looks.chunk(2)
        losses = functional.softplus(second - first)
        (slopes,) = slopes_of(torch.ones_like(looks))
        first, second = slopes.square().sum(1).chunk(2)
        return losses + 0.5 * penalty * (first + second)

    def real(self, batch: Batch) -> torch.Tensor:
        """Features of rows."""
        return self.features.of(batch)

    def fake(self, rows: int, noise: torch.Generator) -> torch.Tensor:
        """Features of generated rows."""
        logits, numbers = self.net.generate(rows, noise)
        return self.features(hard(logits, self.form.sizes, self.heat, noise), numbers)

    @torch.no_grad()
    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """The energy score E|fake - row| - E|fake - fake'| / 2, (rows,), least for the true distribution.

        It shows a generator that went astray, but late in training differs by less than its own noise, so a
        later one counts for less: the last is kept unless it is far worse than one before.
        """
        real = self.real(batch)
        fake, other = (self.fake(max(len(real), 2), noise) for _ in range(2))
        scores = torch.cdist(real, fake).mean(1) - 0.5 * torch.cdist(fake, other).mean()
        return scores * torch.exp(-FORGET * self.learned)


class Guarded(Adversaries):
    """The same pair, of which the critic alone looks at rows: the generator is told by it how real its own
    rows look, and not how real others do. Source: Xie et al. 2018 (DPGAN).
    """

    turns = (Turn("critic", betas=BETAS), Turn("net", betas=BETAS, blind=True))

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        if turn == "critic":
            return super().losses(turn, batch, noise)
        return functional.softplus(-self.critic(self.fake(len(batch["codes"]), noise)))


class Expertise(Task):
    """What a critic learns after the contest, in which it was told apart from one opponent only: to tell rows
    from generated ones and from crossed ones, of which some columns are another row's: here rows meet.
    """

    turns = (Turn("critic"),)

    def __init__(self, pair: Adversaries) -> None:
        super().__init__()
        self.pair, self.critic = pair, pair.critic
        self.critic.requires_grad_(True)

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        with torch.no_grad():
            real = self.pair.real(batch)
            others = self.pair.fake(len(real), noise), self.pair.real(self._crossed(batch, noise))
        looks = self.critic(torch.cat([real, *others])).reshape(3, -1)
        return functional.softplus(-looks[0]) + 0.5 * functional.softplus(looks[1:]).sum(0)

    def _crossed(self, batch: Batch, noise: torch.Generator) -> Batch:
        """Rows in which each column, numbers with their gates, is another row's by one chance in three."""
        codes, numbers = batch["codes"], batch["numbers"]
        rows, form = len(codes), self.pair.form
        device = {"generator": noise, "device": codes.device}
        other = torch.randperm(rows, **device)
        swap = torch.rand(rows, len(form.sizes), **device) < CROSSED
        free = torch.rand(rows, form.numbers, **device) < CROSSED
        gates = torch.from_numpy(form.gate_of).to(codes.device)
        moved = torch.where(gates < 0, free, swap[:, gates.clamp(min=0)] if swap.shape[1] else free)
        return {
            "codes": torch.where(swap, codes[other], codes),
            "numbers": torch.where(moved, numbers[other], numbers),
        }


def one_hot(codes: torch.Tensor, size: int) -> torch.Tensor:
    """Codes (rows,) as (rows, size) of 0 and 1; torch's own looks at values, which `vmap` does not allow."""
    return (codes[:, None] == torch.arange(size, device=codes.device)).float()


def blurred(batch: Batch, blur: float, noise: torch.Generator) -> Batch:
    """A batch whose numbers have `blur` standard deviations of noise."""
    numbers = batch["numbers"]
    if not blur:
        return batch
    shape = {"generator": noise, "device": numbers.device, "dtype": numbers.dtype}
    return dict(batch) | {"numbers": numbers + blur * torch.randn(numbers.shape, **shape)}


def gumbel(logits: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    """Noise by which the largest of logits is a draw by them."""
    uniform = torch.rand(logits.shape, generator=noise, device=logits.device)
    return -(-uniform.clamp(1e-20, 1 - 1e-7).log()).log()


def hard(logits: torch.Tensor, sizes: Sequence[int], heat: float, noise: torch.Generator) -> torch.Tensor:
    """One-hot codes (rows, codes) drawn by the logits; their gradient is that of a softmax of that heat."""
    if not sizes:
        return logits
    parts = []
    for part in ((logits + gumbel(logits, noise)) / heat).split(list(sizes), dim=1):
        soft = part.softmax(1)
        sharp = one_hot(part.argmax(1), part.shape[1])
        parts.append(sharp + (soft - soft.detach()))
    return torch.cat(parts, dim=1)


def build(
    form: Form, *, latent: int, width: int, depth: int, waves: int, penalty: float = 0.0, lazy: int = 1,
    heat: float = 1.0, blur: float = 0.0, guarded: bool = False,
) -> Adversaries:  # fmt: skip
    """A fresh pair of networks of that size; `guarded` where only the critic may look at rows."""
    features = Features(form, waves)
    net, critic = Generator(form, latent, width, depth), Critic(features.width, width, depth)
    kind = Guarded if guarded else Adversaries
    return kind(form, net, features, critic, penalty=penalty, lazy=lazy, heat=heat, blur=blur)
