"""Identifiers: keys that name a row. New ones are unique over a whole request, in the old form.

A dense run of numbers starts afresh (1, 2, 3 ...), so it shares values with the real one, which tell nothing;
every other form is drawn from the learned pattern, where a real identifier can only come up by chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import restore, type_named
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.pattern import Pattern, add_counts, count_characters
from reverie.codecs.permutation import make_salt, repeat_earlier
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.codecs.sequence import (
    DENSE,
    Run,
    Sequence,
    join_runs,
    measure_integers,
    measure_strings,
)
from reverie.codecs.storage import is_string, is_whole, storage_name
from reverie.codecs.wording import split_words
from reverie.core.errors import DataError
from reverie.schema.types import Column

KEY_WORDS = frozenset(
    [
        "id",
        "ids",
        "uid",
        "uuid",
        "guid",
        "oid",
        "pid",
        "rowid",
        "identifier",
        "identificador",
        "key",
        "pk",
        "ref",
        "reference",
        "no",
        "nr",
        "num",
        "number",
        "numero",
        "nummer",
        "numer",
        "code",
        "codigo",
        "kode",
        "sku",
        "isbn",
        "asin",
        "serial",
        "token",
        "hash",
        "index",
        "idx",
        "unnamed",
    ]
)
_LOOKED_AT = 5_000
_UUID = r"^\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?$"
_HEX = r"^(0x)?([0-9a-f]{12,}|[0-9A-F]{12,})$"
_TOKEN = r"^[!-~]*[0-9][!-~]*$"
_NUMBER_OR_DATE = r"^[+-]?[0-9]*[.,][0-9]+$|^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|^[0-9]{8}T?[0-9]{6}"


@dataclass(frozen=True)
class Sketch:
    """What one partition tells: kinds of cell, characters by place, the run of numbers, the Arrow type."""

    kinds: Mapping[str, int]
    characters: Mapping[int, np.ndarray]
    run: Run | None
    storage: str


class Identifier(Codec):
    """A key: no blocks but presence.

    `style` is "sequence" or "pattern", `repeats` the share of rows that have the key of an earlier one.
    """

    TYPES = ("identifier",)
    INVENTED = True
    OPTIONS: ClassVar[Mapping[str, type]] = {"style": str, "unique": bool, "repeats": float}

    def __init__(self, column: Column, presence: Presence, form: Pattern | Sequence, storage: str) -> None:
        self.column, self.presence, self.form, self.storage = column, presence, form, storage
        self.specs = presence.specs

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Nearly all different, and it looks like a key by its name or its form."""
        present = profile.rows - profile.nulls
        if present < 2 or not (is_string(profile.sample.type) or is_whole(profile.sample.type)):
            return None
        share = _share_distinct(profile)
        words = split_words(profile.name)
        named = not words or words[-1] in KEY_WORDS
        if is_string(profile.sample.type):
            found = _judge_strings(profile, share, named)
        else:
            found = _judge_integers(profile, share, named)
        if found is None:
            return None
        score, style, what = found
        repeats = 0.0 if share == 1 else round(1 - share, 4)
        counted = f"{round(share * present):,} different values in {present:,} rows"
        options = {"style": style, "unique": repeats == 0, "repeats": repeats}
        return Match("identifier", score, f"{what}: {counted}", options)

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """Counts of characters by place and the run of numbers."""
        text = is_string(values.type)
        run = None
        if text or is_whole(values.type):
            run = measure_strings(values) if text else measure_integers(values)
        empty = values.null_count == len(values)
        if not (text or run or empty):
            raise DataError(
                f"{values.type} values are not keys", where=column.name, fix="Give the column another type"
            )
        plain = values if text else values.cast(pa.int64()).cast(pa.string())
        return Sketch(count_kinds(values), count_characters(plain), run, storage_name(values.type))

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        """Sums and common bounds."""
        del column
        kinds, characters = add_kinds(left.kinds, right.kinds), add_counts(left.characters, right.characters)
        return Sketch(kinds, characters, join_runs(left.run, right.run), left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Identifier":
        """A sequence where numbers run densely, else the pattern."""
        presence = Presence.of(column.name, sketch.kinds)
        dense = "sequence" if sketch.run and sketch.run.density >= DENSE else "pattern"
        if column.options.get("style", dense) == "sequence" and sketch.run:
            return cls(column, presence, Sequence.following(sketch.run), sketch.storage)
        pattern = (
            Pattern.learn(sketch.characters, protection.k)
            if sketch.characters
            else Pattern((("0123456789",) * 8,), (1000,))
        )
        if not is_string(type_named(sketch.storage)):
            pattern = _without_leading_zero(pattern)
        return cls(column, presence, pattern, sketch.storage)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence only: a key says nothing of its row, so `decode(encode(x))` keeps what is missing."""
        del rng
        return self.presence.encode(values)

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """New keys; the row's number alone decides its key, so partitions need not talk to each other."""
        del rng
        index = np.arange(offset, offset + rows, dtype=np.uint64)
        repeats = float(self.column.options.get("repeats", 0.0))
        if repeats:
            index = repeat_earlier(index, repeats, make_salt(self.column.name, "repeats"))
        kind = type_named(self.storage)
        if isinstance(self.form, Pattern):
            keys = self.form.draw(index, self.column.name)
        else:
            keys = self.form.strings(index) if is_string(kind) else self.form.numbers(index)
        keys = keys if is_string(kind) or pt.is_integer(keys.type) else keys.cast(pa.int64())
        if pt.is_decimal(kind):
            keys = keys.cast(pa.decimal128(19, 0))
        return restore(self.presence.place(keys, arrays, rows), kind)

    def evidence(self, condition: Condition) -> dict[str, Any]:
        """Only whether a key is there can be asked."""
        return self.presence.evidence(condition, "is an identifier and its values are made up")

    def holds(self) -> str:
        """The form of keys: no value."""
        if isinstance(self.form, Pattern):
            return "new ones in the same form; none is learned"
        first, second = self.form.strings(np.arange(2, dtype=np.uint64)).to_pylist()
        return f"running: {first}, {second}, ...; none is learned"

    def state(self) -> dict[str, Any]:
        """Kinds of cell, Arrow type, and the sequence or the pattern."""
        style = "pattern" if isinstance(self.form, Pattern) else "sequence"
        return {
            "kinds": list(self.presence.kinds),
            "storage": self.storage,
            "style": style,
            "form": self.form.state(),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Identifier":
        """Rebuild what `state` gave."""
        form = Pattern if state["style"] == "pattern" else Sequence
        presence = Presence(column.name, tuple(state["kinds"]))
        return cls(column, presence, form.from_state(state["form"]), state["storage"])


def _share_distinct(profile: Profile) -> float:
    if profile.distinct is not None:
        return profile.distinct / max(profile.rows - profile.nulls, 1)
    present = profile.sample.drop_null()
    return len(present.unique()) / max(len(present), 1)


def _judge_integers(profile: Profile, share: float, named: bool) -> tuple[float, str, str] | None:
    run = measure_integers(profile.sample)
    if run is None or share < 0.99:
        return None
    density = run.density * (profile.rows - profile.nulls) / run.count
    if named and density >= DENSE and share == 1:
        return 0.95, "sequence", "a key by its name, running numbers"
    if named:
        return 0.9, "pattern", "a key by its name, numbers of a fixed width"
    whole = profile.sample.drop_null().cast(pa.int64()).to_numpy(zero_copy_only=False)
    if run.count >= 20 and density >= 0.9 and share == 1 and bool((np.diff(whole) > 0).all()):
        return 0.9, "sequence", "running numbers, one a row, in order"
    return None


def _judge_strings(profile: Profile, share: float, named: bool) -> tuple[float, str, str] | None:
    seen = profile.sample.drop_null()
    seen = seen[:_LOOKED_AT].cast(pa.string())
    if share < 0.5 or _fitting(seen, _NUMBER_OR_DATE) > 0.5:
        return None
    if _fitting(seen, _UUID) > 0.99 or _fitting(seen, _HEX) > 0.99:
        return 0.97, "pattern", "machine-made keys (hexadecimal)"
    coded, single = _fitting(seen, _TOKEN), _fitting(seen, r"^\S{1,64}$")
    if share > 0.99:
        run = measure_strings(profile.sample) if named or coded > 0.99 else None
        if run and run.density >= DENSE and (named or run.head):
            return 0.94, "sequence", "running numbers with a fixed head"
        if coded > 0.9 and single > 0.99 and (named or len(seen) >= 20):
            return (0.93 if named else 0.75), "pattern", "codes of one pattern"
        return (0.85, "pattern", "a key by its name") if named and single > 0.99 else None
    if coded > 0.9 and single > 0.99 and len(seen) >= 20:
        return (0.7 if named else 0.6), "pattern", "codes of one pattern, some of them repeated"
    return None


def _fitting(values: pa.Array, regex: str) -> float:
    return (pc.sum(pc.match_substring_regex(values, regex)).as_py() or 0) / max(len(values), 1)


def _without_leading_zero(pattern: Pattern) -> Pattern:
    """Numbers do not start with 0, and those of 19 digits must stay below 2**63."""
    places: list[tuple[str, ...]] = []
    for each in pattern.places:
        first, rest = each[0], each[1:]
        first = first.replace("0", "") if rest else first
        first = first.replace("9", "") if len(rest) >= 18 else first
        places.append((first or "1", *rest))
    return Pattern(tuple(places), pattern.weights)


CODECS = (Identifier,)
