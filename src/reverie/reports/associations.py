"""How strongly each pair of columns goes together, in real, synthetic and unseen real data.

Every column becomes at most `BINS` codes on the real data's own quantiles or levels; one matrix product of
the one-hot codes then holds the contingency tables of all pairs at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from reverie.reports.axes import write
from reverie.reports.protection import K, step
from reverie.reports.views import LevelView, NumberView, OpaqueView, View

BINS = 8
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Coded:
    """A column as codes: role -> (rows,) in 0..k-1, and a label for each code."""

    name: str
    labels: tuple[str, ...]
    codes: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Associations:
    """Strength of each pair, (m, m) in 0..1 per role, and all contingency tables, ordered as `columns`."""

    columns: tuple[Coded, ...]
    strength: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]
    offsets: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the matrices."""
        return tuple(column.name for column in self.columns)

    def difference(self, role: str = "fake") -> np.ndarray:
        """|strength in `role` - strength in real|, (m, m)."""
        return np.abs(self.strength[role] - self.strength["real"])

    def table(self, role: str, first: str, second: str) -> np.ndarray:
        """Rows by code of `first` and code of `second`."""
        i, j = self.names.index(first), self.names.index(second)
        rows = slice(self.offsets[i], self.offsets[i + 1])
        return self.counts[role][rows, self.offsets[j] : self.offsets[j + 1]]


def associate(views: Sequence[View]) -> Associations | None:
    """All pairs of the columns that vary, similar columns beside each other; None if fewer than two vary.

    Strength is Cramer's V without its small-sample bias (Bergsma 2013), of at most MOST_ROWS rows.
    """
    coded = [column for view in views if (column := encode(view)) is not None]
    if len(coded) < 2:
        return None
    offsets = _offsets(coded)
    order = _seriate(_strength(_gram(coded, offsets, "real"), offsets))
    columns = [coded[i] for i in order]
    offsets = _offsets(columns)
    counts = {role: _gram(columns, offsets, role) for role in columns[0].codes}
    strength = {role: _strength(gram, offsets) for role, gram in counts.items()}
    return Associations(tuple(columns), strength, counts, offsets)


def encode(view: View) -> Coded | None:
    """At most BINS codes and one for missing, or None if all is the same. No label is a rare value."""
    if isinstance(view, OpaqueView):
        return None
    codes, labels = _code_numbers(view) if isinstance(view, NumberView) else _code_levels(view)
    thinned = {role: array[:: _stride(len(array))] for role, array in codes.items()}
    codes = {role: np.where(array < 0, len(labels), array) for role, array in thinned.items()}
    used = np.unique(np.concatenate(list(codes.values())))
    codes = {role: np.searchsorted(used, array) for role, array in codes.items()}
    varies = len(np.unique(codes["real"])) > 1
    return Coded(view.name, tuple([*labels, "missing"][code] for code in used), codes) if varies else None


def _stride(rows: int) -> int:
    return max(1, -(-rows // MOST_ROWS))


def _code_numbers(view: NumberView) -> tuple[dict[str, np.ndarray], list[str]]:
    real = view.values["real"]
    real = real[~np.isnan(real)]
    if len(real) < 2 * K:
        return {role: np.where(np.isnan(values), -1, 0) for role, values in view.values.items()}, ["all"]
    cuts = np.quantile(real, np.arange(1, BINS) / BINS)
    # Cuts are drawn on axes, so they are rounded: a quantile of real data is somebody's value.
    width = step(float(cuts[-1] - cuts[0]) / 50, whole=view.unit == "integer")
    cuts = np.unique(np.ceil(cuts / width) * width)
    places = {role: np.searchsorted(cuts, values, side="right") for role, values in view.values.items()}
    codes = {role: np.where(np.isnan(view.values[role]), -1, array) for role, array in places.items()}
    ends = [write(float(cut), view.unit) for cut in cuts]
    between = [f"{low} to {high}" for low, high in pairwise(ends)]
    return codes, [f"under {ends[0]}", *between, f"{ends[-1]} or more"]


def _code_levels(view: LevelView) -> tuple[dict[str, np.ndarray], list[str]]:
    counts = view.counts("real")
    top = np.argsort(-counts, kind="stable")[: BINS - 1]
    top = top[counts[top] >= K]
    remap = np.full(len(counts) + 1, len(top))
    remap[top] = np.arange(len(top))
    remap[-1] = -1
    labels = [*(view.labels[code] for code in top), "other"]
    return {role: remap[codes] for role, codes in view.codes.items()}, labels


def _offsets(columns: Sequence[Coded]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum([len(column.labels) for column in columns])])


def _gram(columns: Sequence[Coded], offsets: np.ndarray, role: str) -> np.ndarray:
    rows = len(columns[0].codes[role])
    one_hot = np.zeros((rows, offsets[-1]), dtype=np.float32)
    for column, offset in zip(columns, offsets[:-1], strict=True):
        one_hot[np.arange(rows), offset + column.codes[role]] = 1.0
    # float32 counts are exact up to 2^24, far above MOST_ROWS.
    return (one_hot.T @ one_hot).astype(np.float64)


def _strength(gram: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    totals = np.diag(gram)
    n = totals[offsets[0] : offsets[1]].sum()
    expected = np.outer(totals, totals)
    ratio = np.divide(gram**2, expected, out=np.zeros_like(gram), where=expected > 0)
    starts = offsets[:-1]
    phi2 = np.add.reduceat(np.add.reduceat(ratio, starts, axis=0), starts, axis=1) - 1.0
    levels = np.add.reduceat((totals > 0).astype(float), starts)
    bias = np.outer(levels - 1, levels - 1) / max(n - 1, 1)
    corrected = levels - (levels - 1) ** 2 / max(n - 1, 1)
    limit = np.maximum(np.minimum.outer(corrected, corrected) - 1, 1e-9)
    strength = np.sqrt(np.clip((phi2 - bias) / limit, 0.0, 1.0))
    strength[np.ix_(levels < 2, np.arange(len(levels)))] = strength[:, levels < 2] = 0.0
    np.fill_diagonal(strength, 1.0)
    return strength


def _seriate(strength: np.ndarray) -> np.ndarray:
    # The Fiedler vector of the association graph puts strongly tied columns next to each other.
    weights = strength - np.diag(np.diag(strength))
    laplacian = np.diag(weights.sum(axis=1)) - weights
    vector = np.linalg.eigh(laplacian)[1][:, 1]
    vector = np.round(vector, 9) * (1 if vector[np.argmax(np.abs(np.round(vector, 9)))] > 0 else -1)
    return np.argsort(vector, kind="stable")
