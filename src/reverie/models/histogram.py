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
"""Most rows times intervals that are worked on at a time."""


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
        start, stop = self.scale.place(low), self.scale.place(high)
        values, mass = np.empty(len(self.coarse)), np.empty(len(self.coarse))
        for rows in np.array_split(self.rows, max(len(self.coarse) * len(low) // CELLS, 1)):
            heap = np.cumsum(self._between(rows, start, stop), axis=1)
            mass[rows] = heap[:, -1]
            goal = rng.random(len(rows)) * mass[rows]
            chosen = np.sum(goal[:, None] >= heap[:, :-1], axis=1)
            below = self._below(rows, start[chosen])
            above = self._below(rows, stop[chosen])
            place = self._invert(rows, below + rng.random(len(rows)) * (above - below))
            values[rows] = self.scale.value(np.clip(place, start[chosen], stop[chosen])).clip(
                low[chosen], high[chosen]
            )
        return values, mass

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at each row's number, (rows,)."""
        bins, part = self.scale.split(self.scale.place(values))
        inside = self.parts(self.rows, bins)[self.rows, part]
        with np.errstate(divide="ignore"):
            mass = np.log(self.coarse[self.rows, bins]) + np.log(inside)
        return mass + np.log(self.scale.fine) + self.scale.log_slope(values)

    def _between(self, rows: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Probability of each interval of places, (rows, intervals)."""
        found = [self._below(rows, np.full(len(rows), end)) for end in np.concatenate([start, stop])]
        return np.maximum(np.stack(found[len(start) :], 1) - np.stack(found[: len(start)], 1), 0.0)

    def _below(self, rows: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Probability of lying below a place each, (rows,)."""
        bins = np.clip(place.astype(int), 0, self.scale.bins - 1)
        parts, within = self.parts(rows, bins), (place - bins) * self.scale.fine
        whole = np.clip(within.astype(int), 0, self.scale.fine - 1)
        at, own = np.arange(len(rows)), self.coarse[rows, bins]
        passed = np.cumsum(parts, axis=1)[at, whole] - parts[at, whole] * (whole + 1 - within)
        return np.cumsum(self.coarse[rows], axis=1)[at, bins] - own + own * passed

    def _invert(self, rows: np.ndarray, mass: np.ndarray) -> np.ndarray:
        """The place below which each mass lies; inverse of `_below`."""
        bins, left = _locate(self.coarse[rows], mass)
        part, share = _locate(self.parts(rows, bins), left)
        return bins + (part + share) / self.scale.fine


def pick(proba: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A code a row of weights `proba` (rows, k), which need not sum to 1, (rows,)."""
    heap = np.cumsum(proba, axis=1)
    return np.sum(heap[:, :-1] <= rng.random((len(heap), 1)) * heap[:, -1:], axis=1)


def _locate(proba: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The code in which each mass ends when codes are heaped up, and the share of that code it takes."""
    heap, at = np.cumsum(proba, axis=1), np.arange(len(proba))
    code = np.sum(heap[:, :-1] <= mass[:, None], axis=1)
    own = proba[at, code]
    return code, np.clip((mass - heap[at, code] + own) / np.maximum(own, 1e-300), 0, 1)
