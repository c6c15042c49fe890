"""Shape: does each column, alone, have the right distribution?

Equal to the Column Shapes score of sdmetrics' QualityReport: one minus the Kolmogorov-Smirnov distance of
numbers and dates, one minus the total variation distance of categories, missing values left aside, averaged
over columns.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import Estimate
from reverie.evaluation.view import Field, Side, View

DECIMALS = 14


@dataclass(frozen=True)
class Counted:
    """A column's cells in both tables: each row's code, -1 where missing, and the rows in each cell."""

    codes: tuple[np.ndarray, np.ndarray]
    counts: tuple[np.ndarray, np.ndarray]
    ordered: bool


def count(field: Field, real: Side, fake: Side) -> Counted:
    """Cells are the values that occur, in their order if they have one."""
    if field.categorical:
        codes = real.codes[:, field.index], fake.codes[:, field.index]
        size = len(field.labels)
    else:
        pooled = np.concatenate([real.numbers[:, field.index], fake.numbers[:, field.index]])
        present = ~np.isnan(pooled)
        distinct, inverse = np.unique(_rounded(pooled[present]), return_inverse=True)
        coded = np.full(len(pooled), -1, np.int64)
        coded[present] = inverse
        codes, size = (coded[: real.rows], coded[real.rows :]), len(distinct)
    counts = [np.bincount(side[side >= 0], minlength=max(1, size)) for side in codes]
    return Counted(codes, (counts[0], counts[1]), not field.categorical)


def distance(counted: Counted) -> Estimate:
    """Kolmogorov-Smirnov distance of ordered cells, else total variation; NaN if a table has no value.

    The influences are of all rows, the real ones first.
    """
    real, fake = counted.counts
    rows = sum(len(codes) for codes in counted.codes)
    if not real.sum() or not fake.sum():
        return Estimate(np.nan, np.zeros(rows))
    gap = real / real.sum() - fake / fake.sum()
    if counted.ordered:
        steps = gap.cumsum()
        top = int(np.abs(steps).argmax())
        weight = np.where(np.arange(len(gap)) <= top, np.sign(steps[top]), 0.0)
    else:
        weight = np.sign(gap) / 2
    value = float(weight @ gap)
    parts = [_influence(codes, weight, way) for codes, way in zip(counted.codes, (1, -1), strict=True)]
    return Estimate(value, np.concatenate(parts))


class Shape(Measure):
    """Mean distance between the columns' distributions, in per cent."""

    name = "shape"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """One figure: `shape`, with every column in `detail["columns"]`, the worst first."""
        view = comparison.view
        found = [distance(count(field, view.real, view.fake)) for field in view.fields]
        defined = [one for one in found if not np.isnan(one.value)]
        if not defined:
            return []
        mean = Estimate(
            100 * float(np.mean([one.value for one in defined])),
            100 * np.mean([one.influence for one in defined], axis=0),
        )
        errors, floors = np.array([one.value for one in found]), _floors(view)
        low, high = mean.interval(0.0, 100.0)
        return [
            Measurement(
                name="shape",
                value=mean.value,
                low=low,
                high=high,
                floor=None if np.isnan(floors).all() else 100 * float(np.nanmean(floors)),
                n=view.fake.rows,
                better="lower",
                ideal=0.0,
                explanation=(
                    "Shape error, per cent: how far the columns' distributions are from the real ones, mean "
                    "(100 minus the Column Shapes score of the field's Quality report)."
                ),
                detail={"columns": _details(view, errors, floors)},
            )
        ]


def _influence(codes: np.ndarray, weight: np.ndarray, way: int) -> np.ndarray:
    present = codes >= 0
    moved = np.where(present, weight[codes], 0.0)
    return way * np.where(present, moved - moved.sum() / present.sum(), 0.0) / present.sum()


def _rounded(values: np.ndarray) -> np.ndarray:
    # Rounding beyond a float's precision would only overflow.
    return np.where(np.abs(values) < 100, np.round(np.clip(values, -100, 100), DECIMALS), values)


def _floors(view: View) -> np.ndarray:
    holdout = view.holdout
    if holdout is None:
        return np.full(len(view.fields), np.nan)
    return np.array([distance(count(field, view.real, holdout)).value for field in view.fields])


def _details(view: View, errors: np.ndarray, floors: np.ndarray) -> list[dict[str, Any]]:
    order = np.argsort(-np.nan_to_num(errors, nan=-1.0), kind="stable")
    return [
        {
            "name": view.fields[place].name,
            "kind": view.fields[place].kind,
            "error": _percent(errors[place]),
            "floor": _percent(floors[place]),
        }
        for place in order
    ]


def _percent(share: Any) -> float | None:
    return None if np.isnan(share) else 100 * float(share)


MEASURE = Shape()
