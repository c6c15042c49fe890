"""Random numbers that are the same for every row and spread evenly over each row's repetitions."""

import numpy as np
from scipy.special import ndtri


class Strata:
    """Stands in for a Generator where each row is repeated `group` times, one after another.

    In each call a row's numbers fall one into each of `group` equal parts of the distribution, in random
    order: an average over them is unbiased and varies less than over independent draws. All rows get the same
    numbers, so what is estimated of a row does not depend on its neighbours.

    Source: McKay, Beckman & Conover 1979 (Latin hypercube sampling).

    >>> sorted((4 * Strata(np.random.default_rng(0), 4).random(4)).astype(int).tolist())
    [0, 1, 2, 3]
    """

    def __init__(self, rng: np.random.Generator, group: int) -> None:
        self._rng, self._group = rng, group

    def random(self, n: int) -> np.ndarray:
        """Uniform numbers, (n,); n is a multiple of the group."""
        parts = (self._rng.permutation(self._group) + self._rng.random(self._group)) / self._group
        return np.tile(parts, n // self._group)

    def standard_normal(self, n: int) -> np.ndarray:
        """Standard normal numbers, (n,); n is a multiple of the group."""
        return ndtri(np.maximum(self.random(n), np.finfo(float).tiny))


Source = np.random.Generator | Strata
"""Whatever draws uniform and normal numbers."""
