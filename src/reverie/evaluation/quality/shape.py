"""Shape: does each column, alone, have the right distribution?

Equal to the Column Shapes score of sdmetrics' QualityReport: one minus the Kolmogorov-Smirnov distance of
numbers and dates, one minus the total variation distance of categories, missing values left aside, averaged
over columns.
"""

from typing import Any

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import GROUPS, groups, jackknife
from reverie.evaluation.view import Field, Side, View

DECIMALS = 14
GRID = 2000
"""Points on which a Kolmogorov-Smirnov distance is taken again for its interval."""


def distance(real: np.ndarray, fake: np.ndarray, *, cumulative: bool) -> np.ndarray:
    """Kolmogorov-Smirnov (cumulative) or total variation distance of counts, (..., cells) -> (...)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = real / real.sum(-1, keepdims=True) - fake / fake.sum(-1, keepdims=True)
    return np.abs(gap.cumsum(-1)).max(-1) if cumulative else np.abs(gap).sum(-1) / 2


def cells(field: Field, real: Side, fake: Side) -> tuple[np.ndarray, np.ndarray, int]:
    """Codes of a column in both tables, in the order of its values, -1 for missing, and how many there are."""
    if field.categorical:
        return real.codes[:, field.index], fake.codes[:, field.index], max(1, len(field.labels))
    pooled = np.concatenate([real.numbers[:, field.index], fake.numbers[:, field.index]])
    present = ~np.isnan(pooled)
    distinct, inverse = np.unique(_rounded(pooled[present]), return_inverse=True)
    coded = np.full(len(pooled), -1, np.int64)
    coded[present] = inverse
    return coded[: real.rows], coded[real.rows :], max(1, len(distinct))


def errors(view: View, real: Side, fake: Side) -> np.ndarray:
    """One distance a column, in [0, 1], NaN where a table has no value of it; (columns,)."""
    return np.array([_error(field, *cells(field, real, fake)) for field in view.fields])


class Shape(Measure):
    """Mean distance between the columns' distributions, in per cent."""

    name = "shape"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """One figure: `shape`, with every column in `detail["columns"]`, the worst first."""
        view = comparison.view
        if not view.fields:
            return []
        found, left_out = _with_groups(view, comparison)
        if np.isnan(found).all():
            return []
        floors = None if view.holdout is None else errors(view, view.real, view.holdout)
        value = float(np.nanmean(found))
        low, high = jackknife(value, np.nanmean(left_out, axis=0))
        return [
            Measurement(
                name="shape",
                value=100 * value,
                low=100 * low,
                high=100 * min(1.0, high),
                floor=None if floors is None else 100 * float(np.nanmean(floors)),
                n=view.fake.rows,
                better="lower",
                ideal=0.0,
                explanation=(
                    "Shape error, per cent: how far the columns' distributions are from the real ones, averaged "
                    "(100 minus the Column Shapes score of the field's Quality report)."
                ),
                detail={"columns": _details(view, found, floors)},
            )
        ]


def _rounded(values: np.ndarray) -> np.ndarray:
    # Rounding beyond a float's precision would only overflow.
    return np.where(np.abs(values) < 100, np.round(np.clip(values, -100, 100), DECIMALS), values)


def _error(field: Field, real: np.ndarray, fake: np.ndarray, size: int) -> float:
    counts = [np.bincount(codes[codes >= 0], minlength=size) for codes in (real, fake)]
    return float(distance(*counts, cumulative=not field.categorical))


def _with_groups(view: View, comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """The distance of each column, (columns,), and the same with each group of rows left out, (columns,
    GROUPS).
    """
    rng = comparison.generator("shape")
    real_group, fake_group = groups(view.real.rows, rng), groups(view.fake.rows, rng)
    found, left_out = np.empty(len(view.fields)), np.empty((len(view.fields), GROUPS))
    for place, field in enumerate(view.fields):
        real, fake, size = cells(field, view.real, view.fake)
        found[place] = _error(field, real, fake, size)
        if not field.categorical and size > GRID:
            real, fake, size = _coarse(real, size), _coarse(fake, size), GRID
        left_out[place] = distance(
            _without(real, real_group, size),
            _without(fake, fake_group, size),
            cumulative=not field.categorical,
        )
    return found, left_out


def _coarse(codes: np.ndarray, size: int) -> np.ndarray:
    return np.where(codes < 0, -1, codes * GRID // size)


def _without(codes: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    """Counts of the codes with each group left out, (GROUPS, size)."""
    present = codes >= 0
    counts = np.bincount(group[present] * size + codes[present], minlength=GROUPS * size).reshape(
        GROUPS, size
    )
    return counts.sum(0) - counts


def _details(view: View, found: np.ndarray, floors: np.ndarray | None) -> list[dict[str, Any]]:
    columns = []
    for place in np.argsort(-np.nan_to_num(found, nan=-1.0), kind="stable"):
        field = view.fields[place]
        columns.append(
            {
                "name": field.name,
                "kind": field.kind,
                "error": _percent(found[place]),
                "floor": None if floors is None else _percent(floors[place]),
            }
        )
    return columns


def _percent(share: Any) -> float | None:
    return None if np.isnan(share) else 100 * float(share)


MEASURE = Shape()
