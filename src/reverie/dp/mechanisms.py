"""Noise, and choices by chance: the only ways in which formal privacy lets an answer out.

Noisy counts are whole numbers, so that the digits of a float tell nothing of what was under the noise
(Mironov 2012). Noise never comes from a seed that is kept or told: who knows it could take it off.
"""

import numpy as np


def source() -> np.random.Generator:
    """A generator from the entropy of the system (Philox, a counter under a key); no two are the same."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence()))


def noisy(counts: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Counts with Gaussian noise, whole numbers, of the same shape; they may be below 0."""
    return np.rint(counts + rng.normal(0.0, deviation, np.shape(counts)))


def choose(scores: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    """The position of a high one of `scores` (n,), by the exponential mechanism.

    It is epsilon-private if no row changes a score by more than 1.
    Source: McSherry & Talwar (2007); drawn by Gumbel's noise.
    """
    return int(np.argmax(epsilon / 2 * np.asarray(scores, float) + rng.gumbel(size=len(scores))))
