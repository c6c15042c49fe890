"""All pairs of columns of two tables at once: correlations by products, contingency tables by counting.

Two numbers or dates are compared by Pearson's correlation over the rows where both are present; any other
pair by its contingency table, numbers cut into ten equal bins of their own table's range, missing being a
category.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reverie.evaluation.view import Side, View

BINS = 10
DENSE = 4
"""Contingency tables with more cells than this many times the rows are counted sparsely."""
FLAT = 1e-8
"""A variance this far below a column's own, over the rows of a pair, is rounding error."""
CORRELATION = 0.5
ASSOCIATION = 0.3
"""Pairs are related if the real correlation, or Cramér's V, is above these."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of fields, (pairs, 2), and for each: `error` in [0, 1] (NaN if undefined), `numeric` or not,
    `related`.

    `real` and `fake` are the strength of the relation: Pearson's correlation or Cramér's V. `influence` says
    how each row, the real ones first, moves the sum of the errors of all pairs and of the related ones: (2,
    rows).
    """

    columns: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    real: np.ndarray
    fake: np.ndarray
    related: np.ndarray
    influence: np.ndarray


def compare(view: View, real: Side, fake: Side, *, influence: bool = False) -> Pairs:
    """Compare all pairs; influences are zero unless asked for."""
    columns = np.array(list(combinations(range(len(view.fields)), 2)), np.int64).reshape(-1, 2)
    categorical = np.array([field.categorical for field in view.fields], bool)
    numeric = ~categorical[columns[:, 0]] & ~categorical[columns[:, 1]]
    found = np.full((len(columns), 3), np.nan)
    moved = np.zeros((2, real.rows + fake.rows))
    found[numeric] = _correlated(view, real, fake, columns[numeric])
    bound = np.where(numeric, CORRELATION, ASSOCIATION)
    if influence and numeric.any():
        places = np.array([field.index for field in view.fields])[columns[numeric]]
        moved += _correlation_influence(real, fake, places, found[numeric])
    codes, sizes = (_coded(view, real), _coded(view, fake)), _sizes(view)
    for place in np.flatnonzero(~numeric):
        table = _contingency(codes, sizes, *columns[place])
        found[place] = table.error, *table.strengths()
        if influence:
            moved[0] += (change := table.influence())
            moved[1] += change * (found[place, 1] > ASSOCIATION)
    with np.errstate(invalid="ignore"):
        related = (np.abs(found[:, 1]) > bound) & ~np.isnan(found[:, 0])
    return Pairs(columns, numeric, found[:, 0], found[:, 1], found[:, 2], related, moved)


@dataclass(frozen=True)
class Contingency:
    """A pair's cell of each row, of real and of fake rows, and each cell's row and column of the table."""

    codes: tuple[np.ndarray, np.ndarray]
    counts: tuple[np.ndarray, np.ndarray]
    row: np.ndarray
    column: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """Share of the real rows less share of the fake rows in each cell."""
        real, fake = self.counts
        return real / max(1, len(self.codes[0])) - fake / max(1, len(self.codes[1]))

    @property
    def error(self) -> float:
        """Total variation distance."""
        return float(np.abs(self.gap).sum() / 2)

    def strengths(self) -> tuple[float, float]:
        """Cramér's V of the real and of the fake table."""
        real, fake = (_association(counts, self.row, self.column) for counts in self.counts)
        return real, fake

    def influence(self) -> np.ndarray:
        """How each row, the real ones first, moves the error, to first order."""
        side = np.sign(self.gap) / 2
        parts = [side[codes] / max(1, len(codes)) for codes in self.codes]
        return np.concatenate([parts[0] - parts[0].mean(), parts[1].mean() - parts[1]])


def _coded(view: View, side: Side) -> list[np.ndarray]:
    """Each field as codes: categories with 0 for missing, numbers in ten equal bins of their own range."""
    columns = []
    for field in view.fields:
        if field.categorical:
            columns.append(side.codes[:, field.index].astype(np.int64) + 1)
            continue
        values = side.numbers[:, field.index]
        # The largest value and a missing one share the bin after the last, as in the reference.
        columns.append(np.digitize(values, _edges(values[~np.isnan(values)])))
    return columns


def _edges(values: np.ndarray) -> np.ndarray:
    try:
        return np.histogram_bin_edges(values, BINS)
    except ValueError:
        # One value so large (a date in nanoseconds) that floats cannot divide the range around it.
        return values[:1]


def _sizes(view: View) -> list[int]:
    return [len(field.labels) + 1 if field.categorical else BINS + 2 for field in view.fields]


