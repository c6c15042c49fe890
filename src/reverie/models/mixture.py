"""A mixture of normals, and the smooth map that makes one standard normal of it.

Sources: Dempster, Laird & Rubin 1977 (how it is learned); Rosenblatt 1952 (the map: each coordinate through
its distribution given those before it, so that the map is exact and can be undone).
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import log_ndtr, ndtri_exp
from threadpoolctl import threadpool_limits

LEAST_POINTS = 40
"""Points a component must have on average."""
RIDGE = 1e-4
"""Added to variances, so that no component shrinks to a point."""
REACH, HALVINGS = 12.0, 34
"""How far from its mean a coordinate is sought, in deviations of the widest component, and how closely."""


@dataclass(frozen=True)
class Mixture:
    """`weights` (k,), `means` (k, d) and lower triangular `factors` (k, d, d) of covariances."""

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray

    @classmethod
    def standard(cls, d: int) -> Self:
        """A standard normal of `d` dimensions."""
        return cls(np.ones(1), np.zeros((1, d)), np.eye(d)[None])

    @classmethod
    def fit(cls, points: np.ndarray, most: int, rng: np.random.Generator, threads: int = 1) -> Self:
        """Learn at most `most` components from `points` (rows, d)."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        if len(points) < 2 * LEAST_POINTS:
            mean = points.mean(axis=0, keepdims=True)
            spread = (points - mean).T @ (points - mean) / len(points)
            factor = np.linalg.cholesky(spread + np.eye(points.shape[1]) * RIDGE)
            return cls(np.ones(1), mean, factor[None])
        learner = GaussianMixture(
            int(np.clip(len(points) // LEAST_POINTS, 1, most)), reg_covar=RIDGE, max_iter=60,
            random_state=int(rng.integers(2**31)),
        )  # fmt: skip
        with warnings.catch_warnings(), threadpool_limits(threads):
            warnings.simplefilter("ignore", ConvergenceWarning)  # closer would cost more than it brings
            learner.fit(points)
        weights, means = np.asarray(learner.weights_), np.asarray(learner.means_)
        return cls(weights, means, np.linalg.cholesky(np.asarray(learner.covariances_)))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Points (n, d)."""
        chosen = np.searchsorted(np.cumsum(self.weights)[:-1], rng.random(n), side="right")
        noise = rng.standard_normal((n, self.means.shape[1]))
        out = np.empty_like(noise)
        for each in range(len(self.weights)):
            own = chosen == each
            out[own] = self.means[each] + noise[own] @ self.factors[each].T
        return out

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at each point (rows, d)."""
        return _log_sum(self._log_joint(points))

    def to_normal(self, points: np.ndarray) -> np.ndarray:
        """The points (rows, d) where they lie in a standard normal."""
        out, log_share = np.empty(points.shape), self._begin(len(points))
        for i in range(points.shape[1]):
            mean, scale = self._conditional(i, points)
            standard = (points[:, i] - mean) / scale[:, None]
            out[:, i] = _normal_of(log_share, standard)
            log_share = log_share - 0.5 * standard**2 - np.log(scale)[:, None]
        return out

    def from_normal(self, normal: np.ndarray) -> np.ndarray:
        """The inverse of `to_normal`."""
        out, log_share = np.zeros(normal.shape), self._begin(len(normal))
        for i in range(normal.shape[1]):
            mean, scale = self._conditional(i, out)
            low, high = (mean - REACH * scale[:, None]).min(0), (mean + REACH * scale[:, None]).max(0)
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                below = _normal_of(log_share, (middle - mean) / scale[:, None]) < normal[:, i]
                low, high = np.where(below, middle, low), np.where(below, high, middle)
            out[:, i] = (low + high) / 2
            standard = (out[:, i] - mean) / scale[:, None]
            log_share = log_share - 0.5 * standard**2 - np.log(scale)[:, None]
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        """All that it is, by name."""
        return {"weights": self.weights, "means": self.means, "factors": self.factors}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], latents: int) -> Self:
        """From what `arrays` gave. Raises ValueError or KeyError if that makes no mixture."""
        weights, means, factors = (
            np.asarray(arrays[name], float) for name in ("weights", "means", "factors")
        )
        k = len(weights)
        shapes = (
            weights.shape == (k,) and means.shape == (k, latents) and factors.shape == (k, latents, latents)
        )
        if not shapes or not k or not all(np.isfinite(each).all() for each in (weights, means, factors)):
            raise ValueError("not a mixture")
        if (weights < 0).any() or not np.isclose(weights.sum(), 1) or (factors.diagonal(0, 1, 2) <= 0).any():
            raise ValueError("not a mixture")
        return cls(weights, means, np.tril(factors))

    @cached_property
    def _inverses(self) -> np.ndarray:
        """Inverses of the factors, (k, d, d): they take deviations to standard normal ones."""
        unit = np.eye(self.means.shape[1])
        return np.stack([solve_triangular(factor, unit, lower=True) for factor in self.factors])

    def _begin(self, rows: int) -> np.ndarray:
        """Logarithms of the components' weights, (k, rows)."""
        with np.errstate(divide="ignore"):
            return np.repeat(np.log(self.weights)[:, None], rows, axis=1)

    def _log_joint(self, points: np.ndarray) -> np.ndarray:
        out = self._begin(len(points))
        for each, inverse in enumerate(self._inverses):
            standard = (points - self.means[each]) @ inverse.T
            constant = np.log(np.diag(inverse)).sum() - 0.5 * points.shape[1] * np.log(2 * np.pi)
            out[each] += constant - 0.5 * np.square(standard).sum(1)
        return out

    def _conditional(self, i: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (k, rows) and scale (k,) of coordinate i in each component, given those before it."""
        before = points[:, :i] - self.means[:, None, :i]
        standard = before @ self._inverses[:, :i, :i].transpose(0, 2, 1)
        mean = self.means[:, None, i] + (standard @ self.factors[:, i, :i, None])[..., 0]
        return mean, self.factors[:, i, i]


def _normal_of(log_share: np.ndarray, standard: np.ndarray) -> np.ndarray:
    """The normal score of a mixture's distribution function, (rows,), from its components', (k, rows).

    It is told by the smaller tail, so that it keeps its digits on both sides.
    """
    whole = _log_sum(log_share)
    below = _log_sum(log_share + log_ndtr(standard)) - whole
    above = _log_sum(log_share + log_ndtr(-standard)) - whole
    lower = below < above
    return np.where(lower, 1, -1) * ndtri_exp(np.minimum(np.where(lower, below, above), 0.0))


def _log_sum(logs: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exponentials of `logs` (k, rows) over k, (rows,)."""
    top = logs.max(axis=0)
    return top + np.log(np.exp(logs - top).sum(axis=0))
