"""A latent space of rows: what an autoencoder and a prior make of blocks, and what can be done in it.

Sources: Kingma & Welling 2014; Burda et al. 2016 (the density of a row); White 2016 (arcs, not lines).
"""

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtri

from reverie.core.errors import ConfigError
from reverie.models import neural
from reverie.models.base import State
from reverie.models.chain import can_settle, settle
from reverie.models.drawing import draw_codes, draw_numbers, log_sum
from reverie.models.heads import Heads, scores
from reverie.models.mixture import Mixture
from reverie.models.particles import BlockEvidence, Particles, known_share, shut, spread, stack
from reverie.models.sequential import Sequential
from reverie.models.variables import Variables
from reverie.models.variations import check_way
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Real, RealEvidence, Spec

if TYPE_CHECKING:
    import torch

    from reverie.nn.vae import Autoencoder

NEAR, ANYWHERE = 512, 128
"""Latents drawn for a row's density: around its own, and from the prior, whatever the row is."""
IMPORTANCE = NEAR + ANYWHERE


@dataclass
class Partial:
    """Partial rows: `hidden` (rows, width) is what their latents (rows, latents) tell the heads; `present`
    says where numbers are there.
    """

    latent: np.ndarray
    hidden: np.ndarray
    present: dict[str, np.ndarray]


