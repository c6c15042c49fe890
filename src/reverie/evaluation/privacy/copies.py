"""Copies: how many synthetic rows are exactly a training row, beside how many unseen real rows are?"""

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.fingerprints import fingerprints
from reverie.evaluation.intervals import wilson
from reverie.evaluation.view import Side, View


class Copies(Measure):
    """Share of synthetic rows that equal a training row in every compared column, in per cent."""

    name = "copies"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`copies`, with the holdout's own share as the floor, and `copies_unique`, of rows that occur once
        in train.
        """
        view = comparison.view
        if not view.fields or not view.fake.rows:
            return []
        return [_figure(view, *named) for named in (("copies", False), ("copies_unique", True))]


def _figure(view: View, name: str, unique: bool) -> Measurement:
    known, counts = np.unique(fingerprints(view.real), return_counts=True)
    known = known[counts == 1] if unique else known
    share = _share(view.fake, known)
    low, high = wilson(share, view.fake.rows)
    floor = None if view.holdout is None or not view.holdout.rows else _share(view.holdout, known)
    which = "a row that only one person has among the real rows" if unique else "a row the model learned from"
    return Measurement(
        name=name,
        value=100 * share,
        low=100 * low,
        high=100 * high,
        floor=None if floor is None else 100 * floor,
        n=view.fake.rows,
        better="lower",
        ideal=0.0,
        explanation=f"Per cent of synthetic rows that are exactly {which}; floor: of unseen real rows.",
        detail={} if floor is None or view.holdout is None else {"floor_n": view.holdout.rows},
    )


def _share(side: Side, known: np.ndarray) -> float:
    return float(np.isin(fingerprints(side), known).mean())


MEASURE = Copies()
