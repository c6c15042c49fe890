"""A block's own distribution as a map to and from a normal latent, with conditional draws and densities.

A latent is normal with some mean, (rows,), and scale given the latents before it; the margin makes a value.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from reverie.models.strata import Source
from reverie.schema.blocks import CategoryEvidence, RealEvidence

KNOTS = 129
"""Most points of a stored quantile map."""
SHARED = 5
"""At least this many rows lie beyond each outermost stored quantile, and on average between neighbours."""
NORMAL = 0.02
"""A Real whose quantiles are this close to a standard normal's is taken to be one."""
CELLS = 1 << 21
"""Most rows times intervals that are worked on at a time."""
TINY = np.finfo(float).tiny

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""Values, their latents, and the log probability of the evidence, each (rows,)."""


def within(low: np.ndarray, high: np.ndarray, rng: Source) -> tuple[np.ndarray, np.ndarray]:
    """Standard normals restricted to a row's disjoint intervals, and these intervals' log probability.

    The results are (rows,), `low` and `high` (rows, intervals). Intervals right of 0 are mirrored, where
    precision is kept.
    """
    right = low > 0
    a, b = np.where(right, -high, low), np.where(right, -low, high)
    base = ndtr(a)
    heap = np.cumsum(ndtr(b) - base, axis=1)
    total = heap[:, -1]
    point = rng.random(len(low)) * total
    chosen = np.sum(point[:, None] >= heap[:, :-1], axis=1)
    row = np.arange(len(low))
    before = np.where(chosen > 0, heap[row, chosen - 1], 0.0)
    a, b, base, right = a[row, chosen], b[row, chosen], base[row, chosen], right[row, chosen]
    normal = np.clip(ndtri(np.maximum(base + point - before, TINY)), a, b)
    return np.where(right, -normal, normal), log_between(low, high, total)


def log_between(low: np.ndarray, high: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Logarithm of `total`, the probability of each row's intervals; by their near ends if that is 0."""
    lost = total <= TINY
    log_total = np.log(np.where(lost, 1.0, total))
    if lost.any():
        near = np.where(low[lost] > 0, -low[lost], high[lost])
        log_total[lost] = log_ndtr(near).max(axis=1)
    return log_total


