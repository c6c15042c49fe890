"""Written text: what a row says in words, as codes that a network reads and writes beside the rest of it.

`decode(encode(x)) == x` for texts of up to `length` codes; longer ones end with the last word that fits. The
words of which codes are made are such as `Protection.k` rows share; bytes spell all others. Codes may also be
those of a language model that others trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.arrow_types import restore, type_named
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.borrowed import Borrowed
from reverie.codecs.bytepairs import BYTES, LONGEST_PIECE, MOST_PIECES, BytePairs, Words
from reverie.codecs.columns.text import Text
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.codecs.storage import is_string, storage_name
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.schema.blocks import CategoryEvidence, Tokens, TokensEvidence
from reverie.schema.types import Column

NEEDS = ("torch", "lightning_fabric", "tokenizers")
MOST_LENGTH, USUAL_LENGTH, LEAST_LENGTH = 1024, 256, 8
"""Codes of a text that can be learned, that are unless told, and the fewest."""
LEAST_SIZE, MOST_SIZE, WORDS_A_CODE = 512, 4096, 40
"""Fewest and most codes unless told, and how many words there are for each in between."""
SHARE = 0.98
"""Share of the texts that fit whole."""
KEPT, SEEN = 1_000, 10_000_000
"""Texts of a partition by which lengths are told, and signs of which words are counted."""
READ = 20_000
"""Signs of a text of which words are counted."""


@dataclass(frozen=True)
class Sketch:
    """What one partition tells: kinds of cell, words, some texts to tell lengths by, the Arrow type."""

    kinds: Mapping[str, int]
    words: Words
    some: tuple[str, ...]
    storage: str

    def __repr__(self) -> str:
        return f"Sketch({self.kinds})"


class Prose(Codec):
    """Texts: blocks are presence, where it varies, and codes in sequence."""

    TYPES = ("prose",)
    MODALITY = "tokens"
    PLAIN = "text"
    ASKED = "words"
    OPTIONS: ClassVar[Mapping[str, type]] = {"tokens": int, "vocabulary": int, "model": str}

    def __init__(
        self,
        column: Column,
        presence: Presence,
        pairs: BytePairs | Borrowed,
        length: int,
        storage: str,
        shared: int,
    ) -> None:
        self.column, self.presence, self.pairs, self.length = column, presence, pairs, length
        self.storage, self.shared = storage, shared
        borrowed = (pairs.model, pairs.source) if isinstance(pairs, Borrowed) else ()
        tokens = Tokens(column.name, len(pairs), length, presence.gate, shared, *borrowed)
        self.specs = (*presence.specs, tokens)

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """What is text of several words, where networks can be learned."""
        if not is_string(profile.sample.type) or any(find_spec(name) is None for name in NEEDS):
            return None
        found = Text.matches(profile)
        if found is None or not found.reason.startswith("free text"):
            return None
        return Match("prose", found.score + 0.02, found.reason)

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """Counted words, and some texts."""
        if not is_string(values.type) and not pa.types.is_null(values.type):
            raise DataError(f"{values.type} values are not text", where=column.name, fix="Change the type")
        texts = values.cast(pa.string())
        filled = texts.filter(pc.fill_null(pc.not_equal(texts, ""), False))
        filled = pc.utf8_slice_codeunits(filled, 0, READ)
        size = int(pc.sum(pc.utf8_length(filled)).as_py() or 0)
        read = filled.take(pa.array(np.arange(0, len(filled), size // SEEN + 1))).to_pylist()
        words = Words.count(read)
        return Sketch(count_kinds(texts, empty=True), words, _some(tuple(read)), storage_name(values.type))

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        """Sums, and some of both texts."""
        del column
        kinds, words = add_kinds(left.kinds, right.kinds), left.words + right.words
        return Sketch(kinds, words, _some(left.some + right.some), left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Prose":
        """Learn the codes, and take the length that most texts have."""
        pairs = _pieces(column, sketch.words.shared(protection.k))
        length = _option(column, "tokens", LEAST_LENGTH, MOST_LENGTH)
        if length is None:
            found = [len(codes) for codes in pairs.encode(sketch.some, USUAL_LENGTH)] or [LEAST_LENGTH]
            # By steps, so that it is no single text's length.
            length = int(np.clip(-(-np.quantile(found, SHARE) // 8) * 8, LEAST_LENGTH, USUAL_LENGTH))
        presence = Presence.of(column.name, sketch.kinds)
        return cls(column, presence, pairs, length, sketch.storage, protection.k)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence, and codes, -1 after the end and where there is no text."""
        del rng
        texts = values.cast(pa.string())
        there = pc.fill_null(pc.not_equal(texts, ""), False)
        # Signs that no code can be of are cut before they are copied.
        filled = pc.utf8_slice_codeunits(texts.filter(there), 0, self.length * LONGEST_PIECE + 1)
        codes = np.full((len(texts), self.length), -1, np.int32)
        rows = np.flatnonzero(there.to_numpy(zero_copy_only=False))
        for row, found in zip(rows, self.pairs.encode(filled.to_pylist(), self.length), strict=True):
            codes[row, : len(found)] = found
        return {**self.presence.encode(texts), self.column.name: codes}

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """Texts."""
        del rng, offset
        filled = self.presence.are("value", arrays, rows)
        texts = pa.array(self.pairs.decode(arrays[self.column.name][filled]), pa.string())
        return restore(self.presence.place(texts, arrays, rows), type_named(self.storage))

    def blank(self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator) -> pa.Array:
        """Nothing where there is a cell."""
        del rng
        return restore(self.presence.blank(arrays, rows), type_named(self.storage))

    def evidence(self, condition: Condition) -> dict[str, Any]:
        """A text that is given, what it begins with, or whether there is one."""
        present = Condition(condition.column, missing=False)
        if condition.begins is not None:
            codes = self._codes(condition.begins, "is to begin with more than")
            return {**self._filled(present), self.column.name: TokensEvidence(begins=codes)}
        if condition.values is None or condition.negate or len(condition.values) != 1:
            return self.presence.evidence(condition, "is text, of which all or its beginning can be given")
        text = str(condition.values[0])
        if not text:
            return self._empty(condition)
        codes = np.full((1, self.length), -1, np.int32)
        found = self._codes(text, "is given a text of more than")
        codes[0, : len(found)] = found
        return {**self._filled(present), self.column.name: TokensEvidence(values=codes)}

    def holds(self) -> str:
        """How long they are."""
        pieces = "of a language model" if isinstance(self.pairs, Borrowed) else "of words that rows share"
        return f"texts of up to {self.length} of {len(self.pairs):,} pieces {pieces}"

    def state(self) -> dict[str, Any]:
        """Kinds of cell, Arrow type, length and merges."""
        name = "borrowed" if isinstance(self.pairs, Borrowed) else "merges"
        common = {"kinds": list(self.presence.kinds), "storage": self.storage}
        return {**common, "length": self.length, name: self.pairs.state(), "shared": self.shared}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Prose":
        """Rebuild what `state` gave."""
        length = int(state["length"])
        if not 0 < length <= MOST_LENGTH:
            raise ValueError("no such texts")
        presence = Presence(column.name, tuple(state["kinds"]))
        known = "borrowed" in state
        pairs = Borrowed.from_state(state["borrowed"]) if known else BytePairs.from_state(state["merges"])
        return cls(column, presence, pairs, length, state["storage"], int(state["shared"]))

    def _codes(self, text: str, more: str) -> np.ndarray:
        """The codes of a text that is given. Raises ConditionError if they are too many."""
        (codes,) = self.pairs.encode([text], self.length + 1)
        if len(codes) > self.length or self.pairs.decode(np.array([codes]))[0] != text:
            what = f"{more} the {self.length} pieces of words that a text of this model has at most"
            raise ConditionError(what, where=self.column.name, fix="Give less of it")
        return np.array(codes, np.int32)

    def _filled(self, present: Condition) -> dict[str, Any]:
        """That there is a text, and not an empty one."""
        found = self.presence.evidence(present, "")
        allowed = np.array([kind == "value" for kind in self.presence.kinds])
        return {name: CategoryEvidence(allowed=allowed) for name in found}

    def _empty(self, condition: Condition) -> dict[str, Any]:
        allowed = np.array([kind == "empty" for kind in self.presence.kinds])
        if not allowed.any():
            what, fix = "is never empty in the data that was learned", "Drop the condition"
            raise ConditionError(what, where=condition.column, fix=fix)
        block = self.presence.block
        return {block: CategoryEvidence(allowed=allowed)} if self.presence.specs else {}


