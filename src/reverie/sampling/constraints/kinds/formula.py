"""One column is reckoned from others: a weighted sum, a product or a ratio, rounded as the column is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition
from reverie.sampling.constraints import arithmetic, cells, relations
from reverie.sampling.constraints.base import Rule, add_column, circle, fault, rule_for
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

Mode = Literal["derive", "rewrite", "check"]


@dataclass(frozen=True)
class Formula(Rule):
    """`columns[0]` is the `operation` of the other columns; `weights` and `constant` belong to a sum.

    Dates count in days, moments and spans of time in seconds. `tolerance` is the largest difference that
    still passes; without it, half a unit of the result's last decimal. In mode 'derive' the result is dropped
    and reckoned anew; in mode 'rewrite' it is modelled for its missing cells only.
    """

    OPTIONS = frozenset({"operation", "weights", "constant", "tolerance"})
    COLUMNS = (2, None)
    NUMERIC = True
    PLACE = 0

    mode: Mode = "check"
    arrow: str = "double"
    decimals: int | None = None

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Also refuses an unknown operation, and weights that do not fit the operands."""
        super().verify(constraint)
        result, *operands = constraint.columns
        operation, weights = constraint.options.get("operation"), constraint.options.get("weights")
        if operation not in arithmetic.OPERATIONS:
            raise fault(
                constraint,
                f"unknown operation '{operation}'",
                fix=f"Choose one of: {', '.join(arithmetic.OPERATIONS)}",
            )
        if operation in ("difference", "ratio") and len(operands) != 2:
            raise fault(
                constraint, f"a {operation} of {len(operands)} columns", fix="Name the result and two more"
            )
        if weights is not None and (operation != "sum" or len(weights) != len(operands)):
            raise fault(
                constraint,
                f"{len(weights)} weights for {len(operands)} operands",
                fix="Give a sum one for each",
            )
        if result in operands:
            raise fault(constraint, f"'{result}' is reckoned from itself", fix="Take it from the operands")

    @classmethod
    def made(cls, constraint: Constraint) -> str | None:
        """The result."""
        return constraint.columns[0]

    @classmethod
    def agree(cls, constraints: Sequence[Constraint]) -> None:
        """Refuses two formulas for one column, and formulas that need each other's results in a circle."""
        edges: dict[str, tuple[str, ...]] = {}
        own = [constraint for constraint in constraints if rule_for(constraint) is cls]
        for constraint in own:
            result, *operands = constraint.columns
            if result in edges:
                raise fault(
                    constraint,
                    f"'{result}' has a formula already",
                    fix="Keep one, or solve it for another column",
                )
            edges[result] = tuple(operands)
        if loop := circle(edges):
            member = next(constraint for constraint in own if constraint.columns[0] in loop)
            raise fault(
                member, f"needs itself: {' from '.join(loop[::-1])}", fix="Take one of these formulas out"
            )

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Exact sums, products and ratios with at least 50 different results."""
        return relations.formulas(observed)

    @classmethod
    def fit(cls, constraint: Constraint, table: pa.Table, k: int) -> Self:  # noqa: ARG003
        """The rule derives its result if the result is missing just where an operand is, and rewrites it
        otherwise.
        """
        result = constraint.columns[0]
        rule = cls(
            constraint,
            "check",
            cells.kind_to_json(table[result].type),
            cells.decimals(cells.numbers(table[result])),
        )
        same = np.array_equal(np.isnan(cells.numbers(table[result])), np.isnan(rule._reckon(table)))
        return replace(rule, mode="derive" if same else "rewrite")

    @property
    def needs(self) -> tuple[str, ...]:
        """The result."""
        return self.constraint.columns[:1]

    @property
    def drops(self) -> tuple[str, ...]:
        """The result, if it is derived."""
        return self.constraint.columns[:1] if self.mode == "derive" else ()

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The result, if it is rewritten."""
        return self.constraint.columns[:1] if self.mode == "rewrite" else ()

    def plain(self) -> Self:
        """Checked only."""
        return replace(self, mode="check")

    def valid(self, table: pa.Table) -> np.ndarray:
        """Rows where result and operation differ by no more than the tolerance."""
        found, wanted = cells.numbers(table[self.constraint.columns[0]]), self._reckon(table)
        tolerance = self.constraint.options.get("tolerance")
        if tolerance is None:
            tolerance = arithmetic.slack(self.decimals, wanted)
        with np.errstate(invalid="ignore"):
            return ~(np.abs(found - wanted) > tolerance)

    def reduce(self, table: pa.Table) -> pa.Table:
        """Without the result, if it is derived."""
        return table.drop_columns(list(self.drops))

    def restore(self, table: pa.Table) -> pa.Table:
        """The result reckoned from its operands."""
        if self.mode == "check":
            return table
        name, values = self.constraint.columns[0], self._reckon(table)
        if self.decimals is not None:
            values = np.round(values, self.decimals)
        if self.mode == "rewrite":
            old = cells.numbers(table[name])
            values = np.where(np.isnan(old) | np.isnan(values), old, values)
        return add_column(
            table,
            name,
            cells.from_numbers(values, cells.kind_from_json(self.arrow)),
            before=table.num_columns,
        )

    def translate(self, condition: Condition) -> list[Condition]:
        """For a formula of one column the condition on that column; otherwise nothing is known beforehand."""
        _, *operands = self.constraint.columns
        if len(operands) > 1 or condition.missing is None:
            return []
        return [replace(condition, column=operands[0])]

    def _reckon(self, table: pa.Table) -> np.ndarray:
        operands = [cells.numbers(table[name]) for name in self.constraint.columns[1:]]
        return arithmetic.reckon(self.constraint, operands)

    def state(self) -> dict[str, Any]:
        """Mode, Arrow type and decimals of the result."""
        return {"mode": self.mode, "arrow": self.arrow, "decimals": self.decimals}

    @classmethod
    def from_state(cls, constraint: Constraint, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave."""
        return cls(constraint, state["mode"], state["arrow"], state["decimals"])


RULE = Formula
