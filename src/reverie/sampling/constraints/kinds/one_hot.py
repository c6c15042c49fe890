"""Exactly one of several yes/no columns is true."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.constraints import cells
from reverie.sampling.constraints.base import Rule, add_column
from reverie.sampling.constraints.observed import Observed
from reverie.sampling.matching import meets
from reverie.schema.types import Column, Constraint

_ROWS = 100
_FEWEST_TRUE = 5


@dataclass(frozen=True)
class OneHot(Rule):
    """One of `columns` (true/false or 1/0) is true in each row; they are modelled as one category.

    `arrow` keeps the columns' Arrow types; it is empty if the rule is only checked.
    """

    COLUMNS = (2, None)
    PLACE = 1

    arrow: tuple[str, ...] = ()

    @classmethod
    def fit(cls, constraint: Constraint, table: pa.Table, k: int) -> Self:  # noqa: ARG003
        """The rule reduces if every row is one-hot or has all of the columns missing."""
        values = _matrix(table, constraint.columns)
        if values is None or not np.all(_exactly_one(values) | np.isnan(values).all(axis=1)):
            return cls(constraint)
        return cls(constraint, tuple(cells.kind_to_json(table[name].type) for name in constraint.columns))

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Groups of at least three yes/no columns of which each row has exactly one."""
        flags = {name: observed.codes(name)[0] for name in _flags(observed)}
        groups = [group for names in _families(list(flags)) for group in _complete(observed, names)]
        return [
            Constraint(
                kind="one_hot",
                columns=tuple(group),
                evidence=f"exactly one of {len(group)} columns is true in all {observed.rows:,} rows",
            )
            for group in groups
        ]

    @property
    def _made(self) -> str:
        return f"__onehot({self.constraint.columns[0]}+{len(self.constraint.columns) - 1})"

    @property
    def drops(self) -> tuple[str, ...]:
        """All the columns."""
        return self.constraint.columns if self.arrow else ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """The category of which column is true."""
        return (
            (Column(name=self._made, type="category", reason="exactly one of several columns is true"),)
            if self.arrow
            else ()
        )

    def plain(self) -> Self:
        """Checked only."""
        return replace(self, arrow=())

    def valid(self, table: pa.Table) -> np.ndarray:
        """Rows with exactly one true, or with a missing cell and at most one true."""
        values = _matrix(table, self.constraint.columns)
        if values is None:
            return np.zeros(table.num_rows, dtype=bool)
        return _exactly_one(values) | (np.isnan(values).any(axis=1) & (np.nansum(values, axis=1) <= 1))

    def reduce(self, table: pa.Table) -> pa.Table:
        """The name of the true column in the place of the columns."""
        if not self.drops:
            return table
        values = _matrix(table, self.constraint.columns)
        values = np.full((table.num_rows, len(self.arrow)), np.nan) if values is None else values
        place = np.argmax(np.nan_to_num(values), axis=1)
        label = pa.array(self.constraint.columns).take(pa.array(place, mask=~_exactly_one(values)))
        before = table.column_names.index(self.constraint.columns[0])
        return add_column(table.drop_columns(list(self.drops)), self._made, label, before=before)

    def reduce_known(self, table: pa.Table) -> pa.Table:
        """As `reduce`; a column that is true settles the row, and so do all others that are false."""
        values = _matrix(table, self.constraint.columns)
        if values is None or not self.arrow:
            return self.reduce(table)
        unknown = np.isnan(values)
        last = (unknown.sum(axis=1) == 1) & (np.nansum(values, axis=1) == 0)
        values = np.where(unknown, last[:, None].astype(float), values)
        for place, name in enumerate(self.constraint.columns):
            table = add_column(table, name, pa.array(values[:, place]), before=0)
        return self.reduce(table)

    def restore(self, table: pa.Table) -> pa.Table:
        """The columns again, in the types they had."""
        if not self.drops:
            return table
        label = table[self._made].cast(pa.string()).combine_chunks()
        table = table.drop_columns([self._made])
        for name, kind in zip(self.constraint.columns, self.arrow, strict=True):
            column = pc.equal(label, name)
            target = cells.kind_from_json(kind)
            values = (
                column if pa.types.is_boolean(target) else cells.from_numbers(cells.numbers(column), target)
            )
            table = add_column(table, name, values, before=table.num_columns)
        return table

    def translate(self, condition: Condition) -> list[Condition]:
        """Which columns may be the true one."""
        kind = cells.kind_from_json(self.arrow[self.constraint.columns.index(condition.column)])
        if condition.missing is not None:
            return [Condition(self._made, missing=condition.missing)]
        no, yes = meets(
            pa.table({condition.column: cells.from_numbers(np.array([0.0, 1.0]), pa.float64()).cast(kind)}),
            [condition],
        )
        if not (yes or no):
            raise ConditionError(
                "is true or false, and the condition allows neither",
                where=condition.column,
                fix="Ask for 0 or 1",
            )
        others = tuple(name for name in self.constraint.columns if name != condition.column)
        return [Condition(self._made, values=(condition.column,) * bool(yes) + others * bool(no))]

    def state(self) -> dict[str, Any]:
        """The Arrow types."""
        return {"arrow": list(self.arrow)}

    @classmethod
    def from_state(cls, constraint: Constraint, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave."""
        return cls(constraint, tuple(state["arrow"]))


def _matrix(table: pa.Table, columns: tuple[str, ...]) -> np.ndarray | None:
    found = [cells.truths(table[name]) for name in columns]
    return (
        None
        if any(column is None for column in found)
        else np.column_stack([c for c in found if c is not None])
    )


def _exactly_one(values: np.ndarray) -> np.ndarray:
    return values.sum(axis=1) == 1


def _flags(observed: Observed) -> list[str]:
    if observed.rows < _ROWS:
        return []
    two = [name for name in observed.names if cells.has_levels(observed.table[name].type)]
    two = [
        name
        for name in two
        if len(observed.sample.codes(name)[1]) <= 2 and cells.truths(observed.sample.table[name]) is not None
    ]
    return [name for name in two if len(observed.codes(name)[1]) == 2 and _often_true(observed, name)]


def _often_true(observed: Observed, name: str) -> bool:
    values = cells.truths(observed.table[name])
    return values is not None and not np.isnan(values).any() and values.sum() >= _FEWEST_TRUE


def _families(names: list[str]) -> list[list[str]]:
    """Columns of the same name up to their last separator together, the rest in one more group."""
    by_prefix: dict[str, list[str]] = {}
    for name in names:
        by_prefix.setdefault(re.sub(r"[_\-=.: ][^_\-=.: ]*$", "", name), []).append(name)
    groups = [group for group in by_prefix.values() if len(group) >= 3]
    grouped = {name for group in groups for name in group}
    return [*groups, [name for name in names if name not in grouped]]


def _complete(observed: Observed, names: list[str]) -> list[list[str]]:
    """Disjoint groups in which no two are true together and that cover every row, grown in column order."""
    left, found = list(names), []
    while len(left) >= 3:
        taken = np.zeros(observed.rows)
        group: list[str] = []
        for name in left:
            values = observed.numbers(name)
            if not np.any(taken * values):
                taken += values
                group.append(name)
        if len(group) >= 3 and np.all(taken == 1):
            found.append(group)
            left = [name for name in left if name not in group]
        else:
            left = left[1:]
    return found


RULE = OneHot