def _pieces(column: Column, shared: Mapping[str, int]) -> BytePairs | Borrowed:
    """Codes learned from words and how often they stand, or those that the column asks for. Raises
    SchemaError if these cannot be had.
    """
    size = _option(column, "vocabulary", BYTES, MOST_PIECES)
    source = column.options.get("model")
    if source is None:
        usual = int(np.clip(sum(shared.values()) // WORDS_A_CODE, LEAST_SIZE, MOST_SIZE))
        return BytePairs.learn(shared, size or usual)
    try:
        return Borrowed.load(source)
    except ValueError as error:
        what = f"the language model {source!r}: {error}"
        fix = "Give in the schema a folder, or a name on the hub, of a causal language model"
        raise SchemaError(what, where=column.name, fix=fix) from None


def _some(texts: tuple[str, ...]) -> tuple[str, ...]:
    """At most so many of the texts, evenly spread."""
    return texts[:: -(-len(texts) // KEPT) or 1]


def _option(column: Column, name: str, low: int, high: int) -> int | None:
    value = column.options.get(name)
    if value is not None and not low <= value <= high:
        what = f"option '{name}' is {value}, not between {low} and {high:,}"
        raise SchemaError(what, where=column.name, fix="Correct the option in the schema")
    return value


CODECS = (Prose,)