def between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Log probability that a standard normal lies between `low` and `high`, (rows,)."""
    right = low > 0
    total = ndtr(np.where(right, -low, high)) - ndtr(np.where(right, -high, low))
    return log_between(low[:, None], high[:, None], total)


@dataclass(frozen=True)
class CategoryMargin:
    """A category as consecutive intervals of the line: `codes[r]` lies from `edges[r]` to `edges[r + 1]`."""

    codes: np.ndarray
    edges: np.ndarray
    muted: tuple[int, ...] = ()

    @classmethod
    def fit(cls, mass: np.ndarray, codes: np.ndarray, muted: tuple[int, ...] = ()) -> "CategoryMargin":
        """Intervals in the order `codes`; `mass` (k,) is positive, each code's share."""
        heap = np.cumsum(mass[codes])
        return cls(codes, np.concatenate([[-np.inf], ndtri(heap[:-1] / heap[-1]), [np.inf]]), muted)

    @cached_property
    def ranks(self) -> np.ndarray:
        """Rank of each code, (k,)."""
        return np.argsort(self.codes)

    @cached_property
    def _audible(self) -> np.ndarray:
        mask = np.ones(len(self.codes), bool)
        mask[list(self.muted)] = False
        return mask

    def values(self, latent: np.ndarray) -> np.ndarray:
        """The code of each latent, int32."""
        return self.codes[np.searchsorted(self.edges[1:-1], latent, side="right")].astype(np.int32)

    def draw(self, mean: np.ndarray, scale: float, rng: Source, evidence: CategoryEvidence | None) -> Drawn:
        """Draw under the evidence; muted codes only where a row's own code is one."""
        allowed = None if evidence is None or evidence.allowed is None else evidence.allowed & self._audible
        latent, logp = self._among(mean, scale, rng, allowed)
        values = self.values(latent)
        if evidence is None:
            return values, latent, None
        if evidence.codes is not None:
            known = np.flatnonzero(evidence.codes >= 0)
            values[known] = evidence.codes[known]
            latent[known], logp[known] = self._inside(mean[known], scale, values[known], rng)
        return values, latent, logp

    def _among(
        self, mean: np.ndarray, scale: float, rng: Source, allowed: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Latents of the allowed codes, and the log probability of these among all that are not muted."""
        if allowed is None and not self.muted:
            return mean + scale * rng.standard_normal(len(mean)), np.zeros(len(mean))
        low, high = self._runs(self._audible if allowed is None else allowed)
        if low.size == 0:
            return mean + scale * rng.standard_normal(len(mean)), np.full(len(mean), -np.inf)
        latent, logp = within((low - mean[:, None]) / scale, (high - mean[:, None]) / scale, rng)
        # Back on the code's own side of an edge that rounding may have crossed.
        latent = mean + scale * latent
        rank = np.searchsorted(low, latent, side="right") - 1
        latent = np.clip(latent, low[np.maximum(rank, 0)], np.nextafter(high[np.maximum(rank, 0)], -np.inf))
        return latent, self._relative(mean, scale, logp) if allowed is not None else np.zeros(len(mean))

    def _relative(self, mean: np.ndarray, scale: float, logp: np.ndarray) -> np.ndarray:
        if not self.muted:
            return logp
        low, high = (np.subtract.outer(edge, mean).T / scale for edge in self._runs(self._audible))
        return np.minimum(logp - log_between(low, high, (ndtr(high) - ndtr(low)).sum(axis=1)), 0.0)

    def _runs(self, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Low and high ends of the runs of neighbouring allowed codes."""
        step = np.diff(np.concatenate([[False], allowed[self.codes], [False]]).astype(np.int8))
        return self.edges[np.flatnonzero(step == 1)], self.edges[np.flatnonzero(step == -1)]

    def _inside(
        self, mean: np.ndarray, scale: float, values: np.ndarray, rng: Source
    ) -> tuple[np.ndarray, np.ndarray]:
        low, high = self._standard(mean, scale, values)
        latent, logp = within(low[:, None], high[:, None], rng)
        return mean + scale * latent, logp

    def _standard(self, mean: np.ndarray, scale: float, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rank = self.ranks[values]
        return (self.edges[rank] - mean) / scale, (self.edges[rank + 1] - mean) / scale

    def score(self, mean: np.ndarray, scale: float, values: np.ndarray) -> np.ndarray:
        """Log probability of each code."""
        return between(*self._standard(mean, scale, values))

    def latent(self, mean: np.ndarray, scale: float, values: np.ndarray, rng: Source) -> np.ndarray:
        """A latent of each code, drawn inside its interval."""
        return self._inside(mean, scale, values, rng)[0]

    def normal_scores(self) -> np.ndarray:
        """Mean latent of each code, (k,)."""
        density = np.exp(-0.5 * np.square(self.edges)) / np.sqrt(2 * np.pi)
        mass = np.maximum(np.diff(ndtr(self.edges)), TINY)
        return ((density[:-1] - density[1:]) / mass)[self.ranks]


@dataclass(frozen=True)
class RealMargin:
    """A number as a monotone piecewise linear map of its latent through `knots` (2, points): latents, values.

    No points is the identity; beyond the outermost points the line goes on with the overall slope.
    """

    knots: np.ndarray = field(default_factory=lambda: np.empty((2, 0)))

    @classmethod
    def fit(cls, values: np.ndarray, weights: np.ndarray) -> "RealMargin":
        """The map to the quantiles of `values`, none absent; the identity if standard normal or very few."""
        points = min(KNOTS, len(values) // SHARED)
        if points < 2:
            return cls()
        order = np.argsort(values)
        place, heap = values[order].astype(float), np.cumsum(weights[order])
        heap = (heap - 0.5 * weights[order]) / heap[-1]
        edge = max(heap[SHARED - 1], 1 - heap[-SHARED], 1e-6)
        normal = np.linspace(ndtri(edge), -ndtri(edge), points)
        spot = np.interp(ndtr(normal), heap, place)
        middle = np.abs(normal) < 2
        if np.max(np.abs(spot - normal)[middle], initial=0.0) < NORMAL:
            return cls()
        least = 1e-6 * max(spot[-1] - spot[0], 1e-6)
        return cls(np.stack([normal, np.maximum.accumulate(spot) + least * np.arange(points)]))

    @property
    def _slope(self) -> float:
        (first, *_, last), (low, *_, high) = self.knots
        return (high - low) / (last - first)

    def place(self, latent: np.ndarray) -> np.ndarray:
        """The value of each latent."""
        return self._map(self.knots[0], self.knots[1], latent, self._slope) if self.knots.size else latent

    def unplace(self, values: np.ndarray) -> np.ndarray:
        """The latent of each value."""
        return (
            self._map(self.knots[1], self.knots[0], values, 1 / self._slope)
            if self.knots.size
            else np.asarray(values, float)
        )

    @staticmethod
    def _map(source: np.ndarray, target: np.ndarray, points: np.ndarray, slope: float) -> np.ndarray:
        beyond = np.minimum(points - source[0], 0) + np.maximum(points - source[-1], 0)
        return np.interp(points, source, target) + slope * beyond

    def _log_slope(self, latent: np.ndarray) -> np.ndarray | float:
        if not self.knots.size:
            return 0.0
        slopes = np.concatenate(
            [[self._slope], np.diff(self.knots[1]) / np.diff(self.knots[0]), [self._slope]]
        )
        return np.log(slopes)[np.searchsorted(self.knots[0], latent)]

    def draw(self, mean: np.ndarray, scale: float, rng: Source, evidence: RealEvidence | None) -> Drawn:
        """Draw under the evidence."""
        if evidence is not None and evidence.bounded:
            values, latent, logp = self._inside(mean, scale, rng, evidence)
        else:
            latent, logp = mean + scale * rng.standard_normal(len(mean)), np.zeros(len(mean))
            values = self.place(latent)
        if evidence is None:
            return values, latent, None
        if evidence.values is not None:
            known = np.flatnonzero(~np.isnan(evidence.values))
            values = np.array(values)
            values[known] = evidence.values[known]
            latent[known] = self.unplace(values[known])
            logp[known] = self.score(mean[known], scale, values[known])
        return values, latent, logp

    def _inside(
        self, mean: np.ndarray, scale: float, rng: Source, evidence: RealEvidence
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values in the intervals of the evidence, their latents, and log P(intervals)."""
        low, high = evidence.intervals
        start, stop = self.unplace(low), self.unplace(high)
        step = max(CELLS // len(low), 1)
        parts = [
            within((start - part[:, None]) / scale, (stop - part[:, None]) / scale, rng)
            for part in np.split(mean, range(step, len(mean), step))
        ]
        normal, logp = (np.concatenate(found) for found in zip(*parts, strict=True))
        latent = mean + scale * normal
        at = np.maximum(np.searchsorted(start, latent, side="right") - 1, 0)
        return np.clip(self.place(latent), low[at], high[at]), latent, logp

    def score(self, mean: np.ndarray, scale: float, values: np.ndarray) -> np.ndarray:
        """Log density of each value."""
        latent = self.unplace(values)
        return (
            -0.5 * np.square((latent - mean) / scale)
            - np.log(scale * np.sqrt(2 * np.pi))
            - self._log_slope(latent)
        )

    def latent(self, mean: np.ndarray, scale: float, values: np.ndarray, rng: Source) -> np.ndarray:
        """The latent of each value; where there is no value, one drawn freely."""
        return np.where(np.isnan(values), mean + scale * rng.standard_normal(len(mean)), self.unplace(values))


Margin = CategoryMargin | RealMargin
