"""Columns hold only combinations that were seen; one of them may be determined by the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.constraints import cells, dependencies, relations
from reverie.sampling.constraints.base import Rule, add_column, fault
from reverie.sampling.constraints.combos import Combos
from reverie.sampling.constraints.observed import Observed
from reverie.sampling.matching import flat, meets
from reverie.schema.types import Column, Constraint

_MOST_FUSED = 500
_COVERED = 0.5

Mode = Literal["lookup", "fuse", "check", "lenient"]


@dataclass(frozen=True)
class FixedCombinations(Rule):
    """Combinations of `columns` are those that at least k rows hold; `determined` names a column the others
    fix.

    A determined column is dropped and looked up; otherwise up to four columns are fused into one. `mode` is
    'check' where neither is possible, and 'lenient' (unknown combinations pass) where most combinations are
    too rare to be kept.
    """

    OPTIONS = frozenset({"determined"})
    COLUMNS = (2, None)
    PLACE = 2

    combos: Combos = field(default=Combos(pa.table({})))
    mode: Mode = "check"

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Also refuses a determined column that is not among the columns."""
        super().verify(constraint)
        determined = constraint.options.get("determined")
        if determined is not None and determined not in constraint.columns:
            raise fault(
                constraint,
                f"determined column '{determined}' is not among its columns",
                fix="Name it there too",
            )

    @classmethod
    def made(cls, constraint: Constraint) -> str | None:
        """The determined column."""
        return constraint.options.get("determined")

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Columns that another one determines (enforced), and pairs with forbidden combinations (only
        offered).
        """
        made = {constraint.columns[0] for constraint in relations.formulas(observed)}
        determined = dependencies.determined(observed, made)
        dependent = {constraint.options["determined"] for constraint in determined}
        return [*determined, *dependencies.forbidden(observed, dependent)]

    @classmethod
    def fit(cls, constraint: Constraint, table: pa.Table, k: int) -> Self:
        """Learn the combinations held by at least `k` rows, and see whether columns can be left to them."""
        combos, counts = Combos.learn(table, constraint.columns, k)
        rule = cls(constraint, combos)
        exact = True
        if rule._keys != constraint.columns:
            kept = combos.first_by(rule._keys)
            exact = len(kept) == len(combos)
            combos, counts = combos.take(kept), counts[kept]
        covered = int(counts.sum()) >= _COVERED * table.num_rows
        return cls(constraint, combos, rule._mode(exact, covered, len(combos)))

    def _mode(self, exact: bool, covered: bool, count: int) -> Mode:
        if not covered:
            return "lenient"
        if self.constraint.options.get("determined"):
            return "lookup" if exact else "check"
        return "fuse" if count <= _MOST_FUSED and len(self.constraint.columns) <= 4 else "check"

    @property
    def _keys(self) -> tuple[str, ...]:
        determined = self.constraint.options.get("determined")
        return tuple(name for name in self.constraint.columns if name != determined)

    @property
    def _fused(self) -> str:
        return f"__fused({self.constraint.columns[0]}+{len(self.constraint.columns) - 1})"

    @property
    def needs(self) -> tuple[str, ...]:
        """All columns of the rule."""
        return self.constraint.columns

    @property
    def drops(self) -> tuple[str, ...]:
        """The determined column, or all that are fused."""
        if self.mode == "lookup":
            return (self.constraint.options["determined"],)
        return self.constraint.columns if self.mode == "fuse" else ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """The fused column."""
        if self.mode != "fuse":
            return ()
        return (
            Column(name=self._fused, type="category", reason="combinations of columns that limit each other"),
        )

    def plain(self) -> Self:
        """Checked only."""
        return replace(self, mode="lenient" if self.mode == "lenient" else "check")

    def valid(self, table: pa.Table) -> np.ndarray:
        """Rows whose combination is known, or one of whose keys is missing."""
        keys = self._keys
        absent = np.zeros(table.num_rows, dtype=bool)
        for name in keys:
            absent |= flat(table[name]).is_null().to_numpy(zero_copy_only=False)
        spot = self.combos.find(table, keys)
        known = spot >= 0 if self.mode != "lenient" else np.ones(table.num_rows, dtype=bool)
        if keys == self.constraint.columns:
            return known | absent
        determined = self.constraint.options["determined"]
        same = self.combos.find(table, self.constraint.columns) >= 0
        free = flat(table[determined]).is_null().to_numpy(zero_copy_only=False) | (spot < 0)
        return (known & (same | free)) | absent

    def reduce(self, table: pa.Table) -> pa.Table:
        """Without the determined column; or one label a combination in the place of the columns.

        Combinations too rare to be kept get labels of their own, which the codec of categories then protects.
        """
        if not self.drops:
            return table
        if self.mode == "lookup":
            return table.drop_columns(list(self.drops))
        spot = self.combos.find(table, self.constraint.columns)
        rare = spot < 0
        if rare.any():
            own = cells.joint([cells.codes(table[name])[0][rare] for name in self.constraint.columns])
            spot[rare] = -1 - own
        labels, before = (
            pa.array(spot).cast(pa.string()),
            table.column_names.index(self.constraint.columns[0]),
        )
        return add_column(
            table.drop_columns(list(self.constraint.columns)), self._fused, labels, before=before
        )

    def reduce_known(self, table: pa.Table) -> pa.Table:
        """As `reduce`; a row that only one combination fits takes that one."""
        if not self.drops:
            return table
        spot = self.combos.only(table.select(list(self.constraint.columns)))
        places = pa.array(spot, pa.int64(), mask=spot < 0)
        if self.mode == "fuse":
            before = table.column_names.index(self.constraint.columns[0])
            labels = places.cast(pa.string())
            return add_column(table.drop_columns(list(self.drops)), self._fused, labels, before=before)
        for name in self._keys:
            known = self.combos.table[name].take(places).combine_chunks()
            values = pc.coalesce(flat(table[name]), known)
            table = add_column(table, name, cells.as_type(values, table[name].type), before=0)
        return table.drop_columns(list(self.drops))

    def restore(self, table: pa.Table) -> pa.Table:
        """The columns of each row's combination; missing where the combination is not known."""
        if not self.drops:
            return table
        if self.mode == "lookup":
            spot = self.combos.find(table, self._keys)
        else:
            labels = pa.array(range(len(self.combos)), pa.int64()).cast(pa.string())
            found = pc.index_in(flat(table[self._fused]).cast(pa.string()), value_set=labels)
            spot = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
            table = table.drop_columns([self._fused])
        places = pa.array(spot, pa.int64(), mask=spot < 0)
        for name in self.drops:
            table = add_column(
                table, name, self.combos.table[name].take(places).combine_chunks(), before=table.num_columns
            )
        return table

    def translate(self, condition: Condition) -> list[Condition]:
        """The keys, or the fused labels, whose combination meets the condition."""
        met = meets(self.combos.table, [condition])
        if not met.any():
            raise ConditionError(
                "no combination that enough rows hold meets this",
                where=condition.column,
                fix="Ask for another value",
            )
        if self.mode == "fuse":
            return [Condition(self._fused, values=tuple(str(place) for place in np.flatnonzero(met)))]
        if len(self._keys) != 1:
            return []
        key = self._keys[0]
        levels = self.combos.table[key].filter(pa.array(met)).to_pylist()
        if None in levels:
            return [Condition(key, missing=True)] if len(levels) == 1 else []
        return [Condition(key, values=tuple(levels))]

    def values(self, column: str) -> pa.Array | None:
        """Those of the combinations."""
        return flat(pc.unique(self.combos.table[column])).drop_null()

    def state(self) -> dict[str, Any]:
        """The combinations."""
        return {"mode": self.mode, "combos": self.combos.state()}

    @classmethod
    def from_state(cls, constraint: Constraint, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave."""
        return cls(constraint, Combos.from_state(state["combos"]), state["mode"])


RULE = FixedCombinations
