"""The conditional density of a number: a boosted mean, and a boosted histogram of what it leaves over.

The residuals are out-of-fold, so that they are as wide as the mean's errors on rows it never saw; each fold's
mean is used for the rows it is drawn for, so mean and residual belong together. The histogram's bins are
quantiles of the residuals, cut finer by quantiles inside each bin, with exponential tails beyond the outermost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from reverie.models import kernels
from reverie.models.boosting import Bins, Ensemble, Recipe, fit_classes, fit_mean

FOLDS = 3
MOST_BINS, MOST_FINE = 32, 8
ROWS_A_BIN, ROWS_A_KNOT = 40, 8
WORTH = 0.1
"""Share of variance that a mean must explain out of fold to be used."""
MEAN_BINS = 128


@dataclass(frozen=True)
class Residuals:
    """The unconditional distribution of residuals, as a map from r to a place t in [0, bins], uniform for all rows.

    `knots` (bins * fine + 1,) are quantiles; the outermost intervals are exponential, of mean `tails` (2,).
    """

    knots: np.ndarray
    fine: int
    tails: np.ndarray

    @classmethod
    def learn(cls, residuals: np.ndarray) -> "Residuals":
        """From residuals (rows,), with fewer bins where rows are few."""
        bins = int(np.clip(len(residuals) // ROWS_A_BIN, 1, MOST_BINS))
        fine = int(np.clip(len(residuals) // (bins * ROWS_A_KNOT), 2, MOST_FINE))
        knots = np.quantile(residuals, np.linspace(0, 1, bins * fine + 1))
        scale = max(np.ptp(knots) / len(knots), 1e-6)
        knots = np.maximum.accumulate(knots + scale * 1e-6 * np.arange(len(knots)))
        below, above = residuals[residuals < knots[1]], residuals[residuals > knots[-2]]
        low = knots[1] - below.mean() if len(below) else scale
        high = above.mean() - knots[-2] if len(above) else scale
        return cls(knots, fine, np.maximum([low, high], scale * 1e-3))

    @property
    def bins(self) -> int:
        return (len(self.knots) - 1) // self.fine

    def place(self, residuals: np.ndarray) -> np.ndarray:
        """t of each residual; infinities are the ends."""
        at = np.interp(residuals, self.knots, np.arange(len(self.knots)))
        last = len(self.knots) - 1
        with np.errstate(over="ignore"):
            at = np.where(at < 1, np.exp(np.minimum((residuals - self.knots[1]) / self.tails[0], 0)), at)
            at = np.where(
                at > last - 1, last - np.exp(np.minimum((self.knots[-2] - residuals) / self.tails[1], 0)), at
            )
        return at / self.fine

    def value(self, place: np.ndarray) -> np.ndarray:
        """The residual at each t; inverse of `place`."""
        at, last = place * self.fine, len(self.knots) - 1
        found = np.interp(at, np.arange(last + 1), self.knots)
        low, high = at < 1, at > last - 1
        found[low] = self.knots[1] + self.tails[0] * np.log(np.maximum(at[low], 1e-12))
        found[high] = self.knots[-2] - self.tails[1] * np.log(np.maximum(last - at[high], 1e-12))
        return found

    def log_slope(self, residuals: np.ndarray) -> np.ndarray:
        """log dt/dr at each residual."""
        inner = np.clip(np.searchsorted(self.knots, residuals, side="right") - 1, 1, max(len(self.knots) - 3, 1))
        slope = -np.log(np.diff(self.knots))[inner]
        low, high = residuals < self.knots[1], residuals >= self.knots[-2]
        slope[low] = (residuals[low] - self.knots[1]) / self.tails[0] - np.log(self.tails[0])
        slope[high] = (self.knots[-2] - residuals[high]) / self.tails[1] - np.log(self.tails[1])
        return slope - np.log(self.fine)


@dataclass(frozen=True)
class Density:
    """P(number | bins): `means` are empty, or one a fold, each drawn with equal probability."""

    means: tuple[Ensemble, ...]
    edges: np.ndarray
    residuals: Residuals
    histogram: Ensemble

    @classmethod
    def fit(cls, bins: Bins, target: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> "Density":
        """Learn from `target` (rows,) without NaN; from fewer than two rows, a standard normal."""
        if len(target) < 2:
            normal = Residuals.learn(ndtri((np.arange(64) + 0.5) / 64))
            return cls((), np.zeros(0), normal, Ensemble.constant(np.zeros(normal.bins), recipe.depth))
        means, expected = _fit_means(bins, target, recipe, rng)
        if not means:
            expected, edges, known = np.zeros(len(target)), np.zeros(0), bins
        else:
            edges = np.unique(np.quantile(expected, np.linspace(0, 1, MEAN_BINS + 1)[1:-1]))
            known = bins.with_feature(np.searchsorted(edges, expected), len(edges) + 1)
        left = target - expected
        residuals = Residuals.learn(left)
        classes = np.minimum(residuals.place(left), residuals.bins - 1e-9).astype(np.int32)
        flatter = replace(recipe, least_rows=2 * recipe.least_rows)
        histogram = fit_classes(known, classes, residuals.bins, flatter, rng)
        return cls(means, edges, residuals, histogram)

    def draw(
        self, codes: np.ndarray, rng: np.random.Generator, low: float = -np.inf, high: float = np.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """A number a row within [low, high], and P(low <= number <= high), both (rows,)."""
        rows = codes.shape[1]
        fold = rng.integers(0, max(len(self.means), 1), rows)
        expected = np.zeros(rows)
        for index, mean in enumerate(self.means):
            mine = np.flatnonzero(fold == index)
            expected[mine] = mean.score(np.ascontiguousarray(codes[:, mine]))[:, 0]
        start, stop = np.zeros(rows), np.full(rows, float(self.residuals.bins))
        if np.isfinite(low):
            start = self.residuals.place(low - expected)
        if np.isfinite(high):
            stop = self.residuals.place(high - expected)
        place, mass = np.empty(rows), np.empty(rows)
        kernels.draw_places(self._known(codes, expected), *self.histogram.parts, start, stop, rng.random(rows), place, mass)
        numbers = expected + self.residuals.value(place)
        return np.clip(numbers, low, high), mass

    def log_density(self, codes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at each number, (rows,)."""
        found = []
        for mean in self.means or (None,):
            expected = np.zeros(len(numbers)) if mean is None else mean.score(codes)[:, 0].astype(float)
            left = numbers - expected
            classes = np.clip(self.residuals.place(left), 0, self.residuals.bins - 1e-9).astype(np.int32)
            found.append(
                self.histogram.log_probability(self._known(codes, expected), classes) + self.residuals.log_slope(left)
            )
        return np.logaddexp.reduce(found, axis=0) - np.log(len(found))

    def state(self) -> dict[str, Any]:
        """Nested arrays to rebuild it from."""
        return {
            "means": [mean.state() for mean in self.means],
            "edges": self.edges,
            "knots": self.residuals.knots,
            "fine": self.residuals.fine,
            "tails": self.residuals.tails,
            "histogram": self.histogram.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], features: int) -> "Density":
        """Rebuild what `state` gave, over `features` features."""
        means = tuple(Ensemble.from_state(mean, features) for mean in state["means"])
        residuals = Residuals(state["knots"], int(state["fine"]), state["tails"])
        histogram = Ensemble.from_state(state["histogram"], features + bool(means))
        return cls(means, state["edges"], residuals, histogram)

    def _known(self, codes: np.ndarray, expected: np.ndarray) -> np.ndarray:
        if not self.means:
            return codes
        return np.concatenate([codes, np.searchsorted(self.edges, expected).astype(np.uint8)[None]])


def _fit_means(
    bins: Bins, target: np.ndarray, recipe: Recipe, rng: np.random.Generator
) -> tuple[tuple[Ensemble, ...], np.ndarray]:
    """One mean a fold and what each row's own fold expects, or no means if they explain little."""
    rows = len(target)
    expected = np.zeros(rows)
    if rows < 20 * FOLDS or len(bins.sizes) == 0:
        return (), expected
    fold = rng.permutation(rows) % FOLDS
    means = []
    for index in range(FOLDS):
        mine, others = fold == index, fold != index
        means.append(fit_mean(bins.take(others), target[others], recipe, rng))
        expected[mine] = means[-1].score(bins.take(mine).codes)[:, 0]
    worth = 1 - np.mean((target - expected) ** 2) / max(np.var(target), 1e-12)
    return (tuple(means), expected) if worth > WORTH else ((), np.zeros(rows))
