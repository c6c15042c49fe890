"""Free text: its length is joint with the row, its words come from a word model that knows no single row.

Only words, pairs and triples that `Protection.k` rows share are learned, so a text is never told again:
`decode(encode(x))` keeps what is missing or empty and the number of words, not the words. Lists and records
are kept as JSON text.
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
from reverie.codecs.lengths import Lengths, count_lengths
from reverie.codecs.ngrams import Counts, WordModel, add_grams, count_grams, count_words
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.codecs.storage import is_string, storage_name
from reverie.core.errors import DataError
from reverie.schema.blocks import Real
from reverie.schema.types import Column

_LOOKED_AT = 2_000
_JSON = r"^\s*[\[{].*[\]}]\s*$"


@dataclass(frozen=True)
class Sketch:
    """What one partition tells: kinds of cell, rows of each length, counted words, the Arrow type."""

    kinds: Mapping[str, int]
    lengths: np.ndarray
    grams: Counts
    storage: str


class Text(Codec):
    """Texts: blocks are presence, where it varies, and the normal score of the number of words."""

    TYPES = ("text",)
    ASKED = "words"
    OPTIONS: ClassVar[Mapping[str, type]] = {}

    def __init__(
        self, column: Column, presence: Presence, lengths: Lengths, words: WordModel, storage: str
    ) -> None:
        self.column, self.presence, self.lengths, self.words = column, presence, lengths, words
        self.storage = storage
        self.specs = (*presence.specs, Real(self._block, gate=presence.gate))

    @property
    def _block(self) -> str:
        return f"{self.column.name}#length"

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Mostly different strings of several words, or long ones; and whatever is a list or a record."""
        kind = profile.sample.type
        if pt.is_nested(kind):
            return Match("text", 0.7, "lists or records, kept as JSON text")
        seen = profile.sample.drop_null()
        if not is_string(kind) or len(seen) < 2:
            return None
        present = profile.rows - profile.nulls
        distinct = (
            profile.distinct if profile.distinct is not None else len(seen.unique()) * present // len(seen)
        )
        looked = seen.take(
            pa.array(np.arange(min(len(seen), _LOOKED_AT)) * len(seen) // min(len(seen), _LOOKED_AT))
        )
        looked = looked.cast(pa.string())
        found = _judge(looked, distinct / present)
        if found is None:
            return None
        score, what = found
        return Match("text", score, f"{what}: {distinct:,} different values in {present:,} rows")

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """Counted words and lengths."""
        texts = _as_texts(column, values)
        kinds = count_kinds(texts, empty=True)
        filled = _filled(texts)
        return Sketch(
            kinds, count_lengths(count_words(filled)), count_grams(filled), storage_name(values.type)
        )

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        """Sums."""
        del column
        kinds, grams = add_kinds(left.kinds, right.kinds), add_grams(left.grams, right.grams)
        return Sketch(kinds, left.lengths + right.lengths, grams, left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Text":
        """Learn the words; where no word is shared by enough rows, plain Latin stands in."""
        words = WordModel.learn(sketch.grams, protection.k) or WordModel.plain(_filler())
        counts = sketch.lengths.copy()
        counts[0] = 0
        presence = Presence.of(column.name, sketch.kinds)
        return cls(column, presence, Lengths.learn(counts, protection.k), words, sketch.storage)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence, and normal scores of lengths, NaN where there is no text."""
        texts = _as_texts(self.column, values)
        arrays = self.presence.encode(texts)
        there = pc.fill_null(pc.not_equal(texts, ""), False).to_numpy(zero_copy_only=False)
        scores = np.full(len(texts), np.nan)
        scores[there] = self.lengths.score(np.maximum(count_words(_filled(texts)), 1), rng)
        return {**arrays, self._block: scores.reshape(-1, 1, 1)}

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """New texts of the lengths asked for."""
        del offset
        filled = self.presence.are("value", arrays, rows)
        lengths = self.lengths.restore(arrays[self._block].reshape(-1)[filled])
        texts = self.words.write(lengths, rng)
        return restore(self.presence.place(texts, arrays, rows), type_named(self.storage))

    def evidence(self, condition: Condition) -> dict[str, Any]:
        """Only whether a text is there can be asked."""
        return self.presence.evidence(condition, "is free text and its words are made up")

    def holds(self) -> str:
        """How many words."""
        return f"texts of {len(self.words.words):,} words that rows share"

    def state(self) -> dict[str, Any]:
        """Kinds of cell, Arrow type, lengths, words and counts."""
        common = {"kinds": list(self.presence.kinds), "storage": self.storage}
        return {**common, **self.lengths.state(), **self.words.state()}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Text":
        """Rebuild what `state` gave."""
        presence = Presence(column.name, tuple(state["kinds"]))
        return cls(column, presence, Lengths.from_state(state), WordModel.from_state(state), state["storage"])


def _judge(seen: pa.Array, share: float) -> tuple[float, str] | None:
    """How much `seen` (strings) looks like text, and what kind; `share` of the values are different."""
    if not (seen := _filled(seen)):
        return None
    length = pc.mean(pc.utf8_length(seen)).as_py()
    words = pc.mean(pc.add(pc.count_substring_regex(seen, r"\S\s+\S"), 1)).as_py()
    if share > 0.3 and (pc.sum(pc.match_substring_regex(seen, _JSON)).as_py() or 0) > 0.9 * len(seen):
        return 0.8, "lists or records written as text"
    if (share > 0.5 and words >= 1.8) or (share > 0.1 and words >= 8):
        return 0.7, f"free text, {words:.1f} words on average"
    if share > 0.5 and length >= 30:
        return 0.65, f"long strings, {length:.0f} characters on average"
    return (0.5, "single words, most of them different") if share > 0.5 else None


def _as_texts(column: Column, values: pa.Array) -> pa.Array:
    if is_string(values.type) or pt.is_null(values.type):
        return values.cast(pa.string())
    if not pt.is_nested(values.type):
        raise DataError(
            f"{values.type} values are not text", where=column.name, fix="Give the column another type"
        )
    import duckdb

    cells = pa.table({"cell": values})
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        written = connection.sql("select if(cell is null, null, to_json(cell)::varchar) as cell from cells")
        return written.to_arrow_table().column(0).combine_chunks().cast(pa.string())


def _filled(texts: pa.Array) -> pa.Array:
    return texts.filter(pc.fill_null(pc.not_equal(texts, ""), False))


def _filler() -> list[str]:
    from faker.providers.lorem.la import Provider

    return sorted(set(Provider.word_list))


CODECS = (Text,)
