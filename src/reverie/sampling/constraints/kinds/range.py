"""Columns stay between a lowest and a highest value."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.constraints.base import Rule, fault, rule_for
from reverie.sampling.constraints.observed import Observed
from reverie.sampling.matching import meets
from reverie.schema.types import Constraint

_ROWS = 100
_CHANCE = 0.01
_TOO_WIDE = 1e100


class Range(Rule):
    """Every one of `columns` is in [`low`, `high`]; either may be left out, and dates are written as ISO
    text.
    """

    OPTIONS = frozenset({"low", "high"})

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Also refuses a range without ends, or whose low is above its high."""
        super().verify(constraint)
        low, high = constraint.options.get("low"), constraint.options.get("high")
        if low is None and high is None:
            raise fault(constraint, "has neither low nor high", fix="Give at least one of them")
        if _exceeds(low, high):
            raise fault(constraint, "low is above high", fix="Swap the two")

    @classmethod
    def agree(cls, constraints: Sequence[Constraint]) -> None:
        """Refuses ranges that leave a column, or the two of an inequality, no room."""
        own = [constraint for constraint in constraints if rule_for(constraint) is cls]
        lows, highs = (_ends(own, end) for end in ("low", "high"))
        pairs = [(constraint, (name, name)) for constraint in own for name in constraint.columns]
        pairs += [
            (constraint, constraint.columns) for constraint in constraints if constraint.kind == "inequality"
        ]
        for constraint, (left, right) in pairs:
            if any(_exceeds(low, high) for low in lows.get(left, []) for high in highs.get(right, [])):
                what = f"leaves no room between the low of '{left}' and the high of '{right}'"
                raise fault(constraint, what, fix="Change one of the ranges")

    def valid(self, table: pa.Table) -> np.ndarray:
        """Rows where every column is in the range or missing."""
        mask = np.ones(table.num_rows, dtype=bool)
        for name in self.constraint.columns:
            mask &= self._inside(table, name)
        return mask

    def _inside(self, table: pa.Table, name: str) -> np.ndarray:
        wanted = Condition(
            name, low=self.constraint.options.get("low"), high=self.constraint.options.get("high")
        )
        try:
            return meets(table, [wanted]) | meets(table, [Condition(name, missing=True)])
        except ConditionError as error:
            raise fault(self.constraint, f"for '{name}', {error.what}", fix=error.fix) from None

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Numbers never negative, though a normal curve of their mean and spread would be in at least 1 % of
        rows.
        """
        numeric = [name for name, axis in observed.numeric.items() if axis in ("number", "span")]
        numeric = [name for name in numeric if len(np.unique(observed.sample.numbers(name))) > 2]
        shares = {name: _negative_by_chance(observed, name) for name in numeric}
        found = tuple(name for name, share in shares.items() if share >= _CHANCE)
        if not found:
            return []
        return [
            Constraint(
                kind="range",
                columns=found,
                options={"low": 0},
                evidence=f"never negative in {observed.rows:,} rows; a normal curve of the same mean "
                f"and spread would be in {min(shares[name] for name in found):.0%} or more",
            )
        ]


def _ends(constraints: list[Constraint], end: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for constraint in constraints:
        for name in constraint.columns if constraint.options.get(end) is not None else ():
            found.setdefault(name, []).append(constraint.options[end])
    return found


def _exceeds(low: Any, high: Any) -> bool:
    """Whether low is above high; ends that cannot be compared are left to the data to refuse."""
    try:
        return low is not None and high is not None and bool(low > high)
    except TypeError:
        return False


def _negative_by_chance(observed: Observed, name: str) -> float:
    """Share of a normal curve that lies below zero, or 0.0 if the column is negative or is too short or
    constant.
    """
    values: Any = observed.numbers(name)
    values = values[np.isfinite(values)]
    if len(values) < _ROWS or values.min() < 0 or not 0 < values.max() < _TOO_WIDE or np.ptp(values) == 0:
        return 0.0
    return NormalDist(float(values.mean()), float(values.std())).cdf(0.0)


RULE = Range
