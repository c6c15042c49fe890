"""All pairs of columns of two tables at once: correlations by products, contingency tables by counting."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reverie.evaluation.intervals import GROUPS
from reverie.evaluation.view import Side, View

BINS = 10
DENSE = 4
"""Contingency tables with more cells than this many times the rows are counted sparsely."""
FLAT = 1e-8
"""A variance this far below a column's own, over the rows of a pair, is rounding error."""

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Pairs:
    """Pairs of fields, (pairs, 2), and for each its distance in [0, 1] (NaN if undefined), `numeric` or not.

    `real` and `fake` are the strength of the relation: Pearson's correlation or Cramér's V. `left_out` is the
    distance with each group of rows left out, (pairs, GROUPS).
    """

    columns: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    real: np.ndarray
    fake: np.ndarray
    left_out: np.ndarray


def compare(view: View, real: Side, fake: Side, split: Split | None = None) -> Pairs:
    """Compare all pairs; with `split`, the groups of the rows of both tables, also without each group."""
    columns = np.array(list(combinations(range(len(view.fields)), 2)), np.int64).reshape(-1, 2)
    categorical = np.array([field.categorical for field in view.fields], bool)
    numeric = ~categorical[columns].any(1)
    found = np.full((len(columns), 3 + GROUPS), np.nan)
    found[numeric] = _correlated(view, real, fake, columns[numeric], split)
    left, right = _coded(view, real), _coded(view, fake)
    sizes = [len(field.labels) + 1 if field.categorical else BINS + 2 for field in view.fields]
    for place in np.flatnonzero(~numeric):
        a, b = columns[place]
        tables = _contingency((left[a], left[b]), (right[a], right[b]), (sizes[a], sizes[b]), split)
        found[place] = _distances(*tables)
    error, real_strength, fake_strength = found[:, :3].T
    return Pairs(columns, numeric, error, real_strength, fake_strength, found[:, 3:])


def _coded(view: View, side: Side) -> list[np.ndarray]:
    """Each field as codes: categories with 0 for missing, numbers in ten equal bins of their own range."""
    columns = []
    for field in view.fields:
        if field.categorical:
            columns.append(side.codes[:, field.index].astype(np.int64) + 1)
            continue
        values = side.numbers[:, field.index]
        # The largest value and a missing one share the bin after the last, as in the reference.
        columns.append(np.digitize(values, np.histogram_bin_edges(values[~np.isnan(values)], BINS)))
    return columns


@dataclass(frozen=True)
class Contingency:
    """Counts of a pair's cells by group of rows, (groups, cells), and each cell's row and column."""

    real: np.ndarray
    fake: np.ndarray
    row: np.ndarray
    column: np.ndarray


