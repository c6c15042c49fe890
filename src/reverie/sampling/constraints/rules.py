"""All enforced constraints of a table: which columns need not be modelled, and which rows are valid."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.core.names import hint
from reverie.sampling.constraints import cells
from reverie.sampling.constraints.base import Rule, circle, rule_for, title
from reverie.sampling.matching import typed
from reverie.sampling.possible import Levels, compatible
from reverie.schema.types import Constraint, Table

_FORMAT = 1


@dataclass(frozen=True)
class Rules:
    """Fitted rules, in the order in which they reduce; restoring goes the other way."""

    schema: Table
    reduced_schema: Table
    rules: tuple[Rule, ...]
    arrow: Mapping[str, pa.DataType]

    @classmethod
    def fit(cls, table: pa.Table, schema: Table, k: int = 5, *, checked: bool = False) -> Self:
        """Fit the enforced constraints of `schema`; no value that fewer than `k` rows hold is kept.

        A rule whose columns another one takes away is checked only; with `checked`, all are.
        """
        left, rules = list(table.column_names), []
        columns = {column.name: column for column in schema.columns}
        for constraint, may_reduce in _ordered([c for c in schema.constraints if c.enforced]):
            rule = rule_for(constraint).fit(constraint, table, k)
            if checked or not (may_reduce and set(rule.needs) <= set(left)):
                rule = rule.plain()
            left = _replace(left, rule)
            columns |= {column.name: column for column in rule.adds}
            rules.append(rule)
        reduced = schema.model_copy(
            update={"columns": tuple(columns[name] for name in left), "constraints": ()}
        )
        return cls(schema, reduced, tuple(rules), {field.name: field.type for field in table.schema})

    def reduce(self, table: pa.Table) -> pa.Table:
        """The table with the columns of `reduced_schema`: what is modelled."""
        for rule in self.rules:
            table = rule.reduce(table)
        return table.select([column.name for column in self.reduced_schema.columns])

    def reduce_known(self, table: pa.Table) -> pa.Table:
        """As `reduce`, for rows given in part, in which a missing cell is an unknown one.

        Where the known cells leave more than one possibility the reduced cell stays missing, and what was
        given must be checked after `restore`.
        """
        for rule in self.rules:
            table = rule.reduce_known(table)
        return table.select([column.name for column in self.reduced_schema.columns])

    def restore(self, table: pa.Table) -> pa.Table:
        """The full table, in the column order and with the Arrow types that it was fitted on.

        Dictionary columns that no rule made stay dictionaries of that type.
        """
        for rule in reversed(self.rules):
            table = rule.restore(table)
        return pa.table({name: _as_fitted(table[name], kind) for name, kind in self.arrow.items()})

    def valid(self, table: pa.Table) -> np.ndarray:
        """Which rows of a full table keep every rule, (rows,) bool."""
        mask = np.ones(table.num_rows, dtype=bool)
        for rule in self.rules:
            mask &= rule.valid(table)
        return mask

    def translate(self, conditions: Sequence[Condition]) -> tuple[list[Condition], list[Condition]]:
        """Conditions on the modelled columns, and those that must be checked on the rows after `restore`.

        Raises ConditionError if a value makes no sense in a column that is restored, or no row can meet it.
        """
        for condition in conditions:
            if condition.column not in self.arrow:
                fix = hint(condition.column, self.arrow)
                raise ConditionError("no such column", where=condition.column, fix=fix)
        # Each with the column that it was asked of.
        wanted, after = [(c.column, self._listed(c)) for c in conditions], []
        for rule in self.rules:
            made = [pair for pair in wanted if pair[1].column in rule.drops]
            changed = [pair for pair in wanted if pair[1].column in (*rule.drops, *rule.rewrites)]
            after += [
                (asked, typed(c, self.arrow[c.column])) for asked, c in changed if c.column in self.arrow
            ]
            wanted = [pair for pair in wanted if pair not in made]
            wanted += [(asked, t) for asked, c in made for t in rule.translate(c)]
        self._check_compatible(after)
        return [c for _, c in wanted], [c for _, c in after]

    def levels(self, column: str) -> Levels | None:
        """All values of a column that a rule restores; None if none does, or it may restore any value."""
        known = [rule.values(column) for rule in self.rules if column in rule.drops]
        if not known or known[0] is None:
            return None
        return Levels.of(next(one for one in self.schema.columns if one.name == column), known[0])

    def _listed(self, condition: Condition) -> Condition:
        """The condition by its values, if it is on a column of which a rule knows all values."""
        levels = self.levels(condition.column)
        return condition if levels is None or condition.missing is not None else levels.among(condition)

    def _check_compatible(self, after: Sequence[tuple[str, Condition]]) -> None:
        for name in {condition.column for _, condition in after}:
            own = [(asked, condition) for asked, condition in after if condition.column == name]
            if not compatible([condition for _, condition in own], self.arrow[name]):
                where = ", ".join(dict.fromkeys(asked for asked, _ in own))
                raise ConditionError("the conditions exclude each other", where=where, fix="Drop one of them")

    def broken(self, table: pa.Table, columns: Collection[str] | None = None) -> dict[str, int]:
        """Rule, in words -> how many rows break it; of the rules on any of the `columns`, or of all.

        For saying why rows are rejected.
        """
        own = [rule for rule in self.rules if columns is None or set(rule.constraint.columns) & set(columns)]
        counts = {title(rule.constraint): int(np.count_nonzero(~rule.valid(table))) for rule in own}
        return {name: count for name, count in counts.items() if count}

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The rules, in words, that `state` leaves out."""
        lost = [rule.constraint for rule in self.rules if not rule.SAVED]
        return tuple(f"{', '.join(map(str, one.options.values()))} of {title(one)}" for one in lost)

    def state(self) -> dict[str, Any]:
        """JSON-able, without the rules that are `unsaved`."""
        kept = tuple(c for c in self.schema.constraints if not c.enforced or rule_for(c).SAVED)
        schema = self.schema.model_copy(update={"constraints": kept})
        return {
            "format": _FORMAT,
            "schema": schema.model_dump(mode="json"),
            "reduced": self.reduced_schema.model_dump(mode="json"),
            "arrow": {name: cells.kind_to_json(kind) for name, kind in self.arrow.items()},
            "rules": [
                {"constraint": rule.constraint.model_dump(mode="json"), "state": rule.state()}
                for rule in self.rules
                if rule.SAVED
            ],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave."""
        rules = []
        for kept in state["rules"]:
            constraint = Constraint.model_validate(kept["constraint"])
            rules.append(rule_for(constraint).from_state(constraint, kept["state"]))
        return cls(
            Table.model_validate(state["schema"]),
            Table.model_validate(state["reduced"]),
            tuple(rules),
            {name: cells.kind_from_json(kind) for name, kind in state["arrow"].items()},
        )


def _as_fitted(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_dictionary(column.type) and column.type.value_type == kind:
        return column
    return cells.as_type(column, kind)


def _ordered(constraints: list[Constraint]) -> list[tuple[Constraint, bool]]:
    """Constraints in the order to reduce by, each with whether it may.

    A column is taken away before those that it is made from; of rules that would make each other's columns,
    the first one does. Then come groups of columns that are modelled as one.
    """
    makers: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    blocked = []
    for constraint in constraints:
        made = rule_for(constraint).made(constraint)
        sources = [name for name in constraint.columns if name != made]
        if made is None:
            _link(links, constraint.columns[-1], list(constraint.columns[:-1]))
        elif made in makers or not _link(makers, made, sources):
            blocked.append(constraint)
    made_after, linked_after = _depths(makers), _depths(links)

    def turn(constraint: Constraint) -> tuple[int, int]:
        made = rule_for(constraint).made(constraint)
        if made is not None:
            return 0, -made_after.get(made, 0)
        return rule_for(constraint).PLACE, -linked_after.get(constraint.columns[-1], 0)

    return [(constraint, constraint not in blocked) for constraint in sorted(constraints, key=turn)]


def _link(edges: dict[str, list[str]], name: str, sources: list[str]) -> bool:
    """Add that `name` follows from `sources`, unless that would close a circle; whether it was added."""
    longer = {**edges, name: [*edges.get(name, []), *sources]}
    if circle(longer):
        return False
    edges.update(longer)
    return True


def _depths(edges: dict[str, list[str]]) -> dict[str, int]:
    """Column -> a number greater than those of all columns that it follows from."""
    return {name: place for place, name in enumerate(TopologicalSorter(edges).static_order())}


def _replace(names: list[str], rule: Rule) -> list[str]:
    if not rule.drops:
        return names
    place = min(names.index(name) for name in rule.drops)
    kept = [name for name in names if name not in rule.drops]
    return kept[:place] + [column.name for column in rule.adds] + kept[place:]
