"""Categories: levels that k rows share are codes; rarer ones are protected and never generated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import from_texts, plain, restore, to_texts, type_name, type_named
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.storage import is_string
from reverie.codecs.tally import Tally
from reverie.codecs.vocabularies import find_order
from reverie.core.errors import ConditionError, DataError
from reverie.schema.blocks import Category as CategoryBlock
from reverie.schema.blocks import CategoryEvidence, RealEvidence
from reverie.schema.types import Column

MOST_LEVELS = 1_000
_SHOWN = 5
_YES_NO = (
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"on", "off"},
    {"si", "no"},
    {"sí", "no"},
)


@dataclass(frozen=True)
class Sketch:
    """Tally of the levels as read, missing ones apart, and the Arrow type."""

    tally: Tally
    nulls: int
    storage: str


class Category(Codec):
    """A column of levels. Codes are the levels by falling frequency, then missing, then the muted rare.

    Options: `levels`, the order of an ordinal; `max_levels`, how many levels are kept (1,000). If no level
    is held by k rows, all decode to missing.
    """

    TYPES = ("boolean", "category", "ordinal")
    ASKED = "levels"
    OPTIONS: ClassVar[Mapping[str, type]] = {"levels": list, "max_levels": int}

    def __init__(
        self, column: Column, levels: pa.Array, counts: np.ndarray, missing: bool, rare: bool, storage: str
    ) -> None:
        self.column, self.levels, self.counts = column, levels, counts
        self.missing, self.rare, self.storage = missing, rare, storage
        self.specs = self._specs()

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Booleans, and text with few different values for its rows; scales such as low, medium, high are
        ordinal.
        """
        values = plain(profile.sample)
        if pt.is_boolean(values.type):
            return Match("boolean", 0.95, "true or false")
        if not is_string(values.type) or profile.rows == profile.nulls:
            return None
        levels = pc.unique(values.drop_null())
        distinct = len(levels) if profile.distinct is None else profile.distinct
        if len(levels) == 2 and {level.strip().lower() for level in levels.to_pylist()} in _YES_NO:
            return Match("boolean", 0.75, "two values that mean yes and no")
        present = profile.rows - profile.nulls
        reason = f"text with {distinct:,} different values in {present:,} rows"
        order = find_order(levels) if len(levels) == distinct else None
        if order:
            return Match("ordinal", 0.72, f"{reason}, which have an order", {"levels": order})
        ratio = distinct / present
        score = 0.7 if ratio <= 0.02 or (distinct <= 20 and ratio <= 0.5) else 0.6 if ratio <= 0.2 else 0.5
        return Match("category", score if ratio <= 0.5 else 0.3, reason)

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        levels = plain(values)
        if pt.is_nested(levels.type):
            raise DataError("holds lists or records, not levels", where=column.name, fix="Drop the column")
        if pt.is_floating(levels.type):
            levels = pc.if_else(pc.is_nan(levels), None, levels)
        return Sketch(Tally.of(levels), levels.null_count, type_name(values.type))

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:  # noqa: ARG003
        return Sketch(left.tally.merge(right.tally), left.nulls + right.nulls, left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Category":
        most = column.options.get("max_levels", MOST_LEVELS)
        tally = sketch.tally
        kept = min(int(np.count_nonzero(tally.counts >= protection.k)), most)
        rare = tally.rows > int(tally.counts[:kept].sum())
        levels = tally.levels.slice(0, kept)
        _check_order(column, levels)
        return cls(column, levels, tally.counts[:kept], sketch.nulls > 0, rare, sketch.storage)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:  # noqa: ARG002
        """Codes; a level never seen is rare or, where none was, the least frequent one."""
        values = self._as_levels(values)
        codes = pc.index_in(values, self.levels).fill_null(-1).to_numpy().astype(np.int32)
        null = values.is_null().to_numpy(zero_copy_only=False)
        if null.any() and not self.missing:
            raise DataError(
                f"{np.count_nonzero(null):,} values are missing, and none was when it was learned",
                where=self.column.name,
                fix="Fill them, or drop those rows",
            )
        unseen = self._codes - 1 if self.rare else len(self.levels) - 1
        codes[codes < 0] = max(unseen, 0)
        codes[null] = len(self.levels)
        return {self.column.name: codes} if self.specs else {}

    def decode(
        self,
        arrays: Mapping[str, np.ndarray],
        rows: int,
        rng: np.random.Generator,
        offset: int = 0,  # noqa: ARG002
    ) -> pa.Array:
        return restore(self.decode_dictionary(arrays, rows, rng), type_named(self.storage))

    def decode_dictionary(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator
    ) -> pa.DictionaryArray:
        """As `decode`, but a dictionary array (int32 indices), which costs next to nothing."""
        kept = len(self.levels)
        codes = arrays[self.column.name] if self.specs else np.zeros(rows, dtype=np.int32)
        if self.rare and kept and (rare := codes == self._codes - 1).any():
            codes = codes.copy()
            share = self.counts / self.counts.sum()
            codes[rare] = rng.choice(kept, size=np.count_nonzero(rare), p=share)
        beyond = codes >= kept
        indices = pa.array(codes.astype(np.int32, copy=False), mask=beyond if beyond.any() else None)
        return pa.DictionaryArray.from_arrays(indices, self.levels)

    def unknown(self, values: pa.Array) -> np.ndarray:
        """Levels that are not kept."""
        values = self._as_levels(values)
        known = pc.or_(pc.is_in(values, self.levels), values.is_null())
        return pc.invert(known).to_numpy(zero_copy_only=False)

    def evidence(self, condition: Condition) -> dict[str, CategoryEvidence | RealEvidence]:
        """Muted levels meet no condition; the missing are neither a level nor "none of these"."""
        allowed = np.zeros(max(self._codes, 1), dtype=bool)
        if condition.missing is not None:
            allowed[: len(self.levels)] = not condition.missing
            allowed[len(self.levels) :][: self.missing] = condition.missing
        elif condition.values is not None:
            chosen = [self._code_of(value) for value in condition.values]
            allowed[: len(self.levels)] = condition.negate
            allowed[chosen] = not condition.negate
        else:
            allowed[: len(self.levels)] = self._in_range(condition)
        if not allowed.any():
            raise ConditionError("no level meets the condition", where=self.column.name, fix=self._known())
        return {self.column.name: CategoryEvidence(allowed=allowed)} if self.specs else {}

    def holds(self) -> str:
        """How many levels, and whether some were too rare."""
        levels = f"{len(self.levels):,} level{'' if len(self.levels) == 1 else 's'}"
        return f"{levels}; rarer ones are never made" if self.rare else levels

    def state(self) -> dict[str, Any]:
        return {
            "levels": to_texts(self.levels),
            "type": type_name(self.levels.type),
            "counts": self.counts,
            "missing": self.missing,
            "rare": self.rare,
            "storage": self.storage,
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Category":
        levels = from_texts(state["levels"], type_named(state["type"]))
        counts = np.asarray(state["counts"])
        return cls(column, levels, counts, bool(state["missing"]), bool(state["rare"]), state["storage"])

    @property
    def _codes(self) -> int:
        return len(self.levels) + self.missing + self.rare

    def _specs(self) -> tuple[CategoryBlock, ...]:
        if self._codes <= 1:
            return ()
        # With nothing else to generate, the rare are generated, as missing.
        muted = (self._codes - 1,) if self.rare and (len(self.levels) or self.missing) else ()
        return (CategoryBlock(self.column.name, self._codes, self._positions(), muted),)

    def _positions(self) -> tuple[float | None, ...] | None:
        order = self._order()
        if order is None:
            return None
        return tuple(float(rank) for rank in order) + (None,) * (self.missing + self.rare)

    def _order(self) -> np.ndarray | None:
        """The rank of each kept level, (levels,) int, or None if levels have no order."""
        if self.column.type == "ordinal" and self.column.options.get("levels"):
            named = self.levels.cast(pa.string())
            given = pa.array([str(level) for level in self.column.options["levels"]])
            return pc.index_in(named, given).to_numpy()
        if is_string(self.levels.type) or pt.is_boolean(self.levels.type):
            return None
        return pc.rank(self.levels).to_numpy() - 1

    def _as_levels(self, values: pa.Array) -> pa.Array:
        values = plain(values)
        if pt.is_floating(values.type):
            values = pc.if_else(pc.is_nan(values), None, values)
        if values.type == self.levels.type:
            return values
        try:
            return values.cast(self.levels.type)
        except pa.ArrowInvalid:
            raise DataError(
                f"values are {values.type}, and {self.levels.type} was learned",
                where=self.column.name,
                fix="Give a table of the same form",
            ) from None

    def _find(self, value: Any) -> int | None:
        try:
            asked = pa.array([str(value).strip() if pt.is_boolean(self.levels.type) else str(value)])
            return pc.index_in(asked.cast(self.levels.type), self.levels)[0].as_py()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None

    def _code_of(self, value: Any) -> int:
        code = self._find(value)
        if code is None:
            raise ConditionError(f"has no value '{value}'", where=self.column.name, fix=self._known())
        return code

    def _in_range(self, condition: Condition) -> np.ndarray:
        order = self._order()
        if order is None:
            raise ConditionError("levels have no order", where=self.column.name, fix="Ask for levels by name")
        held = np.ones(len(order), dtype=bool)
        if condition.low is not None:
            low = order[self._code_of(condition.low)]
            held &= order > low if condition.strict_low else order >= low
        if condition.high is not None:
            high = order[self._code_of(condition.high)]
            held &= order < high if condition.strict_high else order <= high
        return held

    def _known(self) -> str:
        """The most frequent kept levels, for a message."""
        shown = ", ".join(
            f"'{level}'" for level in self.levels.slice(0, _SHOWN).cast(pa.string()).to_pylist()
        )
        more = ", ..." if len(self.levels) > _SHOWN else ""
        return (
            f"{len(self.levels):,} levels are known: {shown}{more}"
            if len(self.levels)
            else "No level is known"
        )


def _check_order(column: Column, levels: pa.Array) -> None:
    given = column.options.get("levels")
    if column.type != "ordinal" or not given:
        return
    unknown = int(
        pc.sum(pc.invert(pc.is_in(levels.cast(pa.string()), pa.array([str(one) for one in given])))).as_py()
        or 0
    )
    if unknown:
        raise DataError(
            f"{unknown} levels are not in the order given",
            where=column.name,
            fix="Add them to option 'levels'",
        )


CODECS = (Category,)