def _contingency(
    real: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    sizes: tuple[int, int],
    split: Split | None,
) -> tuple[Contingency, bool]:
    width = sizes[1]
    joint = [a * width + b for a, b in (real, fake)]
    rows = len(joint[0]) + len(joint[1])
    if sizes[0] * width > DENSE * rows:
        names, codes = np.unique(np.concatenate(joint), return_inverse=True)
        joint = [codes[: len(joint[0])], codes[len(joint[0]) :]]
    else:
        names = np.arange(sizes[0] * width)
    left, right = (None, None) if split is None else split
    tables = _counts(joint[0], len(names), left), _counts(joint[1], len(names), right)
    return Contingency(tables[0], tables[1], names // width, names % width), split is not None


def _counts(codes: np.ndarray, size: int, group: np.ndarray | None) -> np.ndarray:
    if group is None:
        return np.bincount(codes, minlength=size).reshape(1, size)
    return np.bincount(group * size + codes, minlength=GROUPS * size).reshape(GROUPS, size)


def _distances(table: Contingency, grouped: bool) -> np.ndarray:
    """Total variation, Cramér's V of real and fake, total variation without each group; (3 + GROUPS,)."""
    real, fake = table.real.sum(0), table.fake.sum(0)
    found = np.full(3 + GROUPS, np.nan)
    found[0] = _variation(real, fake)
    found[1], found[2] = (_association(counts, table.row, table.column) for counts in (real, fake))
    if grouped:
        found[3:] = _variation(real - table.real, fake - table.fake)
    return found


def _variation(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(real / real.sum(-1, keepdims=True) - fake / fake.sum(-1, keepdims=True)).sum(-1) / 2


def _association(counts: np.ndarray, row: np.ndarray, column: np.ndarray) -> float:
    """Cramér's V, from the cells that occur: chi2 / n = sum of n_ij^2 / (n_i n_j), less one. NaN if one side
    is constant.
    """
    row_totals, column_totals = np.bincount(row, counts), np.bincount(column, counts)
    smaller = min(np.count_nonzero(row_totals), np.count_nonzero(column_totals))
    if smaller < 2:
        return np.nan
    seen = counts > 0
    observed = counts[seen].astype(float)
    phi2 = float((observed * observed / row_totals[row[seen]] / column_totals[column[seen]]).sum()) - 1
    return float(np.sqrt(max(0.0, phi2) / (smaller - 1)))


def _correlated(view: View, real: Side, fake: Side, columns: np.ndarray, split: Split | None) -> np.ndarray:
    """The rows of `compare` for pairs of numbers, (pairs, 3 + GROUPS)."""
    places = np.array([field.index for field in view.fields])[columns].reshape(-1, 2)
    moments = [
        _moments(side.numbers, None if split is None else split[at]) for at, side in enumerate((real, fake))
    ]
    whole = [_correlations(moment.sum(0), places) for moment in moments]
    found = np.full((len(columns), 3 + GROUPS), np.nan)
    found[:, 0] = np.abs(whole[0] - whole[1]) / 2
    found[:, 1], found[:, 2] = whole
    if split is not None:
        for group in range(GROUPS):
            left = [_correlations(moment.sum(0) - moment[group], places) for moment in moments]
            found[:, 3 + group] = np.abs(left[0] - left[1]) / 2
    return found


def _moments(values: np.ndarray, group: np.ndarray | None) -> np.ndarray:
    """Pairwise sums over the rows where both columns are present: n, x, x squared, x y; (groups, 4, p, p).

    Columns are put to mean 0 and variance 1 first, so that the sums lose no precision.
    """
    present = ~np.isnan(values)
    scaled = _scaled(values, present)
    parts = [np.arange(len(values))] if group is None else [np.flatnonzero(group == g) for g in range(GROUPS)]
    sums = np.empty((len(parts), 4, values.shape[1], values.shape[1]))
    for place, rows in enumerate(parts):
        x, here = scaled[rows], present[rows].astype(float)
        sums[place] = here.T @ here, x.T @ here, np.square(x).T @ here, x.T @ x
    return sums


def _scaled(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Standardised columns, 0 where missing and everywhere in a constant one."""
    n = np.maximum(present.sum(0), 1)
    size = np.max(np.where(present, np.abs(values), 0), axis=0, initial=0)
    filled = np.where(present, values, 0) / np.where(size > 0, size, 1)
    low = np.min(np.where(present, filled, np.inf), axis=0, initial=np.inf)
    high = np.max(np.where(present, filled, -np.inf), axis=0, initial=-np.inf)
    centred = np.where(present & (high > low), filled - filled.sum(0) / n, 0)
    deviation = np.sqrt(np.square(centred).sum(0) / n)
    return centred / np.where(deviation > 0, deviation, 1)


def _correlations(sums: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Pearson correlations of the pairs, NaN where undefined, (pairs,)."""
    a, b = places.T
    n, x, y = sums[0, a, b], sums[1, a, b], sums[1, b, a]
    with np.errstate(invalid="ignore", divide="ignore"):
        spread_x, spread_y = sums[2, a, b] / n - (x / n) ** 2, sums[2, b, a] / n - (y / n) ** 2
        flat = (spread_x < FLAT) | (spread_y < FLAT)
        result = (sums[3, a, b] / n - x * y / n / n) / np.sqrt(spread_x * spread_y)
    return np.clip(np.where(flat | (n < 2), np.nan, result), -1, 1)