class LatentSpace(Sequential):
    """A trained autoencoder `net` over `variables`, and the `prior` of its latents.

    Given its latent, all blocks of a row are independent.
    """

    family = "vae"
    chunk = 1 << 14

    def __init__(
        self,
        specs: tuple[Spec, ...],
        variables: Variables,
        net: "Autoencoder",
        prior: Mixture,
        order: tuple[str, ...] | None = None,
    ) -> None:
        self.specs, self.variables, self.net, self.prior = specs, variables, net, prior
        self.order = variables.order if order is None else order
        self._by_name = {spec.name: spec for spec in specs}
        self._gated = {
            name: [spec for spec in specs if isinstance(spec, Real) and spec.gate and spec.gate.block == name]
            for name in self._by_name
        }
        self.heads = Heads(variables, *map(np.asarray, net.decoder.last()))

    # ---- one block after the other

    def begin(self, rows: int, rng: np.random.Generator) -> Partial:
        return self._at(self.prior.sample(rows, rng))

    def take(self, partial: Partial, rows: np.ndarray) -> Partial:
        present = {name: there[rows] for name, there in partial.present.items()}
        return Partial(partial.latent[rows], partial.hidden[rows], present)

    def put(self, partial: Partial, name: str, values: np.ndarray) -> None:
        for spec in self._gated[name]:
            assert spec.gate is not None
            partial.present[spec.name] = values == spec.gate.code

    def draw(
        self, partial: Partial, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        spec, rows = self._by_name[name], len(partial.hidden)
        if isinstance(spec, Category):
            assert not isinstance(evidence, RealEvidence)
            return draw_codes(self.heads.told(partial.hidden, name), spec, rng, evidence)
        assert not isinstance(evidence, CategoryEvidence)
        at = np.flatnonzero(partial.present[name]) if name in partial.present else np.arange(rows)
        return draw_numbers(
            lambda some: self.heads.histograms(partial.hidden[some], name), rows, at, rng, evidence
        )

    def score(self, partial: Partial, name: str, values: np.ndarray) -> np.ndarray:
        if isinstance(self._by_name[name], Category):
            logits = self.heads.told(partial.hidden, name)
            return logits[np.arange(len(values)), values] - log_sum(logits)
        numbers = values.reshape(-1).astype(float)
        rows = np.flatnonzero(~np.isnan(numbers))
        out = np.zeros(len(numbers))
        out[rows] = self.heads.histograms(partial.hidden[rows], name).log_density(numbers[rows])
        return out

    def arranged(self, given: Evidence) -> Self:
        """The same model, drawing first what is known in the most rows: any order is right."""
        share = {name: known_share(evidence) for name, evidence in given.items()}
        ranked = sorted(self.variables.order, key=lambda name: -share.get(name, 0.0))
        gates = {spec.name: spec.gate.block for spec in self.specs if isinstance(spec, Real) and spec.gate}
        made = copy(self)
        made.order = tuple(dict.fromkeys(place for name in ranked for place in (gates.get(name, name), name)))
        return made

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, from the distribution conditional on it.

        Raises ConditionError if the evidence cannot be met.
        """
        drawn = super().sample(n, rng=rng, given=given)
        return settle(self, drawn, given, rng) if given and can_settle(self.specs, given) else drawn

    # ---- the latent space

    def encode(self, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of where each row lies, both (rows, latents)."""
        import torch

        found = []
        for start in range(0, max(blocks.rows, 1), self.chunk):
            some = blocks.take(np.arange(start, min(start + self.chunk, blocks.rows)))
            codes = torch.from_numpy(self.variables.codes(some)).long()
            shown = torch.from_numpy(scores(self.variables, some.arrays, some.rows))
            with torch.inference_mode():
                found.append(
                    torch.stack(self.net.encoder(codes, shown, self._told(some))).numpy().astype(float)
                )
        mean, log_scale = np.concatenate(found, axis=1)
        return mean, np.exp(log_scale)

    def decode(self, latent: np.ndarray, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """A row at each point (rows, latents); what is `given` of it is obeyed."""
        parts = []
        for start in range(0, max(len(latent), 1), self.chunk):
            rows = np.arange(start, min(start + self.chunk, len(latent)))
            known, zero = spread(given or {}, rows), np.zeros(len(rows))
            particles = Particles(self, self._at(latent[rows]), zero, zero, rows)
            for name in self.order:
                particles.put(name, particles.draw(name, rng, known.get(name))[0])
            parts.append(particles.values)
        arrays = stack(parts)
        return Blocks(self.specs, {spec.name: arrays[spec.name] for spec in self.specs}, len(latent))

    def reconstruct(self, blocks: Blocks, rng: np.random.Generator) -> Blocks:
        """Each row as the decoder knows it."""
        return self.decode(self.encode(blocks)[0], rng)

    def vary(self, blocks: Blocks, strength: float, rng: np.random.Generator) -> Blocks:
        """Variations of each row: of strength 0 it is the row as the decoder knows it, of 1 any row.

        In between the latents move so that rows of the model stay rows of the model: were they drawn from
        it, so are their variations.
        """
        if not 0 <= strength <= 1:
            raise ConfigError("is not between 0 and 1", where="strength", fix="Give a number from 0 to 1")
        latent = self.encode(blocks)[0]
        return self.decode(self.move(latent, strength, rng) if strength else latent, rng)

    def move(self, latent: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Points near those given (rows, latents), at strength 1 anywhere; the prior stays as it is."""
        normal = self.prior.to_normal(latent)
        mixed = np.sqrt(1 - strength**2) * normal + strength * rng.standard_normal(normal.shape)
        return self.prior.from_normal(mixed)

    def interpolate(self, a: Blocks, b: Blocks, steps: int, rng: np.random.Generator) -> Blocks:
        """`steps` rows on the way from each row of `a` to that of `b`, both ends among them, pair by pair.

        The way is the great circle where latents are standard normal, along which rows stay usual.
        """
        return self.decode(self.way(a, b, steps), rng)

    def way(self, a: Blocks, b: Blocks, steps: int) -> np.ndarray:
        """The points of `interpolate`, (rows * steps, latents)."""
        check_way(a, b, steps)
        start, end = (self.prior.to_normal(self.encode(each)[0]) for each in (a, b))
        points = np.stack([_arc(start, end, share) for share in np.linspace(0, 1, steps)], axis=1)
        return self.prior.from_normal(points.reshape(-1, start.shape[1]))

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,), by importance sampling with a fixed seed.

        Most latents are drawn around the row's own, and some from the prior, for what a row may be besides.

        Sources: Burda et al. 2016, equation 8; Veach & Guibas 1995 (the balance heuristic). On average it is
        too low by little.
        """
        mean, scale = self.encode(blocks)
        near = _even_normals(NEAR, mean.shape[1])
        far = self.prior.from_normal(_even_normals(ANYWHERE, mean.shape[1]))
        total, step = np.empty(blocks.rows), max(self.chunk // IMPORTANCE, 1)
        for start in range(0, blocks.rows, step):
            rows = np.arange(start, min(start + step, blocks.rows))
            spread_out = np.broadcast_to(far, (len(rows), *far.shape))
            latent = np.concatenate([mean[rows, None] + near * scale[rows, None], spread_out], axis=1)
            flat = latent.reshape(-1, mean.shape[1])
            found = self.log_joint(blocks.take(np.repeat(rows, IMPORTANCE)), flat)
            away = (latent - mean[rows, None]) / scale[rows, None]
            told = -0.5 * np.square(away).sum(2) - np.log(scale[rows]).sum(1)[:, None]
            told += np.log(NEAR / IMPORTANCE) - 0.5 * mean.shape[1] * np.log(2 * np.pi)
            free = self.prior.log_density(flat).reshape(told.shape) + np.log(ANYWHERE / IMPORTANCE)
            total[rows] = log_sum(found.reshape(told.shape) - np.logaddexp(told, free)) - np.log(IMPORTANCE)
        return total

    def log_joint(self, blocks: Blocks, latent: np.ndarray) -> np.ndarray:
        """Log density of each row and its latent (rows, latents) together, (rows,)."""
        partial, total = self._at(latent), self.prior.log_density(latent)
        for name in self.order:
            score = self.score(partial, name, blocks[name])
            closed = shut(self.specs, name, blocks.arrays)
            total += score if closed is None else np.where(closed, 0.0, score)
        return total

    def state(self) -> State:
        knots = {}
        for i, scale in enumerate(self.variables.scales.values()):
            knots |= {f"knots.{i}": scale.knots, f"tails.{i}": scale.tails}
        json = {"parts": [scale.fine for scale in self.variables.scales.values()], "sizes": self.net.sizes}
        prior = {f"prior.{name}": array for name, array in self.prior.arrays().items()}
        return State(json, neural.arrays_of(self.net) | knots | prior)

    def _told(self, blocks: Blocks) -> "torch.Tensor | None":  # noqa: ARG002
        """What else the encoder is told of rows, (rows, width)."""
        return None

    def _at(self, latent: np.ndarray) -> Partial:
        import torch

        with torch.inference_mode():
            hidden = self.net.decoder(torch.from_numpy(latent.astype(np.float32)))
        return Partial(latent, hidden.numpy(), {})


def _arc(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    """Points (rows, d) a share of the way along the arcs from `start` to `end` (rows, d)."""
    long, far = (np.linalg.norm(each, axis=1, keepdims=True) + 1e-12 for each in (start, end))
    one, other = start / long, end / far
    angle = np.arccos(np.clip((one * other).sum(1, keepdims=True), -1, 1))
    bent = np.sin(angle) > 1e-6
    whole = np.where(bent, np.sin(angle), 1.0)
    first, second = (np.where(bent, np.sin(part * angle) / whole, part) for part in (1 - share, share))
    direction = first * one + second * other
    return direction * ((1 - share) * long + share * far)


def _even_normals(count: int, dimensions: int) -> np.ndarray:
    """Standard normals (count, dimensions) that lie evenly, of mean 0 and variance 1.

    They are the same for all rows, so what chance they have would shift all densities alike.

    Source: Owen 1998 (scrambled nets).
    """
    from scipy.stats import qmc  # slow to import

    even = ndtri(qmc.Sobol(dimensions, rng=0).random(count))
    return (even - even.mean(0)) / even.std(0)
