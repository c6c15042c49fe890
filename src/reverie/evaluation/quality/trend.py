"""Trend: do pairs of columns go together as they do in the real data?

Equal to the Column Pair Trends score of sdmetrics' QualityReport (0.32): for two numbers or dates, one minus
half the difference of their Pearson correlations; for all other pairs, one minus the total variation distance
of their contingency tables, numbers cut into ten equal bins of each table's own range, missing a category of
its own. The average is over the pairs that are related at all in the real data: correlation above .5, or
Cramér's V above .3. Intervals take the bins as they are; that the extremes, and so the bins, would move in
another sample is not in them.
"""

from typing import Any

import numpy as np

from reverie.evaluation import pairs
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import Estimate
from reverie.evaluation.pairs import Pairs
from reverie.evaluation.view import View

ABOUT = {
    "trend": (
        "Trend error, per cent: how differently columns go together, averaged over the pairs that are "
        "clearly related in the real data (100 minus the Column Pair Trends score of the Quality report)."
    ),
    "trend_all": (
        "Trend error, per cent, averaged over all pairs of columns, related or not. Numbers are cut into ten "
        "bins of each table's own range, so that one extreme value of a column can raise it."
    ),
}


class Trend(Measure):
    """Mean distance between the pairs' joint distributions, in per cent."""

    name = "trend"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`trend` and `trend_all`; the latter has every pair in `detail["pairs"]`, the worst first."""
        view = comparison.view
        found = pairs.compare(view, view.real, view.fake, influence=True)
        floor = None if view.holdout is None else pairs.compare(view, view.real, view.holdout)
        result = []
        if found.related.any():
            detail = {"pairs_counted": int(found.related.sum())}
            result.append(_figure("trend", found, floor, found.related, view, detail))
        defined = ~np.isnan(found.error)
        if defined.any():
            result.append(_figure("trend_all", found, floor, defined, view, _details(view, found, floor)))
        return result


def _figure(
    name: str, found: Pairs, floor: Pairs | None, which: np.ndarray, view: View, detail: dict[str, Any]
) -> Measurement:
    influence = found.influence[int(name == "trend")] / which.sum()
    mean = Estimate(100 * float(found.error[which].mean()), 100 * influence)
    low, high = mean.interval(0.0, 100.0)
    return Measurement(
        name=name,
        value=mean.value,
        low=low,
        high=high,
        floor=_floor(floor, which),
        n=view.fake.rows,
        better="lower",
        ideal=0.0,
        explanation=ABOUT[name],
        detail=detail,
    )


def _floor(floor: Pairs | None, which: np.ndarray) -> float | None:
    if floor is None or np.isnan(floor.error[which]).all():
        return None
    return 100 * float(np.nanmean(floor.error[which]))


def _details(view: View, found: Pairs, floor: Pairs | None) -> dict[str, Any]:
    rows = []
    for place in np.argsort(-np.nan_to_num(found.error, nan=-1.0), kind="stable"):
        first, second = found.columns[place]
        rows.append(
            {
                "a": view.fields[first].name,
                "b": view.fields[second].name,
                "metric": "correlation" if found.numeric[place] else "contingency",
                "error": _number(100 * found.error[place]),
                "floor": None if floor is None else _number(100 * floor.error[place]),
                "real": _number(found.real[place]),
                "fake": _number(found.fake[place]),
                "related": bool(found.related[place]),
            }
        )
    return {"columns": [field.name for field in view.fields], "pairs": rows}


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


MEASURE = Trend()
