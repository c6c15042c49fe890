"""Columns that never vary: nothing to model, only to repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.arrow_types import from_texts, plain, restore, to_texts, type_name, type_named
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.core.errors import ConditionError, DataError
from reverie.schema.blocks import CategoryEvidence, RealEvidence
from reverie.schema.types import Column


@dataclass(frozen=True)
class Sketch:
    """The one value as an array, empty if there is none, in how many `rows`, and the Arrow type."""

    value: pa.Array
    rows: int
    storage: str


class Constant(Codec):
    """A column of one value in every row, or of none ("empty"); it has no blocks.

    A value that fewer than k rows hold is not kept, as that of any other column: rows are then made without.
    """

    TYPES = ("constant", "empty")
    ASKED = "levels"
    OPTIONS: ClassVar[Mapping[str, type]] = {}

    def __init__(self, column: Column, value: pa.Array, storage: str) -> None:
        self.column, self.value, self.storage = column, value, storage
        self.specs = ()

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """All missing, or the same everywhere."""
        if profile.nulls == profile.rows or (not len(_distinct(profile.sample)) and profile.nulls == 0):
            return Match("empty", 1.0, "all values are missing")
        if profile.distinct in (1, None) and not profile.nulls and len(_distinct(profile.sample)) == 1:
            return Match("constant", 0.99, "the same value in every row")
        return None

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """Raises DataError if the column varies."""
        distinct = _distinct(values)
        wanted = 1 if column.type == "constant" else 0
        nulls = len(values) - len(plain(values).drop_null())
        if len(distinct) > wanted or (wanted and nulls):
            raise _varies(column)
        return Sketch(distinct, len(values), type_name(values.type))

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        both = _distinct(pa.concat_arrays([left.value, right.value]))
        if len(both) > 1:
            raise _varies(column)
        return Sketch(both, left.rows + right.rows, left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Constant":
        value = sketch.value if sketch.rows >= protection.k else sketch.value[:0]
        return cls(column, value, sketch.storage)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:  # noqa: ARG002
        return {}

    def decode(
        self,
        arrays: Mapping[str, np.ndarray],  # noqa: ARG002
        rows: int,
        rng: np.random.Generator,  # noqa: ARG002
        offset: int = 0,  # noqa: ARG002
    ) -> pa.Array:
        storage = type_named(self.storage)
        if not len(self.value):
            return pa.nulls(rows, storage)
        return restore(pa.repeat(self.value[0], rows), storage)

    def evidence(self, condition: Condition) -> dict[str, CategoryEvidence | RealEvidence]:
        """Nothing if the value meets the condition."""
        if not self._meets(condition):
            raise ConditionError(
                "never varies, and does not meet the condition", where=self.column.name, fix="Drop it"
            )
        return {}

    def holds(self) -> str:
        """One value, or none."""
        return "one value" if len(self.value) else "none"

    def state(self) -> dict[str, Any]:
        return {
            "value": to_texts(self.value),
            "type": type_name(self.value.type),
            "storage": self.storage,
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Constant":
        value = from_texts(state["value"], type_named(state["type"]))
        return cls(column, value, state["storage"])

    def _meets(self, condition: Condition) -> bool:
        if condition.missing is not None:
            return condition.missing == (len(self.value) == 0)
        if not len(self.value):
            return False
        value = self.value[0]
        if condition.values is not None:
            asked = [self._parse(one) for one in condition.values]
            return any(bool(pc.equal(value, one).as_py()) for one in asked) != condition.negate
        above = pc.greater if condition.strict_low else pc.greater_equal
        below = pc.less if condition.strict_high else pc.less_equal
        ends = [(above, condition.low), (below, condition.high)]
        return all(bool(compare(value, self._parse(end)).as_py()) for compare, end in ends if end is not None)

    def _parse(self, value: Any) -> pa.Scalar:
        try:
            return pa.array([str(value)]).cast(self.value.type)[0]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise ConditionError(
                f"'{value}' is not a {self.value.type}", where=self.column.name, fix="Correct it"
            ) from None


def _distinct(values: pa.Array) -> pa.Array:
    """Distinct values, missing ones left out."""
    values = plain(values)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    if pa.types.is_nested(values.type):
        return values.drop_null()
    return pc.unique(values.drop_null())


def _varies(column: Column) -> DataError:
    return DataError(
        f"is not {column.type}: its values vary", where=column.name, fix="Correct its type in the schema"
    )


CODECS = (Constant,)
