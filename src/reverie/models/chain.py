"""Complete partly known rows of a latent space by a Markov chain that leaves their conditional distribution.

A row's latent is proposed where its encoder sees the row as it stands, and taken by the rule of Metropolis;
then what is not known is drawn anew given the latent. A population drawn from the prior seldom has a latent
that many known cells agree with; the encoder has.

Source: Mattei & Frellsen 2018, section 3.3 (Metropolis within Gibbs).
"""

from typing import Protocol

import numpy as np

from reverie.models.particles import BlockEvidence, known_rows, spread
from reverie.schema.blocks import Blocks, Evidence, Real, RealEvidence, Spec

STEPS = 8
"""Steps of the chain of each row."""


class Space(Protocol):
    """What the chain needs of a latent space; `models.latent.LatentSpace` documents each."""

    specs: tuple[Spec, ...]
    chunk: int

    def encode(self, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]: ...
    def log_joint(self, blocks: Blocks, latent: np.ndarray) -> np.ndarray: ...
    def decode(
        self, latent: np.ndarray, rng: np.random.Generator, given: Evidence | None = None
    ) -> Blocks: ...


def can_settle(specs: tuple[Spec, ...], given: Evidence) -> bool:
    """Whether rows have known cells, and blocks may be drawn apart given the latent: not where a bounded
    number says which kind it is likely to be.
    """
    gated = {spec.name for spec in specs if isinstance(spec, Real) and spec.gate is not None}
    tied = [
        name
        for name, evidence in given.items()
        if name in gated and isinstance(evidence, RealEvidence) and evidence.bounded
    ]
    return not tied and any(known_rows(evidence) is not None for evidence in given.values())


def settle(space: Space, blocks: Blocks, given: Evidence, rng: np.random.Generator) -> Blocks:
    """The rows, each after `STEPS` steps of its chain; what is known of them stays as it is."""
    arrays = {name: array.copy() for name, array in blocks.arrays.items()}
    for start in range(0, blocks.rows, space.chunk):
        rows = np.arange(start, min(start + space.chunk, blocks.rows))
        found = _walk(space, blocks.take(rows), spread(given, rows), rng)
        for name, array in arrays.items():
            array[rows] = found[name]
    return Blocks(blocks.specs, arrays, blocks.rows)


def _walk(
    space: Space, blocks: Blocks, given: "dict[str, BlockEvidence]", rng: np.random.Generator
) -> Blocks:
    mean, scale = space.encode(blocks)
    latent = mean + scale * rng.standard_normal(mean.shape)
    for _ in range(STEPS):
        proposal = mean + scale * rng.standard_normal(mean.shape)
        gain = _worth(space, blocks, proposal, mean, scale) - _worth(space, blocks, latent, mean, scale)
        # Where both are impossible the difference is no number, and the latent stays.
        taken = -rng.exponential(size=len(gain)) < gain
        latent = np.where(taken[:, None], proposal, latent)
        blocks = space.decode(latent, rng, given)
        mean, scale = space.encode(blocks)
    return blocks


def _worth(
    space: Space, blocks: Blocks, latent: np.ndarray, mean: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Log of a latent's importance: the joint density over that of the proposal, up to a constant."""
    proposed = -0.5 * np.square((latent - mean) / scale).sum(1) - np.log(scale).sum(1)
    with np.errstate(invalid="ignore"):
        return space.log_joint(blocks, latent) - proposed
