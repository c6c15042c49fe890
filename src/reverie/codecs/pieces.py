"""How a scale is learned: values shared by k rows stay as they are, the others are pooled, and tails are
extrapolated.

Every number kept is a value of k rows or more, or follows from those and from means and spreads over k rows
or more.
"""

from dataclasses import dataclass, replace

import numpy as np

from reverie.codecs.counts import Counts
from reverie.codecs.mesh import learn_mesh
from reverie.codecs.pools import Pools, pool
from reverie.codecs.scale import Scale
from reverie.codecs.tails import shape_of_tail, tail_pieces

_ROOT3 = 3**0.5
_HUGE = 1e300
_SHRINK = 2.0**-8


@dataclass(frozen=True)
class _Pieces:
    """Rows (m,) spread evenly between the edges `left` and `right` (m,). A grid point x has the edges x -
    1/2 and x + 1/2.
    """

    rows: np.ndarray
    left: np.ndarray
    right: np.ndarray
    atom: np.ndarray


def learn_scale(counts: Counts, apart: np.ndarray, k: int, bounds: tuple[float, float]) -> Scale:
    """The scale of the values that are not set `apart` (a mask: spikes, which no piece will cover).

    `bounds` are natural limits, which extrapolated tails keep. With fewer than k rows in all, one pool has
    them all.
    """
    grid = counts.values.dtype == np.int64
    origin, factor = _frame(counts.values)
    near = (counts.values - origin).astype(np.float64) * factor
    cell = 0.5 if grid else 0.0
    low, high = ((bound - float(origin)) * factor for bound in bounds)
    pools = pool(near, counts.counts, apart, k)
    pieces = _spread(pools, cell, low - cell, high + cell, k)
    if len(pools.rows) > 1:
        kept, rows = near[~apart], counts.counts[~apart]
        pieces = _extend(pieces, pools, shape_of_tail(kept, rows, k), high + cell, cell)
        below = shape_of_tail(-kept[::-1], rows[::-1], k)
        pieces = _mirror(_extend(_mirror(pieces), _mirror_pools(pools), below, cell - low, cell))
    scale = _seal(pieces, counts.values[~apart][pools.first[pools.atom]], origin, factor)
    return _add_mesh(scale, counts.values[~apart], counts.counts[~apart], k) if grid else scale


