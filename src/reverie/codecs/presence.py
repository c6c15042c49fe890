"""Whether a cell is missing, empty or holds something: one Category block, and none where it never varies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.schema.blocks import Category, CategoryEvidence, Gate

KINDS = ("missing", "empty", "value")


def count_kinds(values: pa.Array, *, empty: bool = False) -> dict[str, int]:
    """How many cells are missing, empty (counted apart only if `empty`) and filled."""
    blank = int(pc.sum(pc.equal(values, "")).as_py() or 0) if empty else 0
    return {"missing": values.null_count, "empty": blank, "value": len(values) - values.null_count - blank}


def add_kinds(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    """The counts of two partitions together."""
    return {kind: left[kind] + right[kind] for kind in KINDS}


@dataclass(frozen=True)
class Presence:
    """The kinds of cell that a column has; a code is a position in `kinds`."""

    column: str
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, column: str, counts: Mapping[str, int]) -> "Presence":
        """The kinds that were seen at least once."""
        return cls(column, tuple(kind for kind in KINDS if counts[kind]) or ("value",))

    @property
    def block(self) -> str:
        """Name of the block."""
        return f"{self.column}#present"

    @property
    def specs(self) -> tuple[Category, ...]:
        """One Category, or nothing if every cell is of the same kind."""
        return (Category(self.block, len(self.kinds)),) if len(self.kinds) > 1 else ()

    @property
    def gate(self) -> Gate | None:
        """Where there is a value."""
        return Gate(self.block, self.kinds.index("value")) if self.specs and "value" in self.kinds else None

    def encode(self, values: pa.Array) -> dict[str, np.ndarray]:
        """Block name -> codes; empty if there is no block."""
        if not self.specs:
            return {}
        codes = np.full(
            len(values), self.kinds.index("value") if "value" in self.kinds else 0, dtype=np.int32
        )
        if "empty" in self.kinds:
            blank = pc.fill_null(pc.equal(values, ""), False)
            codes[blank.to_numpy(zero_copy_only=False)] = self.kinds.index("empty")
        if "missing" in self.kinds:
            codes[values.is_null().to_numpy(zero_copy_only=False)] = self.kinds.index("missing")
        return {self.block: codes}

    def are(self, kind: str, arrays: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """Which rows are of `kind`, (rows,) bool."""
        if not self.specs:
            return np.full(rows, self.kinds[0] == kind)
        if kind not in self.kinds:
            return np.zeros(rows, dtype=bool)
        return arrays[self.block] == self.kinds.index(kind)

    def place(self, values: pa.Array, arrays: Mapping[str, np.ndarray], rows: int) -> pa.Array:
        """`values` for the rows that have one, spread over all `rows`; "" and null elsewhere."""
        filled = self.are("value", arrays, rows)
        if filled.all():
            return values
        at = np.cumsum(filled) - 1
        spread = values.take(pa.array(at, mask=~filled))
        blank = self.are("empty", arrays, rows)
        return pc.if_else(pa.array(blank), pa.scalar("", values.type), spread) if blank.any() else spread

    def blank(self, arrays: Mapping[str, np.ndarray], rows: int) -> pa.Array:
        """Cells of "", null where they are missing."""
        return pa.array(np.full(rows, "", object), pa.string(), mask=self.are("missing", arrays, rows))

    def evidence(self, condition: Condition, meaning: str) -> dict[str, Any]:
        """What "is missing" or "is present" says; any other condition is refused, `meaning` telling why."""
        if condition.missing is None:
            raise ConditionError(
                f"{meaning}, so only 'is missing' and 'is present' can be asked of it",
                where=self.column,
                fix="Put the condition on another column",
            )
        allowed = np.array([(kind == "missing") == condition.missing for kind in self.kinds])
        if not allowed.any():
            seen = "always" if condition.missing is False else "never"
            raise ConditionError(
                f"is {seen} missing in the data that was learned", where=self.column, fix="Drop the condition"
            )
        return {self.block: CategoryEvidence(allowed=allowed)} if self.specs else {}
