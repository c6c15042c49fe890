"""The contract of a kind of constraint: a rule that is checked, may be detected, and may make columns
superfluous.

A module in `kinds/` has `RULE`, a subclass of `Rule`; its file name is the `kind` of the constraints it
serves. A rule that *reduces* takes columns away before modelling and puts them back after, so that it holds
by construction.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition
from reverie.core import registry
from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Column, Constraint

PACKAGE = "reverie.sampling.constraints.kinds"


@dataclass(frozen=True)
class Rule(ABC):
    """A constraint fitted to a table. What it keeps holds no value that fewer than `k` rows share."""

    OPTIONS: ClassVar[frozenset[str]] = frozenset()
    COLUMNS: ClassVar[tuple[int, int | None]] = (1, None)
    PLACE: ClassVar[int] = 0
    NUMERIC: ClassVar[bool] = False
    ACROSS: ClassVar[bool] = False
    """Whether a row keeps the rule only beside the other rows, so that no partition can be checked alone."""
    SAVED: ClassVar[bool] = True
    """Whether a model can keep the rule in a file."""

    constraint: Constraint

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Check the form. Raises ConstraintError on a wrong number of columns or wrong options."""
        fewest, most = cls.COLUMNS
        count = len(constraint.columns)
        if count < fewest or (most is not None and count > most):
            fix = f"It takes {fewest}" if most == fewest else f"It takes at least {fewest}"
            raise fault(constraint, f"has {count} columns", fix=fix)
        if unknown := set(constraint.options) - cls.OPTIONS:
            allowed = ", ".join(sorted(cls.OPTIONS)) or "none"
            raise fault(constraint, f"unknown option '{min(unknown)}'", fix=f"Options are: {allowed}")

    @classmethod
    def made(cls, constraint: Constraint) -> str | None:  # noqa: ARG003
        """The column that the rule can make out of its other columns, if there is one."""
        return None

    @classmethod
    def agree(cls, constraints: Sequence[Constraint]) -> None:  # noqa: ARG003
        """Check those of this kind with one another and the rest. Raises ConstraintError if they clash."""
        return

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:  # noqa: ARG003
        """Constraints of this kind that the table never breaks, where chance would have broken them."""
        return []

    @classmethod
    def fit(cls, constraint: Constraint, table: pa.Table, k: int) -> Self:  # noqa: ARG003
        """The rule with what it must know of `table`; values held by fewer than `k` rows are left out."""
        return cls(constraint)

    @abstractmethod
    def valid(self, table: pa.Table) -> np.ndarray:
        """Which rows keep the rule, (rows,) bool; a rule with a missing operand holds."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that `reduce` looks at, if the rule reduces."""
        return self.drops

    @property
    def drops(self) -> tuple[str, ...]:
        """Columns that need not be modelled, because `restore` makes them."""
        return ()

    @property
    def rewrites(self) -> tuple[str, ...]:
        """Modelled columns whose cells `restore` may change."""
        return ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """Columns that are modelled in the place of those dropped."""
        return ()

    def plain(self) -> Self:
        """The same rule, checked only."""
        return self

    def reduce(self, table: pa.Table) -> pa.Table:
        """The table without the columns in `drops` and with those in `adds`."""
        return table

    def reduce_known(self, table: pa.Table) -> pa.Table:
        """As `reduce`, for rows in which a missing cell is an unknown one."""
        return self.reduce(table)

    def restore(self, table: pa.Table) -> pa.Table:
        """The table with the columns in `drops` again, those in `adds` gone; column order is the caller's
        affair.
        """
        return table

    def translate(self, condition: Condition) -> list[Condition]:  # noqa: ARG002
        """What a condition on a dropped column says of the modelled ones; it may say less than the condition
        does.

        Raises ConditionError if no row can meet it.
        """
        return []

    def values(self, column: str) -> pa.Array | None:  # noqa: ARG002
        """All values that `restore` gives a column in `drops`, the most frequent first; None if not known."""
        return None

    def state(self) -> dict[str, Any]:
        """JSON-able; `from_state` rebuilds the rule from it."""
        return {}

    @classmethod
    def from_state(cls, constraint: Constraint, state: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Rebuild what `state` gave."""
        return cls(constraint)


def kinds() -> tuple[str, ...]:
    """Names of all kinds, sorted."""
    return registry.names(PACKAGE)


def rule_for(constraint: Constraint) -> type[Rule]:
    """The rule class of a constraint. Raises ConstraintError, naming the kinds there are, if its kind is
    unknown.
    """
    if constraint.kind not in kinds():
        raise ConstraintError(
            f"no kind of constraint '{constraint.kind}'",
            where="constraints",
            fix=f"Choose one of: {', '.join(kinds())}",
        )
    return registry.load(PACKAGE, constraint.kind).RULE


def fault(constraint: Constraint, what: str, *, fix: str) -> ConstraintError:
    """An error that names the constraint by its kind and columns."""
    return ConstraintError(what, where=title(constraint), fix=fix)


def title(constraint: Constraint) -> str:
    """The constraint in a few words, for errors."""
    return f"constraint {constraint.kind}({', '.join(constraint.columns)})"


def circle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Column names along a circle of the graph, the first one again at the end; empty if there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def add_column(table: pa.Table, name: str, values: pa.Array, *, before: int) -> pa.Table:
    """The table with a column at position `before`, or in place of the one of that name."""
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, values)
    return table.add_column(min(before, table.num_columns), name, values)
