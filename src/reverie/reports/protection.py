"""What may be shown: nothing that fewer than `K` real rows hold, no axis that starts at a person's value."""

from collections.abc import Sequence

import numpy as np

K = 5
"""A level, a bar or a cell is shown only if at least this many real rows share it."""

_STEPS = np.array([1.0, 2.0, 2.5, 5.0, 10.0])


def step(width: float, *, whole: bool = False) -> float:
    """The round number (1, 2, 2.5 or 5 times a power of ten) at or just above `width`; a whole one if asked.

    >>> step(0.03), step(1.2, whole=True)
    (0.05, 2.0)
    """
    if not np.isfinite(width) or width <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    steps = _STEPS[_STEPS != 2.5] if whole and power < 10 else _STEPS
    rounded = float(steps[np.searchsorted(steps, width / power * (1 - 1e-9))] * power)
    return max(rounded, 1.0) if whole else float(f"{rounded:.12g}")


def span(values: np.ndarray, k: int = K) -> tuple[float, float] | None:
    """The middle 99 % of `values`, at most the k-th smallest to the k-th largest; None if there are too few.

    The ends are still real values: round them (`grid`) before they are shown.
    """
    n = len(values)
    if n < 2 * k:
        return None
    tail = max(int(0.005 * n), k - 1)
    ordered = np.partition(values, [tail, n - 1 - tail])
    return float(ordered[tail]), float(ordered[n - 1 - tail])


def grid(low: float, high: float, bins: int, *, whole: bool = False) -> np.ndarray:
    """Edges of about `bins` equal bins on round numbers that cover low..high."""
    width = step((high - low) / bins, whole=whole)
    first, last = np.floor(low / width), np.floor(high / width) + 1
    edges = np.arange(first, last + 1) * width
    return edges - 0.5 if whole and width == 1 else edges


def merge(counts: Sequence[np.ndarray], k: int = K) -> np.ndarray:
    """Start positions of runs of bins such that every run holds 0 or at least `k` rows of each of `counts`.

    Empty bins stay on their own; a small bin joins its neighbours. The last run may join the one before.
    """
    table = np.stack(counts, axis=1)
    starts, total = [0], np.zeros(table.shape[1], dtype=np.int64)
    for position, row in enumerate(table):
        if starts[-1] != position and not np.any((total > 0) & (total < k)):
            starts.append(position)
            total = np.zeros_like(total)
        total = total + row
    while len(starts) > 1 and np.any((total > 0) & (total < k)):
        starts.pop()
        total = table[starts[-1] :].sum(axis=0)
    return np.array(starts)


def may_show(count: int, k: int = K) -> bool:
    """Whether a count of real rows may be shown: none at all, or at least `k`."""
    return count == 0 or count >= k
