"""Copies: how many synthetic rows are exactly a training row, beside how many unseen real rows are?"""

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import wilson
from reverie.evaluation.view import Side, View

DECIMALS = 6


def fingerprints(side: Side) -> np.ndarray:
    """A 64-bit hash of each row over all compared columns, numbers rounded to DECIMALS places; (rows,)."""
    state = np.zeros(side.rows, np.uint64)
    for column in side.numbers.T:
        # Rounding numbers this large would change nothing but could overflow; adding 0 makes -0 into 0.
        rounded = np.where(np.abs(column) < 1e9, np.round(np.clip(column, -1e9, 1e9), DECIMALS), column) + 0.0
        state = _mix(state, np.where(np.isnan(rounded), np.nan, rounded).view(np.uint64))
    for column in side.codes.T:
        state = _mix(state, column.astype(np.int64).view(np.uint64))
    return state


def _mix(state: np.ndarray, word: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele et al. 2014) over the sum of state and word."""
    z = (state * np.uint64(0x9E3779B97F4A7C15)) ^ (word + np.uint64(0x9E3779B97F4A7C15))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class Copies(Measure):
    """Share of synthetic rows that equal a training row in every compared column, in per cent."""

    name = "copies"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`copies`, with the holdout's own share as the floor, and `copies_unique`, of rows that occur once in train."""
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
        name=name, value=100 * share, low=100 * low, high=100 * high, floor=None if floor is None else 100 * floor,
        n=view.fake.rows, better="lower", ideal=0.0,
        explanation=f"Per cent of synthetic rows that are exactly {which}; the floor is the same for unseen real rows.",
        detail={} if floor is None or view.holdout is None else {"floor_n": view.holdout.rows},
    )


def _share(side: Side, known: np.ndarray) -> float:
    return float(np.isin(fingerprints(side), known).mean())


MEASURE = Copies()
