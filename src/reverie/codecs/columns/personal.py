"""Personal data: names, addresses, numbers of phones and cards ... No value is ever learned; all are made up.

Only what is missing and how often values repeat is kept of the real column.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import restore, type_named
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.permutation import make_salt, repeat_earlier
from reverie.codecs.persons.fabrication import MAKERS, fabricate
from reverie.codecs.persons.kinds import find_kind
from reverie.codecs.persons.locales import LOCALES, find_locale
from reverie.codecs.persons.pools import is_locale
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.codecs.storage import is_string, storage_name
from reverie.core.errors import DataError, SchemaError
from reverie.schema.types import Column

_LOOKED_AT = 1_000
_DEFAULT_LOCALE = "en_US"


@dataclass(frozen=True)
class Sketch:
    """What one partition tells: kinds of cell and the Arrow type."""

    kinds: Mapping[str, int]
    storage: str


class Personal(Codec):
    """Personal data of `kind` in `locale`; `repeats` is the share of rows that repeat an earlier value."""

    TYPES = ("personal",)
    INVENTED = True
    OPTIONS: ClassVar[Mapping[str, type]] = {"kind": str, "locale": str, "repeats": float}

    def __init__(self, column: Column, presence: Presence, storage: str) -> None:
        self.column, self.presence, self.storage = column, presence, storage
        self.specs = presence.specs

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Personal by form, by check digits, by a dictionary of names or by the name of the column."""
        seen = profile.sample.drop_null()
        if len(seen) < 2 or not (is_string(seen.type) or pt.is_integer(seen.type)):
            return None
        present = profile.rows - profile.nulls
        distinct = (
            profile.distinct if profile.distinct is not None else len(seen.unique()) * present // len(seen)
        )
        most = min(len(seen), _LOOKED_AT)
        looked = seen.take(pa.array(np.arange(most) * len(seen) // most)).cast(pa.string())
        looked = pc.utf8_slice_codeunits(looked.filter(pc.not_equal(looked, "")), 0, 200)
        found = find_kind(profile.name, looked, distinct / present, text=is_string(seen.type))
        if found is None:
            return None
        repeats = 0.0 if distinct == present else round(1 - distinct / present, 4)
        options = {"kind": found.kind, "locale": find_locale(found.kind, looked), "repeats": repeats}
        counted = f"{distinct:,} different values in {present:,} rows"
        return Match("personal", found.score, f"{found.reason}: {counted}", options)

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """What is missing, and nothing else. Raises SchemaError if the kind or locale is unknown."""
        kind, locale = column.options.get("kind"), column.options.get("locale")
        if kind not in MAKERS:
            fix = f"Set the option 'kind' to one of: {', '.join(MAKERS)}"
            raise SchemaError("personal data without a known kind", where=column.name, fix=fix)
        if locale and not is_locale(locale):
            near = get_close_matches(locale, LOCALES, n=3, cutoff=0.3) or LOCALES[:5]
            fix = f"Choose one such as: {', '.join(near)}"
            raise SchemaError(f"no locale '{locale[:20]}' is known", where=column.name, fix=fix)
        if not (is_string(values.type) or pt.is_integer(values.type) or pt.is_null(values.type)):
            fix = "Give the column another type"
            raise DataError(f"{values.type} values are not personal data", where=column.name, fix=fix)
        return Sketch(count_kinds(values, empty=is_string(values.type)), storage_name(values.type))

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        """Sums."""
        del column
        return Sketch(add_kinds(left.kinds, right.kinds), left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Personal":
        """Nothing to learn but what is missing."""
        del protection
        return cls(column, Presence.of(column.name, sketch.kinds), sketch.storage)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence only, so `decode(encode(x))` keeps no more than what is missing."""
        del rng
        return self.presence.encode(values)

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """Made-up values; the row's number alone decides its value, so partitions need not talk."""
        del rng
        options = self.column.options
        index = np.arange(offset, offset + rows, dtype=np.uint64)[self.presence.are("value", arrays, rows)]
        if repeats := float(options.get("repeats") or 0.0):
            index = repeat_earlier(index, repeats, make_salt(self.column.name, "repeats"))
        made = fabricate(options["kind"], index, options.get("locale") or _DEFAULT_LOCALE, self.column.name)
        kind = type_named(self.storage)
        if not is_string(kind):
            made = pc.replace_substring_regex(made, r"\D", "")
        return restore(self.presence.place(made if is_string(kind) else made.cast(kind), arrays, rows), kind)

    def evidence(self, condition: Condition) -> dict[str, Any]:
        """Only whether a value is there can be asked."""
        return self.presence.evidence(condition, "is personal data and its values are made up")

    def holds(self) -> str:
        """Kind and locale: no value."""
        options = self.column.options
        return f"{options['kind']}, {options.get('locale') or _DEFAULT_LOCALE}; made up, none is learned"

    def state(self) -> dict[str, Any]:
        """Kinds of cell and Arrow type."""
        return {"kinds": list(self.presence.kinds), "storage": self.storage}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Personal":
        """Rebuild what `state` gave."""
        return cls(column, Presence(column.name, tuple(state["kinds"])), state["storage"])


CODECS = (Personal,)
