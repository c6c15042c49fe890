"""The conditional density of a number: a boosted mean, and a boosted histogram of what it leaves over.

The residuals are out-of-fold, so that they are as wide as the errors on rows that the trees never saw;
only a line of few parameters is the same for all folds. Each fold's mean is used for the rows it is
drawn for, so mean and residual belong together. The histogram's bins are quantiles of the residuals, cut
finer by quantiles inside each bin, with exponential tails beyond the outermost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from reverie.models.bins import Bins
from reverie.models.boosting import Recipe, fit_classes, fit_mean
from reverie.models.ensemble import Ensemble
from reverie.models.linear import fit_line

FOLDS, MOST_FOLDS, ROWS_FOLDED = 3, 10, 3_000
"""Folds of the means: more where rows are few, as leaving out a third of them would weaken the means."""
MOST_FREE = 0.2
"""Effective parameters a row up to which a line is learned from all rows."""
MOST_BINS, MOST_FINE = 32, 8
ROWS_A_BIN, ROWS_A_KNOT = 40, 8
MOST_COMPARED = 30_000
"""Most rows on which the forms of a density are compared; the better one then learns from all."""
LEAST_ROWS = 30
"""Fewest rows of which a mean is learned."""
WORTH = 0.01
"""Share of variance that a mean must explain out of fold to be used."""
MEAN_BINS = 128
NORMAL = ndtri((np.arange(64) + 0.5) / 64)
"""What is learned from where fewer than two rows have a number."""
CELLS = 1 << 18
"""Most rows times intervals that are worked on at a time."""
SEEN = 1 << 20
"""Most residuals that a distribution is learned from."""
Ends = float | np.ndarray


@dataclass(frozen=True)
class Residuals:
    """The unconditional distribution of residuals: maps r to a place t in [0, bins], uniform over all rows.

    `knots` (bins * fine + 1,) are quantiles; the outermost intervals are exponential, of mean `tails` (2,).
    """

    knots: np.ndarray
    fine: int
    tails: np.ndarray

    @classmethod
    def learn(
        cls, residuals: np.ndarray, most_bins: int = MOST_BINS, most_fine: int = MOST_FINE
    ) -> "Residuals":
        """From residuals (rows,), with fewer bins where rows are few; of very many, from some at random."""
        if len(residuals) > SEEN:
            residuals = residuals[np.random.default_rng(0).integers(len(residuals), size=SEEN)]
        bins = int(np.clip(len(residuals) // ROWS_A_BIN, 1, most_bins))
        fine = int(np.clip(len(residuals) // (bins * ROWS_A_KNOT), 2, most_fine))
        knots = np.quantile(residuals, np.linspace(0, 1, bins * fine + 1))
        scale = max(np.ptp(knots) / len(knots), 1e-6)
        knots = np.maximum.accumulate(knots + scale * 1e-6 * np.arange(len(knots)))
        below, above = residuals[residuals < knots[1]], residuals[residuals > knots[-2]]
        low = knots[1] - below.mean() if len(below) else scale
        high = above.mean() - knots[-2] if len(above) else scale
        return cls(knots, fine, np.maximum([low, high], scale * 1e-3))

    @classmethod
    def restored(cls, knots: np.ndarray, fine: int, tails: np.ndarray) -> "Residuals":
        """From stored parts. Raises ValueError if they are no scale."""
        knots, tails = np.asarray(knots, float), np.asarray(tails, float)
        whole = fine > 0 and knots.ndim == 1 and len(knots) > 2 and (len(knots) - 1) % fine == 0
        if not whole or not np.isfinite(knots).all() or (np.diff(knots) <= 0).any():
            raise ValueError("knots do not ascend")
        if tails.shape != (2,) or not (np.isfinite(tails) & (tails > 0)).all():
            raise ValueError("tails are not two means")
        return cls(knots, fine, tails)

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

    def split(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bin of each t, and the part of the bin, both (rows,) int32."""
        at = np.clip((place * self.fine).astype(np.int64), 0, self.bins * self.fine - 1)
        return (at // self.fine).astype(np.int32), (at % self.fine).astype(np.int32)

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
        inner = np.clip(
            np.searchsorted(self.knots, residuals, side="right") - 1, 1, max(len(self.knots) - 3, 1)
        )
        slope = -np.log(np.diff(self.knots))[inner]
        low, high = residuals < self.knots[1], residuals >= self.knots[-2]
        slope[low] = (residuals[low] - self.knots[1]) / self.tails[0] - np.log(self.tails[0])
        slope[high] = (self.knots[-2] - residuals[high]) / self.tails[1] - np.log(self.tails[1])
        return slope - np.log(self.fine)


@dataclass(frozen=True)
class Density:
    """P(number | bins): `means` are empty, or one a fold, each drawn with equal probability.

    `coarse` gives the bin of t, `fine` the part of that bin, from the same features and the bin; inside a
    part t is uniform. `loss` is the mean of -log density over held-out rows, NaN unless just learned. `edges`
    cut what is expected of a row into one more feature.
    """

    means: tuple[Ensemble, ...]
    edges: np.ndarray
    residuals: Residuals
    coarse: Ensemble
    fine: Ensemble
    loss: float = np.nan

    @classmethod
    def fit(cls, bins: Bins, target: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> "Density":
        """Learn from `target` (rows,) without NaN; from fewer than two rows, a standard normal.

        Of two forms, with and without a mean, the one under which held-out rows are likelier is taken.
        """
        if len(target) < 2:
            normal = Residuals.learn(NORMAL)
            coarse, fine = (Ensemble.constant(np.zeros(k), recipe.depth) for k in (normal.bins, normal.fine))
            return cls((), np.zeros(0), normal, coarse, fine)
        if len(target) <= MOST_COMPARED:
            return cls._choose(bins, target, recipe, rng)
        some = rng.permutation(len(target))[:MOST_COMPARED]
        centred = bool(cls._choose(bins.take(some), target[some], recipe, rng).means)
        means, expected = _fit_means(bins, target, recipe, rng) if centred else ((), np.zeros(len(target)))
        return cls._around(bins, target, means, expected, recipe, rng)

    @classmethod
    def _choose(cls, bins: Bins, target: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> "Density":
        """Of the forms with and without a mean, the one under which held-out rows are likelier."""
        seed = rng.integers(2**63)  # the same rows are held out from both, or chance would choose
        plain = cls._around(bins, target, (), np.zeros(len(target)), recipe, np.random.default_rng(seed))
        means, expected = _fit_means(bins, target, recipe, rng)
        if not means:
            return plain
        around = cls._around(bins, target, means, expected, recipe, np.random.default_rng(seed))
        return min(plain, around, key=lambda found: found.loss)

    def draw(
        self, codes: np.ndarray, rng: np.random.Generator, low: Ends = -np.inf, high: Ends = np.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """A number a row in one of the disjoint intervals from `low` to `high`, floats or (intervals,), and
        the probability of these, both (rows,).
        """
        rows = codes.shape[1]
        expected = self._expect(codes, rng)
        known = self._known(codes, expected)
        if np.isfinite(low).any() or np.isfinite(high).any():
            low, high, mass = self._choose_interval(known, expected, np.array(low), np.array(high), rng)
            start, stop = self.residuals.place(low - expected), self.residuals.place(high - expected)
            place, own = self._draw_between(known, start, stop, rng)
            mass = own if mass is None else mass
        else:
            bins, _ = self.coarse.draw(known, np.ones(self.residuals.bins, bool), rng)
            parts, _ = self.fine.draw(_stack(known, bins), np.ones(self.residuals.fine, bool), rng)
            place, mass = bins + (parts + rng.random(rows)) / self.residuals.fine, np.ones(rows)
        return np.clip(expected + self.residuals.value(place), low, high), mass

    def log_density(self, codes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at each number, (rows,)."""
        found = []
        for mean in self.means or (None,):
            expected = np.zeros(len(numbers)) if mean is None else _expected(mean, codes)
            left = numbers - expected
            known = self._known(codes, expected)
            bins, parts = self.residuals.split(self.residuals.place(left))
            found.append(
                self.coarse.log_probability(known, bins)
                + self.fine.log_probability(_stack(known, bins), parts)
                + np.log(self.residuals.fine)
                + self.residuals.log_slope(left)
            )
        return np.logaddexp.reduce(found, axis=0) - np.log(len(found))

    def state(self) -> dict[str, Any]:
        """Nested arrays to rebuild it from."""
        return {
            "means": [mean.state() for mean in self.means],
            "edges": self.edges,
            "knots": self.residuals.knots,
            "parts": self.residuals.fine,
            "tails": self.residuals.tails,
            "coarse": self.coarse.state(),
            "fine": self.fine.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], features: int) -> "Density":
        """Rebuild what `state` gave, over `features` features."""
        means = tuple(Ensemble.from_state(mean, features) for mean in state["means"])
        residuals = Residuals(state["knots"], int(state["parts"]), state["tails"])
        known = features + bool(means)
        coarse, fine = (
            Ensemble.from_state(state["coarse"], known),
            Ensemble.from_state(state["fine"], known + 1),
        )
        return cls(means, state["edges"], residuals, coarse, fine)

    @classmethod
    def _around(
        cls,
        bins: Bins,
        target: np.ndarray,
        means: tuple[Ensemble, ...],
        expected: np.ndarray,
        recipe: Recipe,
        rng: np.random.Generator,
    ) -> "Density":
        """The density around what is expected of each row."""
        edges, known = np.zeros(0), bins
        if means:
            edges = np.unique(np.quantile(expected, np.linspace(0, 1, MEAN_BINS + 1)[1:-1]))
            known = bins.with_feature(np.searchsorted(edges, expected), len(edges) + 1)
        left = target - expected
        residuals = Residuals.learn(left)
        classes, parts = residuals.split(residuals.place(left))
        flatter = replace(recipe, least_rows=2 * recipe.least_rows, line=False)
        first, second = rng.spawn(2)
        coarse = fit_classes(known, classes, residuals.bins, flatter, first)
        fine = fit_classes(
            known.with_feature(classes, residuals.bins), parts, residuals.fine, flatter, second
        )
        loss = float(coarse.losses.min() + fine.losses.min() - residuals.log_slope(left).mean())
        return cls(means, edges, residuals, coarse, fine, loss)

    def _expect(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What one fold's mean, drawn for each row, expects of it."""
        expected = np.zeros(codes.shape[1])
        fold = rng.integers(0, max(len(self.means), 1), codes.shape[1])
        for index, mean in enumerate(self.means):
            mine = np.flatnonzero(fold == index)
            expected[mine] = _expected(mean, np.ascontiguousarray(codes[:, mine]))
        return expected

    def _known(self, codes: np.ndarray, expected: np.ndarray) -> np.ndarray:
        return _stack(codes, np.searchsorted(self.edges, expected)) if self.means else codes

    def _choose_interval(
        self,
        known: np.ndarray,
        expected: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Ends of the interval that each row falls in, given that it falls in one, and the probability of
        that; None if there is but one.
        """
        if low.size == 1:
            return low, high, None
        chosen, mass = np.zeros(len(expected), int), np.zeros(len(expected))
        step = max(CELLS // len(low), 1)
        for at in range(0, len(expected), step):
            rows = slice(at, at + step)
            start, stop = (self.residuals.place(end - expected[rows, None]) for end in (low, high))
            heap = np.cumsum(self._masses(known[:, rows], start, stop), axis=1)
            mass[rows] = heap[:, -1]
            goal = rng.random(len(heap)) * mass[rows]
            chosen[rows] = np.sum(goal[:, None] >= heap[:, :-1], axis=1)
        return low[chosen], high[chosen], mass

    def _masses(self, known: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Probability that t lies between each row's places `start` and `stop`, (rows, intervals)."""
        ends = np.concatenate([start, stop], axis=1)
        edge, _ = self.residuals.split(ends)
        proba = _softmax(self.coarse.score(known))
        passed, held = (
            np.take_along_axis(of, edge, axis=1) for of in (np.cumsum(proba, axis=1) - proba, proba)
        )
        for each in np.unique(edge):
            row, end = np.nonzero(edge == each)
            some, at = np.unique(row, return_inverse=True)
            parts = _softmax(self.fine.score(_stack(known[:, some], np.full(len(some), each))))
            held[row, end] *= _below(parts[at], (ends[row, end] - each) * self.residuals.fine)
        # Ends in one bin have the same mass passed, so that a narrow interval keeps its digits.
        (first, last), (begun, done) = (np.split(of, 2, axis=1) for of in (passed, held))
        return np.maximum(last - first + (done - begun), 0.0)

    def _draw_between(
        self, known: np.ndarray, start: np.ndarray, stop: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A place t a row in [start, stop], and the probability of that."""
        fine, every = self.residuals.fine, np.arange(self.residuals.bins)
        proba = _softmax(self.coarse.score(known))
        (first, _), (last, _) = self.residuals.split(start), self.residuals.split(stop)
        inside = proba * ((every >= first[:, None]) & (every <= last[:, None]))
        rows = np.arange(len(start))
        for edge in (first, last):
            parts = _softmax(self.fine.score(_stack(known, edge)))
            share = _below(parts, (stop - edge) * fine) - _below(parts, (start - edge) * fine)
            inside[rows, edge] = proba[rows, edge] * share
        mass = inside.sum(axis=1)
        passed = np.cumsum(inside, axis=1)
        chosen = (passed < rng.random(len(rows))[:, None] * mass[:, None]).sum(axis=1).clip(first, last)
        parts = _softmax(self.fine.score(_stack(known, chosen)))
        below, above = _below(parts, (start - chosen) * fine), _below(parts, (stop - chosen) * fine)
        place = chosen + _invert(parts, below + rng.random(len(rows)) * (above - below)) / fine
        return np.clip(place, start, stop), mass


def _stack(codes: np.ndarray, feature: np.ndarray) -> np.ndarray:
    return np.concatenate([codes, feature.astype(np.uint8)[None]])


def _softmax(logits: np.ndarray) -> np.ndarray:
    proba = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    return proba / proba.sum(axis=1, keepdims=True)


def _below(parts: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Mass below each place in [0, k], clipped, of histograms `parts` (rows, k)."""
    place = np.clip(place, 0, parts.shape[1])
    whole = np.minimum(place.astype(int), parts.shape[1] - 1)
    passed = np.concatenate([np.zeros((len(parts), 1)), np.cumsum(parts, axis=1)], axis=1)
    rows = np.arange(len(parts))
    return passed[rows, whole] + parts[rows, whole] * (place - whole)


def _invert(parts: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The place in [0, k] below which each mass lies; inverse of `_below`."""
    passed = np.cumsum(parts, axis=1)
    whole = (passed < mass[:, None]).sum(axis=1).clip(0, parts.shape[1] - 1)
    rows = np.arange(len(parts))
    over = mass - (passed[rows, whole] - parts[rows, whole])
    return whole + np.clip(over / np.maximum(parts[rows, whole], 1e-300), 0, 1)


def _expected(mean: Ensemble, codes: np.ndarray) -> np.ndarray:
    return mean.score(codes)[:, 0].astype(float)


def _fit_means(
    bins: Bins, target: np.ndarray, recipe: Recipe, rng: np.random.Generator
) -> tuple[tuple[Ensemble, ...], np.ndarray]:
    """One mean a fold and what each row's own fold expects, or no means if they explain little.

    A line of few parameters is the same for all folds: it keeps the covariances of the rows, which lines that
    are judged on other rows weaken. Trees, and a line of many parameters, are of other rows always.
    """
    rows = len(target)
    expected = np.zeros(rows)
    if rows < LEAST_ROWS or len(bins.sizes) == 0:
        return (), expected
    folds = int(np.clip(ROWS_FOLDED // rows, FOLDS, MOST_FOLDS))
    fold = rng.permutation(rows) % folds
    line, free = fit_line(bins, target)
    shared = line if free <= MOST_FREE * rows else None
    means = []
    for index in range(folds):
        mine, others = fold == index, fold != index
        known, wanted = bins.take(others), target[others]
        means.append(fit_mean(known, wanted, recipe, rng, shared or fit_line(known, wanted)[0]))
        expected[mine] = _expected(means[-1], bins.take(mine).codes)
    worth = 1 - np.mean((target - expected) ** 2) / max(np.var(target), 1e-12)
    return (tuple(means), expected) if worth > WORTH else ((), np.zeros(rows))
