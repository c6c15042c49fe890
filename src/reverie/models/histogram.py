"""Histograms of a number, one a row: a coarse bin, then a part of that bin, and a place within it.

The bins are quantiles of `Residuals`; all that is asked of a model are probabilities of bins and of parts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reverie.models.density import Residuals

Parts = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Probabilities (n, fine) of the parts of bins (n,) at positions (n,) of the rows."""
CELLS = 1 << 22
"""Most rows times pieces of intervals that are worked on at a time."""


@dataclass(frozen=True)
class Pieces:
    """Intervals cut at the bins: each piece (pieces,) lies in bin `bins` of interval `owner`.

    `start` and `stop` are its places within the bin, from 0 to the number of parts.
    """

    owner: np.ndarray
    bins: np.ndarray
    start: np.ndarray
    stop: np.ndarray

    @classmethod
    def of(cls, scale: Residuals, low: np.ndarray, high: np.ndarray) -> "Pieces":
        """Pieces of the intervals from `low` to `high` (intervals,)."""
        start, stop = scale.place(low), scale.place(high)
        (first, _), (last, _) = scale.split(start), scale.split(stop)
        counts = last - first + 1
        owner = np.repeat(np.arange(len(low)), counts)
        bins = first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        ends = ((end[owner] - bins).clip(0, 1) * scale.fine for end in (start, stop))
        return cls(owner, bins, *ends)

    def overlap(self, fine: int) -> tuple[np.ndarray, np.ndarray]:
        """Where each part of the bin begins and ends to lie in the piece, both (pieces, fine)."""
        part = np.arange(fine)
        start, stop = self.start[:, None], self.stop[:, None]
        return np.clip(start, part, part + 1), np.clip(stop, part, part + 1)


@dataclass(frozen=True)
class Histograms:
    """`coarse` (rows, bins) are probabilities of bins; `parts` gives those inside a bin."""

    scale: Residuals
    coarse: np.ndarray
    parts: Parts

    @property
    def rows(self) -> np.ndarray:
        """Positions of all rows."""
        return np.arange(len(self.coarse))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """A number a row, (rows,)."""
        bins = pick(self.coarse, rng)
        part = pick(self.parts(self.rows, bins), rng)
        return self.scale.value(bins + (part + rng.random(len(bins))) / self.scale.fine)

    def draw_within(
        self, low: np.ndarray, high: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A number a row in one of the disjoint closed intervals from `low` to `high` (intervals,), and the
        probability of these, both (rows,).
        """
        pieces = Pieces.of(self.scale, low, high)
        begin, end = pieces.overlap(self.scale.fine)
        values, mass = np.empty(len(self.coarse)), np.empty(len(self.coarse))
        for rows in np.array_split(self.rows, max(len(self.coarse) * len(begin) // CELLS, 1)):
            weights = self._weights(rows, pieces, end - begin)
            mass[rows] = weights.sum(axis=1)
            chosen = pick(weights, rng)
            bins, owner = pieces.bins[chosen], pieces.owner[chosen]
            part = pick(self.parts(rows, bins) * (end - begin)[chosen], rng)
            within = begin[chosen, part] + rng.random(len(rows)) * (end - begin)[chosen, part]
            place = bins + within / self.scale.fine
            values[rows] = self.scale.value(place).clip(low[owner], high[owner])
        return values, mass

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at each row's number, (rows,)."""
        bins, part = self.scale.split(self.scale.place(values))
        inside = self.parts(self.rows, bins)[self.rows, part]
        with np.errstate(divide="ignore"):
            mass = np.log(self.coarse[self.rows, bins]) + np.log(inside)
        return mass + np.log(self.scale.fine) + self.scale.log_slope(values)

    def _weights(self, rows: np.ndarray, pieces: Pieces, overlap: np.ndarray) -> np.ndarray:
        """Probability of each piece, (rows, pieces); no differences, so that small ones keep their digits."""
        weights = self.coarse[rows][:, pieces.bins].astype(float)
        cut = pieces.stop - pieces.start < self.scale.fine
        for each in np.unique(pieces.bins[cut]):
            own = np.flatnonzero(cut & (pieces.bins == each))
            weights[:, own] *= self.parts(rows, np.full(len(rows), each)) @ overlap[own].T
        return weights


def pick(proba: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A code a row of weights `proba` (rows, k), which need not sum to 1, (rows,)."""
    heap = np.cumsum(proba, axis=1, dtype=float)
    return np.sum(heap[:, :-1] <= rng.random((len(heap), 1)) * heap[:, -1:], axis=1)