def _frame(values: np.ndarray) -> tuple[np.generic, float]:
    """Where to measure from (integers: a middle value, if distances fit) and by what factor, so that
    nothing overflows.
    """
    if values.dtype == np.int64:
        fits = int(values[-1]) - int(values[0]) < 2**62
        return (values[len(values) // 2] if fits else np.int64(0)), 1.0
    return np.float64(0), _SHRINK if np.abs(values).max() > _HUGE else 1.0


def _spread(pools: Pools, cell: float, low: float, high: float, k: int) -> _Pieces:
    """An evenly covered interval for each pool, of the pool's mean and standard deviation, that meets its
    neighbours.

    A pool of fewer than k rows covers all the room between the fixed values around it, whatever it holds.
    """
    half = np.where(pools.atom, cell, np.hypot(_ROOT3 * pools.spread, cell))
    floor, ceiling = np.maximum(pools.floor + cell, low), np.minimum(pools.ceiling - cell, high)
    left, right = _meet(pools, half, cell)
    loose, turn = ~pools.atom, np.diff(pools.run) != 0
    left, right = (
        np.where(loose, np.maximum(left, floor), left),
        np.where(loose, np.minimum(right, ceiling), right),
    )
    light = loose & (pools.rows < k) & (np.isfinite(pools.floor) | np.isfinite(pools.ceiling))
    to_floor = loose & np.r_[True, turn] & (left - floor < 4 * half)
    to_ceiling = loose & np.r_[turn, True] & (ceiling - right < 4 * half)
    left = np.where(to_floor | light, np.where(np.isfinite(floor), floor, ceiling - 2 * cell), left)
    right = np.where(to_ceiling | light, np.where(np.isfinite(ceiling), ceiling, floor + 2 * cell), right)
    return _Pieces(pools.rows, left, right, pools.atom)


def _meet(pools: Pools, half: np.ndarray, cell: float) -> tuple[np.ndarray, np.ndarray]:
    """Part neighbours that overlap, and close gaps that are small beside the pools, so that only true gaps
    stay.
    """
    left, right = pools.mean - half, pools.mean + half
    together = np.diff(pools.run) == 0
    if (
        len(left) > 1 and together[-1]
    ):  # an outermost pool is skewed: its neighbour knows better where it starts
        left[-1] = max(left[-1], right[-2])
    if len(left) > 1 and together[0]:
        right[0] = min(right[0], left[1])
    base = np.floor(pools.mean) if cell else pools.mean
    close = together & (left[1:] - right[:-1] <= 2 * (half[1:] + half[:-1]))
    middle = right[:-1] / 2 + left[1:] / 2
    middle = np.where(pools.atom[1:], left[1:], np.where(pools.atom[:-1], right[:-1], middle))
    middle = np.floor(middle) + cell if cell else middle
    middle = np.clip(middle, base[:-1] + cell, base[1:] - cell)
    return np.r_[left[:1], np.where(close, middle, left[1:])], np.r_[
        np.where(close, middle, right[:-1]), right[-1:]
    ]


def _extend(pieces: _Pieces, pools: Pools, tail: tuple[float, float], limit: float, cell: float) -> _Pieces:
    """Replace the uppermost pool by an extrapolated tail, unless it is an atom."""
    if pools.atom[-1]:
        return pieces
    light = pieces.left[-1] == pools.floor[-1] + cell
    start = pieces.left[-1]
    mean = tail[1] if light else pools.mean[-1] - start
    if mean <= 0 or start >= limit or not np.isfinite(start):
        return pieces
    rows, edges = tail_pieces(mean, tail[0], pools.rows[-1])
    edges = np.minimum(start + edges, limit)
    if cell:
        edges = np.floor(edges) + cell
        edges[-1] = max(edges[-1], edges[0] + 1)
    edges, at = np.unique(edges, return_index=True)
    passed = np.r_[0, np.cumsum(rows)][at]
    passed[-1] = rows.sum()
    return _Pieces(
        np.r_[pieces.rows[:-1], np.diff(passed)],
        np.r_[pieces.left[:-1], edges[:-1]],
        np.r_[pieces.right[:-1], edges[1:]],
        np.r_[pieces.atom[:-1], np.zeros(len(edges) - 1, dtype=bool)],
    )


def _mirror(pieces: _Pieces) -> _Pieces:
    return _Pieces(pieces.rows[::-1], -pieces.right[::-1], -pieces.left[::-1], pieces.atom[::-1])


def _mirror_pools(pools: Pools) -> Pools:
    return replace(
        pools,
        rows=pools.rows[::-1],
        mean=-pools.mean[::-1],
        floor=-pools.ceiling[::-1],
        ceiling=-pools.floor[::-1],
        atom=pools.atom[::-1],
    )


def _seal(pieces: _Pieces, exact: np.ndarray, origin: np.generic, factor: float) -> Scale:
    """Pieces as a scale: from edges back to values, with the atoms `exact` and no piece reaching into the
    next.
    """
    if exact.dtype == np.int64:
        ends = np.floor([pieces.left, pieces.right]).clip(-(2.0**63), 2.0**63 - 1024).astype(np.int64)
        high = ends[1] + origin
        low = np.minimum(ends[0] + 1 + origin, high)  # beyond 2^53, half a cell may be lost
    else:
        most = np.finfo(np.float64).max * factor
        low, high = np.clip([pieces.left, pieces.right], -most, most) / factor
    low[pieces.atom] = high[pieces.atom] = exact
    loose = ~pieces.atom[1:]
    beyond = high[:-1] + 1 if low.dtype == np.int64 else np.nextafter(high[:-1], np.finfo(np.float64).max)
    low[1:] = np.where(loose & (low[1:] <= high[:-1]), beyond, low[1:])
    before = low[1:] - 1 if low.dtype == np.int64 else low[1:]
    high[:-1] = np.where(~pieces.atom[:-1], np.minimum(high[:-1], before), high[:-1])
    kept = low <= high
    passed = np.cumsum(pieces.rows)[kept]
    passed[-1] = pieces.rows.sum()
    return Scale(np.r_[0, passed] / passed[-1], low[kept], high[kept])


def _add_mesh(scale: Scale, values: np.ndarray, rows: np.ndarray, k: int) -> Scale:
    piece, _ = scale.place(values)
    return replace(scale, mesh=learn_mesh(scale.low, scale.high, piece, values, rows, k))
