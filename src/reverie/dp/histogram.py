"""A private histogram of whole numbers on a line whose range nobody knows: cells that divide where many are.

First powers of two, so that the range is found, then cells that hold many rows are divided again and again,
down to single numbers. Sources: Qardaji et al. (2013) and Zhang et al. (2016, PrivTree) for dividing; Hay et
al. (2010) for making the counts of a cell and of its parts agree.
"""

from dataclasses import dataclass

import numpy as np

from reverie.dp.mechanisms import noisy

WIDEST = 62
"""Powers of two on either side of zero; numbers beyond are taken for the last."""
FANOUT = 8
STANDS_OUT = 4.5
"""Deviations of noise above which a cell is taken to hold something at all; of some hundred cells, none by
chance."""
THREE = 3.0
"""Deviations above which parts at an end are there, and under which they may be noise."""
DIVIDED = 6.0
"""Deviations above which a cell is divided."""


@dataclass(frozen=True)
class Cells:
    """Disjoint intervals of whole numbers, `low` (cells,) up to but not with `high` (cells,), int64, and how
    many rows are in each, (cells,) float64, never below 0.
    """

    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray

    def spread(self, total: int) -> np.ndarray:
        """`total` numbers, (total,) int64 ascending, evenly over each cell; none if there is no cell."""
        if not len(self.counts) or not self.counts.sum() > 0:
            return np.zeros(0, np.int64)
        edges = np.rint(np.cumsum(self.counts) / self.counts.sum() * total).astype(np.int64)
        rows = np.diff(edges, prepend=0)
        cell = np.repeat(np.arange(len(rows)), rows)
        place = (np.arange(total) - np.repeat(edges - rows, rows) + 0.5) / rows[cell]
        return self.low[cell] + np.floor(place * (self.high - self.low)[cell]).astype(np.int64)


def learn(numbers: np.ndarray, deviations: list[float], rng: np.random.Generator) -> Cells:
    """The cells of `numbers` (rows,) int64: one round a deviation, of which the first finds the range.

    A row changes one count by one in each round.
    """
    edges = _powers()
    counts = noisy(_count(numbers, edges[:-1], edges[1:]), deviations[0], rng)
    kept = counts > STANDS_OUT * deviations[0]
    cells = Cells(edges[:-1][kept], edges[1:][kept], counts[kept])
    variance = np.full(kept.sum(), deviations[0] ** 2)
    for deviation in deviations[1:]:
        cells, variance = _divide(numbers, cells, variance, deviation, rng)
    return _ended(Cells(cells.low, cells.high, np.maximum(cells.counts, 0.0)))


def _ended(cells: Cells) -> Cells:
    """The cells, of which a first or last one that is wide ends where rows of its neighbour's density
    would.
    """
    low, high, counts = cells.low.copy(), cells.high.copy(), cells.counts
    if len(low) > 1:
        reach = [_reach(counts[end], counts[near], (high - low)[near]) for end, near in ((0, 1), (-1, -2))]
        low[0], high[-1] = max(low[0], high[0] - reach[0]), min(high[-1], low[-1] + reach[1])
    return Cells(low, high, counts)


def _reach(rows: float, near: float, wide: int) -> int:
    """Whole numbers over which so many rows lie at the density of `near` rows in a cell so wide."""
    return int(np.ceil(rows * float(wide) / max(near, 1.0)))


def _powers() -> np.ndarray:
    """Edges of the cells of the first round: powers of two on both sides of a cell that is zero alone."""
    powers = 1 << np.arange(WIDEST + 1, dtype=np.int64)
    return np.concatenate([1 - powers[::-1], powers])


def _count(numbers: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """How many numbers are in each of the disjoint ascending cells; those outside count with the nearest."""
    if not len(low):
        return np.zeros(0)
    inside = np.clip(numbers, low[0], high[-1] - 1)
    cell = np.searchsorted(low, inside, side="right") - 1
    gap = inside >= high[cell]
    # Between two cells: the nearer one.
    after = np.minimum(cell + 1, len(low) - 1)
    cell = np.where(gap & (low[after] - inside < inside - high[cell] + 1), after, cell)
    return np.bincount(cell, minlength=len(low)).astype(float)


def _divide(
    numbers: np.ndarray, cells: Cells, variance: np.ndarray, deviation: float, rng: np.random.Generator
) -> tuple[Cells, np.ndarray]:
    """The cells with the full ones in parts; counts of those that stay are made more certain besides."""
    wide = cells.high - cells.low
    full = (cells.counts > DIVIDED * deviation) & (wide > 1)
    parts = np.where(full, np.minimum(wide, FANOUT), 1)
    owner = np.repeat(np.arange(len(parts)), parts)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(parts) - parts, parts)
    width = (wide / parts)[owner]
    low = cells.low[owner] + np.floor(step * width).astype(np.int64)
    high = np.where(step + 1 == parts[owner], cells.high[owner], 0)
    high[:-1] = np.where(high[:-1] == 0, low[1:], high[:-1])
    found = noisy(_count(numbers, low, high), deviation, rng)
    kept = _held(found, owner, deviation)
    # Each whole is the mean of what it was and of the sum of its parts, weighted by certainty.
    total, spread = np.bincount(owner, found, len(parts)), parts * deviation**2
    better = (total * variance + cells.counts * spread) / (variance + spread)
    found = np.where(kept, np.maximum(found + ((better - total) / parts)[owner], 0.0), 0.0)
    rest = np.bincount(owner, found, len(parts))
    scale = np.where(rest > 0, np.maximum(better, 0.0) / np.where(rest > 0, rest, 1.0), 0.0)
    certain = np.minimum(variance * spread / (variance + spread), deviation**2)
    certain = np.where(parts > 1, deviation**2, certain)
    return Cells(low[kept], high[kept], (found * scale[owner])[kept]), certain[owner][kept]


def _held(found: np.ndarray, owner: np.ndarray, deviation: float) -> np.ndarray:
    """Which parts stay, (parts,) bool: all but those at either end of the line that may well be noise, where
    the others of their whole are not.
    """
    kept = np.ones(len(found), bool)
    if not len(owner):
        return kept
    for outward in (np.flatnonzero(owner == 0)[::-1], np.flatnonzero(owner == owner[-1])):
        for count in range(1, len(outward)):
            inner, outer = found[outward[:count]].sum(), found[outward[count:]].sum()
            sure = inner > THREE * deviation * np.sqrt(count)
            if sure and outer < THREE * deviation * np.sqrt(len(outward) - count):
                kept[outward[count:]] = False
                break
    return kept
