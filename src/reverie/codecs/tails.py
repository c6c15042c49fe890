"""Tails: what lies beyond the values that enough rows share, extrapolated rather than copied.

The excesses over a threshold follow a generalised Pareto law (Source: Pickands 1975). Its shape comes from
the L-moments of the outermost rows (Source: Hosking and Wallis 1987), which holds for heavy tails too;
shape -1 is a uniform, bounded tail, 0 an exponential one. Only the shape, and means over k rows or more,
leave this module.
"""

import numpy as np

SHAPES = (-1.0, 0.7)
_RATIO = 2**-0.5
_LAST_ROWS = 0.25


def shape_of_tail(values: np.ndarray, counts: np.ndarray, k: int) -> tuple[float, float]:
    """Shape of the upper tail of sorted `values`, and the mean excess (of k rows or more) that goes with it.

    Looks at the outermost 2 % of rows, within 4 k to 500. Where fewer than k of them have values that are not
    shared by k rows, nothing is told, since the others are known and would give those few away. Lower tails:
    pass `-values[::-1]`.
    """
    rows = int(np.clip(counts.sum() // 50, 4 * k, 500))
    above = np.cumsum(counts[::-1])[::-1]
    first = int(np.searchsorted(-above, -rows, side="right"))
    excess = values[first:] - values[max(first - 1, 0)]
    if not len(excess) or not np.isfinite(excess).all() or excess.max() <= 0:
        return SHAPES[0], 0.0
    if 0 < counts[first:][counts[first:] < k].sum() < k:
        return SHAPES[0], 0.0
    weight = counts[first:] / counts[first:].sum()
    excess, size = excess / excess.max(), excess.max()
    rank = np.cumsum(weight) - weight / 2
    first_moment = float(weight @ excess)
    second_moment = float(2 * (weight * rank) @ excess - first_moment)
    if second_moment <= 0:
        return SHAPES[0], first_moment * size
    shape = float(np.clip(2 - first_moment / second_moment, *SHAPES))
    return shape, first_moment * size


def tail_pieces(mean: float, shape: float, rows: float) -> tuple[np.ndarray, np.ndarray]:
    """A tail of `rows` rows and mean excess `mean`, as pieces: their rows (m,), and the edges (m + 1,) of
    excess from 0 up.

    The last edge is the excess that one row in some sixteen such tables would pass: neither the largest
    value seen nor the mean of the k largest.
    """
    pieces = max(int(np.ceil(np.log(_LAST_ROWS / rows) / np.log(_RATIO))), 1)
    passing = np.r_[_RATIO ** np.arange(pieces + 1), 0]
    reach = passing.copy()
    reach[-1] = reach[-2] / 4
    scale = (1 - shape) * mean
    edges = -scale * np.log(reach) if abs(shape) < 1e-6 else scale * (reach**-shape - 1) / shape
    return rows * -np.diff(passing), edges
