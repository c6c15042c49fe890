"""Pools: neighbouring rare values joined until k rows share each pool, and what may be known of it."""

from dataclasses import dataclass

import numpy as np

MOST_ATOMS = 512
MOST_POOLS = 1000


@dataclass(frozen=True)
class Pools:
    """Neighbouring values joined, ascending; arrays of shape (pools,).

    `first` is the place of the pool's lowest value among the values not set apart. An `atom` is a single
    value of k rows or more. `mean` and `spread` (standard deviation) are taken over `rows` rows. `floor`
    and `ceiling` are the nearest fixed values (atoms and values set apart), infinite where there is none;
    `run` numbers the stretches between fixed values, and each fixed value has one of its own.
    """

    first: np.ndarray
    rows: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    floor: np.ndarray
    ceiling: np.ndarray
    run: np.ndarray
    atom: np.ndarray


def pool(values: np.ndarray, rows: np.ndarray, apart: np.ndarray, k: int) -> Pools:
    """Join sorted `values` (float64) held by `rows` rows each, but for those set `apart` (a mask).

    Pools have nearly equal mass, and k rows or more wherever a stretch between fixed values has that many.
    """
    fixed = apart | _find_atoms(np.where(apart, 0, rows), k)
    begins = _cut(np.where(fixed, 0, rows), fixed, MOST_POOLS - int(np.count_nonzero(fixed & ~apart)), k)
    keep = ~apart
    starts = np.flatnonzero(np.diff(np.cumsum(begins)[keep], prepend=-1))
    ends = np.r_[starts[1:], np.count_nonzero(keep)] - 1
    floor, ceiling = _fixed_around(values, fixed)
    mass, mean, spread = _moments(values[keep], rows[keep], starts, ends)
    run = np.where(fixed, -1 - np.arange(len(values)), np.cumsum(fixed))
    return Pools(
        starts,
        mass,
        mean,
        spread,
        floor[keep][starts],
        ceiling[keep][ends],
        run[keep][starts],
        fixed[keep][starts] | (spread == 0) & (mass >= k),
    )


def _find_atoms(rows: np.ndarray, k: int) -> np.ndarray:
    """Values held by k rows; if they are too many, those that stand out, since a smooth grid needs none."""
    atom = rows >= k
    if np.count_nonzero(atom) <= MOST_ATOMS:
        return atom
    outstanding = np.where(rows >= 2 * np.median(rows[atom]), rows, 0)
    most = np.argsort(-outstanding, kind="stable")[:MOST_ATOMS]
    chosen = np.zeros_like(atom)
    chosen[most] = outstanding[most] > 0
    return chosen


def _cut(loose: np.ndarray, fixed: np.ndarray, most: int, k: int) -> np.ndarray:
    """Where pools begin, (values,) bool; `loose` are the rows of values that are not fixed."""
    room = max(2.0 * k, loose.sum() / most)
    run = np.cumsum(fixed)
    before = np.cumsum(loose) - loose
    bucket = ((before - before[np.searchsorted(run, run)]) / room).astype(np.int64)
    after_fixed = np.r_[False, fixed[:-1]]
    begins = fixed | after_fixed | np.r_[True, bucket[1:] != bucket[:-1]]
    starts = np.flatnonzero(begins)
    mass = np.add.reduceat(loose, starts)
    gathered = 0
    for i, start in enumerate(starts):
        joins = not (fixed[start] or after_fixed[start] or i == 0) and min(gathered, mass[i]) < k
        begins[start] = not joins
        gathered = gathered + mass[i] if joins else mass[i]
    return begins


def _moments(
    values: np.ndarray, rows: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mass, mean and standard deviation of each pool, taken from the pool's first value for precision."""
    sizes = ends - starts + 1
    mass = np.add.reduceat(rows, starts)
    width = values[ends] - values[starts]
    unit = np.repeat(np.where(width == 0, 1, width), sizes)
    within = (values - np.repeat(values[starts], sizes)) / unit
    mean = np.clip(np.add.reduceat(within * rows, starts) / mass, 0, 1)
    square = np.add.reduceat(rows * (within - np.repeat(mean, sizes)) ** 2, starts) / mass
    return mass, values[starts] + mean * width, np.sqrt(square) * width


def _fixed_around(values: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each value the nearest fixed one below and above it."""
    at = np.arange(len(values))
    below = np.maximum.accumulate(np.where(fixed, at, -1))
    above = np.minimum.accumulate(np.where(fixed, at, len(values))[::-1])[::-1]
    below, above = np.r_[-1, below[:-1]], np.r_[above[1:], len(values)]
    return np.r_[values, -np.inf][below], np.r_[values, np.inf][above]