def _contingency(
    codes: tuple[list[np.ndarray], list[np.ndarray]], sizes: list[int], a: int, b: int
) -> Contingency:
    width, size = sizes[b], sizes[a] * sizes[b]
    real, fake = (columns[a] * width + columns[b] for columns in codes)
    names = np.arange(size)
    if size > DENSE * (len(real) + len(fake)):
        names, inverse = np.unique(np.concatenate([real, fake]), return_inverse=True)
        real, fake = inverse[: len(real)], inverse[len(real) :]
    counts = np.bincount(real, minlength=len(names)), np.bincount(fake, minlength=len(names))
    return Contingency((real, fake), counts, names // width, names % width)


def _association(counts: np.ndarray, row: np.ndarray, column: np.ndarray) -> float:
    """Cramér's V, from the cells that occur: chi2 / n is the sum of n_ij^2 / (n_i n_j), less one.

    NaN if one of the columns is constant.
    """
    seen = np.flatnonzero(counts)
    observed, row, column = counts[seen].astype(float), row[seen], column[seen]
    row_totals, column_totals = np.bincount(row, observed), np.bincount(column, observed)
    smaller = min(np.count_nonzero(row_totals), np.count_nonzero(column_totals))
    if smaller < 2:
        return np.nan
    phi2 = float((observed * observed / row_totals[row] / column_totals[column]).sum()) - 1
    return float(np.sqrt(max(0.0, phi2) / (smaller - 1)))


def _correlated(view: View, real: Side, fake: Side, columns: np.ndarray) -> np.ndarray:
    """Error and both correlations of pairs of numbers, (pairs, 3)."""
    places = np.array([field.index for field in view.fields], np.int64)[columns].reshape(-1, 2)
    left, right = (_correlations(side.numbers, places) for side in (real, fake))
    return np.stack([np.abs(left - right) / 2, left, right], axis=1)


def _correlations(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Pearson correlations over the rows where both columns are present, NaN where undefined; (pairs,)."""
    here = (~np.isnan(values)).astype(float)
    scaled = standardise(values)
    a, b = places.T
    n, sums, squares = here.T @ here, scaled.T @ here, np.square(scaled).T @ here
    with np.errstate(invalid="ignore", divide="ignore"):
        n, x, y = n[a, b], sums[a, b], sums[b, a]
        spread_x, spread_y = squares[a, b] / n - (x / n) ** 2, squares[b, a] / n - (y / n) ** 2
        result = ((scaled.T @ scaled)[a, b] / n - x * y / n / n) / np.sqrt(spread_x * spread_y)
        flat = (spread_x < FLAT) | (spread_y < FLAT) | (n < 2)
    return np.clip(np.where(flat, np.nan, result), -1, 1)


def standardise(values: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and variance 1, 0 where missing and everywhere in a constant one."""
    present = ~np.isnan(values)
    n = np.maximum(present.sum(0), 1)
    size = np.max(np.where(present, np.abs(values), 0), axis=0, initial=0)
    filled = np.where(present, values, 0) / np.where(size > 0, size, 1)
    low = np.min(np.where(present, filled, np.inf), axis=0, initial=np.inf)
    high = np.max(np.where(present, filled, -np.inf), axis=0, initial=-np.inf)
    centred = np.where(present & (high > low), filled - filled.sum(0) / n, 0)
    deviation = np.sqrt(np.square(centred).sum(0) / n)
    return centred / np.where(deviation > 0, deviation, 1)


def _correlation_influence(real: Side, fake: Side, places: np.ndarray, found: np.ndarray) -> np.ndarray:
    """How rows move the errors of the pairs of numbers, of all and of the related ones; (2, rows)."""
    parts = []
    for values, strength, way in ((real.numbers, found[:, 1], 0.5), (fake.numbers, found[:, 2], -0.5)):
        sign = way * np.sign(np.nan_to_num(found[:, 1] - found[:, 2]))
        strong = np.abs(np.nan_to_num(found[:, 1])) > CORRELATION
        parts.append([_moved(values, places, np.nan_to_num(strength), sign * s) for s in (1, strong)])
    return np.concatenate(parts, axis=1)


def _moved(values: np.ndarray, places: np.ndarray, strength: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weighted sum over pairs of the influence of each row on the correlation, (rows,).

    The influence on r is z_x z_y - r (z_x^2 + z_y^2) / 2. Source: Devlin, Gnanadesikan and Kettenring (1975).
    """
    here = (~np.isnan(values)).astype(float)
    scaled = standardise(values)
    a, b = places.T
    weight = weight / np.maximum((here.T @ here)[a, b], 1)
    product, square = (np.zeros((values.shape[1], values.shape[1])) for _ in range(2))
    product[a, b] = weight
    square[a, b] = square[b, a] = weight * strength / 2
    return ((scaled @ product) * scaled).sum(1) - ((here @ square) * np.square(scaled)).sum(1)
