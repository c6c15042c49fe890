"""A small word model: which word follows which two, counted in rows, so that no single wording enters.

A word carries the blank before it (" silk", ",", " -"), so that words joined read as they were written.
Source: Katz, "Estimation of probabilities from sparse data" (1987): back from triples to pairs to words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WORDS = 20_000
GRAMS = 100_000
_BUSY = 8
_BYTES = 10_000_000
_LONGEST = 20_000
# Ranges instead of \pL: RE2 is ten times faster on them. Scripts without blanks go sign by sign.
_UNSPACED = r"\x{E00}-\x{E7F}\x{3040}-\x{30FF}\x{3400}-\x{9FFF}\x{F900}-\x{FAFF}"
_LETTER = r"a-zA-Z0-9_\x{AA}\x{B5}\x{BA}\x{C0}-\x{DFF}\x{E80}-\x{1FFF}\x{2C00}-\x{2DFF}\x{A000}-\x{F8FF}"
_WORD = rf"( ?[{_UNSPACED}]| ?[{_LETTER}]+(?:['’@.-][{_LETTER}]+)*| ?[^{_LETTER}{_UNSPACED}\s]+|\s)"
_MARK = "\x1f"
_CELLS = 2_000_000
START = 0


def split_texts(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """All words of the non-null texts in a row, and the row of each word (int64)."""
    cut = pc.utf8_slice_codeunits(texts.cast(pa.string()), 0, _LONGEST)
    marked = pc.replace_substring_regex(pc.replace_substring(cut, _MARK, " "), _WORD, rf"\1{_MARK}")
    lists = pc.split_pattern(pc.utf8_rtrim(marked, _MARK), _MARK)
    return pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(
        np.int64
    )


def count_words(texts: pa.Array) -> np.ndarray:
    """Words in each non-null text, (rows,) int64."""
    _, rows = split_texts(texts)
    return np.bincount(rows, minlength=len(texts))


@dataclass(frozen=True)
class Counts:
    """In how many rows each word, pair and triple stands; word 0 is the start of a text.

    `pairs` (p, 2) and `triples` (t, 3) are int64 codes of words, `ends` the rows in which a word comes last.
    """

    words: pa.Array
    rows: np.ndarray
    ends: np.ndarray
    pairs: np.ndarray
    pair_rows: np.ndarray
    triples: np.ndarray
    triple_rows: np.ndarray


def count_grams(texts: pa.Array) -> Counts:
    """Count one partition of non-null texts; of very long partitions every so many rows are read."""
    size = int(pc.sum(pc.binary_length(texts)).as_py() or 0)
    if size > _BYTES:
        texts = texts.take(pa.array(np.arange(0, len(texts), size // _BYTES + 1)))
    words, row = split_texts(texts)
    coded = words.dictionary_encode()
    code = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64) + 1
    listed = pa.concat_arrays([pa.array([""]), coded.dictionary.cast(pa.string())])
    first = np.r_[True, row[1:] != row[:-1]] if len(row) else np.zeros(0, dtype=bool)
    second = np.r_[False, first[:-1]] | first
    before = np.where(first, START, np.r_[START, code[:-1]][: len(code)])
    earlier = np.where(second, START, np.r_[START, START, code[:-2]][: len(code)])
    size = len(listed)
    ends = np.bincount(code[np.r_[first[1:], True][: len(code)]], minlength=size)
    rows = np.bincount(_unique(row * size + code) % size, minlength=size)
    pairs, pair_rows = _count_rows(np.column_stack([before, code]), row, size)
    triples, triple_rows = _count_rows(np.column_stack([earlier, before, code]), row, size)
    return _limit(Counts(listed, rows, ends, pairs, pair_rows, triples, triple_rows))


def add_grams(left: Counts, right: Counts) -> Counts:
    """The counts of two partitions together, on one list of words."""
    extra = right.words.filter(pc.invert(pc.is_in(right.words, left.words)))
    words = pa.concat_arrays([left.words, extra])
    at = pc.index_in(right.words, words).to_numpy(zero_copy_only=False).astype(np.int64)
    rows, ends = (np.zeros(len(words), dtype=np.int64) for _ in range(2))
    rows[: len(left.words)], ends[: len(left.words)] = left.rows, left.ends
    np.add.at(rows, at, right.rows)
    np.add.at(ends, at, right.ends)
    pairs = _add(left.pairs, left.pair_rows, at[right.pairs], right.pair_rows, len(words))
    triples = _add(left.triples, left.triple_rows, at[right.triples], right.triple_rows, len(words))
    return _limit(Counts(words, rows, ends, *pairs, *triples))


def _unique(keys: np.ndarray) -> np.ndarray:
    keys = np.sort(keys)
    return keys[np.r_[True, keys[1:] != keys[:-1]]] if len(keys) else keys


def _pack(grams: np.ndarray, size: int) -> np.ndarray:
    """One int64 for each gram: a partition has fewer than 2**21 different words."""
    packed = grams[:, 0]
    for place in range(1, grams.shape[1]):
        packed = packed * size + grams[:, place]
    return packed


def _unpack(packed: np.ndarray, size: int, places: int) -> np.ndarray:
    columns = []
    for _ in range(places):
        packed, code = np.divmod(packed, size)
        columns.append(code)
    return np.column_stack(columns[::-1])


def _count_rows(grams: np.ndarray, row: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Different grams, and in how many rows each stands."""
    packed = _pack(grams, size)
    order = np.argsort(packed, kind="stable")
    packed, row = packed[order], row[order]
    new = np.r_[True, packed[1:] != packed[:-1]] if len(packed) else np.zeros(0, dtype=bool)
    fresh = new | np.r_[True, row[1:] != row[:-1]][: len(row)]
    at = np.flatnonzero(new)
    counts = np.add.reduceat(fresh.astype(np.int64), at) if len(at) else np.zeros(0, dtype=np.int64)
    return _unpack(packed[at], size, grams.shape[1]), counts


def _add(
    grams: np.ndarray, rows: np.ndarray, more: np.ndarray, more_rows: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    packed, at = np.unique(_pack(np.concatenate([grams, more]), size), return_inverse=True)
    total = np.bincount(at, weights=np.concatenate([rows, more_rows])).astype(np.int64)
    return _unpack(packed, size, grams.shape[1]), total


def _limit(counts: Counts) -> Counts:
    """Drop the rarest, so that a sketch is bounded whatever the number of rows."""
    pairs, pair_rows = _top(counts.pairs, counts.pair_rows, GRAMS * _BUSY)
    triples, triple_rows = _top(counts.triples, counts.triple_rows, GRAMS * _BUSY)
    kept = Counts(counts.words, counts.rows, counts.ends, pairs, pair_rows, triples, triple_rows)
    return (
        select_words(kept, _commonest(counts.rows, WORDS * _BUSY))
        if len(counts.words) > WORDS * _BUSY
        else kept
    )


def _top(grams: np.ndarray, rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    if len(rows) <= most:
        return grams, rows
    keep = np.sort(np.argsort(-rows, kind="stable")[:most])
    return grams[keep], rows[keep]


def _commonest(rows: np.ndarray, most: int, least: int = 1) -> np.ndarray:
    """Codes of the `most` commonest words of at least `least` rows, ascending; the start is one of them."""
    order = np.argsort(-rows[1:], kind="stable")[: most - 1] + 1
    return np.r_[START, np.sort(order[rows[order] >= least])]


def select_words(counts: Counts, keep: np.ndarray) -> Counts:
    """Only these words (ascending codes, 0 among them) and the grams made of them."""
    at = np.full(len(counts.words), -1)
    at[keep] = np.arange(len(keep))
    pairs, triples = at[counts.pairs], at[counts.triples]
    two, three = (pairs >= 0).all(axis=1), (triples >= 0).all(axis=1)
    words = counts.words.take(pa.array(keep))
    kept = (pairs[two], counts.pair_rows[two], triples[three], counts.triple_rows[three])
    return Counts(words, counts.rows[keep], counts.ends[keep], *kept)


@dataclass(frozen=True)
class _Level:
    """Grams by context: after `contexts[i]` come `follow[starts[i]:starts[i + 1]]`; `total` sums rows."""

    contexts: np.ndarray
    starts: np.ndarray
    follow: np.ndarray
    total: np.ndarray

    @classmethod
    def of(cls, grams: np.ndarray, rows: np.ndarray, size: int) -> "_Level":
        context = _pack(grams[:, :-1], size)
        order = np.argsort(context, kind="stable")
        context, follow = context[order], grams[order, -1]
        at = np.flatnonzero(np.r_[True, context[1:] != context[:-1]][: len(context)])
        return cls(
            context[at], np.r_[at, len(context)], follow, np.r_[0, np.cumsum(rows[order])].astype(float)
        )

    def draw(self, context: np.ndarray, u: np.ndarray) -> np.ndarray:
        """The next word for each context, -1 where the context is unknown; `u` (rows,) uniform."""
        if not len(self.contexts):
            return np.full(len(context), -1)
        place = np.minimum(np.searchsorted(self.contexts, context), len(self.contexts) - 1)
        low, high = self.total[self.starts[place]], self.total[self.starts[place + 1]]
        chosen = np.searchsorted(self.total, low + u * (high - low), side="right") - 1
        chosen = np.minimum(chosen, self.starts[place + 1] - 1)
        return np.where(self.contexts[place] == context, self.follow[chosen], -1)


class WordModel:
    """Draws texts of given numbers of words; holds only words, pairs and triples that `k` rows share."""

    def __init__(self, words: pa.Array, arrays: Mapping[str, np.ndarray]) -> None:
        self.words, self.arrays = words, dict(arrays)
        size = len(words)
        self._triple = _Level.of(arrays["triples"].astype(np.int64), arrays["triple_rows"], size)
        self._pair = _Level.of(arrays["pairs"].astype(np.int64), arrays["pair_rows"], size)
        self._total = np.cumsum(self._anywhere())
        self._closing = arrays["ends"] / np.maximum(arrays["rows"], 1)

    @classmethod
    def learn(cls, counts: Counts, k: int) -> "WordModel | None":
        """Keep what `k` rows share, at most `WORDS` words and `GRAMS` grams; None if nothing is left."""
        counts = select_words(counts, _commonest(counts.rows, WORDS, k))
        if len(counts.words) < 2:
            return None
        two, three = counts.pair_rows >= k, counts.triple_rows >= k
        pairs, pair_rows = _top(counts.pairs[two], counts.pair_rows[two], GRAMS)
        triples, triple_rows = _top(counts.triples[three], counts.triple_rows[three], GRAMS)
        ends = np.where(counts.ends >= k, counts.ends, 0)
        grams = {"pairs": pairs, "pair_rows": pair_rows, "triples": triples, "triple_rows": triple_rows}
        arrays = {"rows": counts.rows, "ends": ends, **grams}
        return cls(counts.words, {name: array.astype(np.int32) for name, array in arrays.items()})

    @classmethod
    def plain(cls, words: list[str]) -> "WordModel":
        """All words equally likely, in any order: for when nothing of the data may be told."""
        rows = np.r_[0, np.ones(len(words))].astype(np.int32)
        none = {name: np.zeros((0, places), np.int32) for name, places in (("pairs", 2), ("triples", 3))}
        empty = np.zeros(0, np.int32)
        arrays = {"rows": rows, "ends": 0 * rows, "pair_rows": empty, "triple_rows": empty, **none}
        return cls(pa.array(["", *(f" {word}" for word in words)]), arrays)

    def write(self, lengths: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """One text of `lengths[i]` (>= 1) words for each i; texts of like length are written side by side."""
        order = np.argsort(-lengths, kind="stable")
        parts, done = [pa.array([], pa.string())], 0
        while done < len(order):
            batch = lengths[order[done : done + max(1, _CELLS // int(lengths[order[done]]))]]
            parts.append(self._write_batch(batch, rng))
            done += len(batch)
        return pa.concat_arrays(parts).take(pa.array(np.argsort(order, kind="stable")))

    def _write_batch(self, lengths: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Texts of descending `lengths`, all of them a word further at each step."""
        said = np.full((len(lengths), 2 + int(lengths[0])), START, dtype=np.int32)
        for place in range(2, said.shape[1]):
            active, last = (
                int(np.searchsorted(-lengths, 2 - place - ended, side="left")) for ended in (0, 1)
            )
            earlier, before = said[:active, place - 2], said[:active, place - 1]
            said[:last, place] = self._continue(earlier[:last], before[:last], rng)
            said[last:active, place] = self._close(earlier[last:], before[last:], rng)
        return self._join(said[:, 2:], lengths)

    def _continue(self, earlier: np.ndarray, before: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The next word, from the triples; where they are silent, and at times, from pairs or from all."""
        size, before = len(self.words), before.astype(np.int64)
        word = self._triple.draw(earlier.astype(np.int64) * size + before, rng.random(len(before)))
        word[rng.random(len(word)) < 0.125] = -1
        for draw in (
            lambda rows: self._pair.draw(before[rows], rng.random(len(rows))),
            lambda rows: self._any(len(rows), rng),
        ):
            silent = np.flatnonzero(word < 0)
            word[silent] = draw(silent)
        return word

    def _anywhere(self) -> np.ndarray:
        """Weight of each word after anything; one without a blank would stick to the word before."""
        weights = self.arrays["rows"][1:].astype(float)
        sticks = pc.match_substring_regex(self.words[1:], f"^[{_LETTER}]").to_numpy(zero_copy_only=False)
        return weights if sticks.all() else np.where(sticks, 0.0, weights)

    def _any(self, n: int, rng: np.random.Generator) -> np.ndarray:
        found = np.searchsorted(self._total, rng.random(n) * self._total[-1], side="right") + 1
        return np.minimum(found, len(self._total))

    def _close(self, earlier: np.ndarray, before: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The last word: of six draws, the one that most often ends a text."""
        tries = np.stack([self._continue(earlier, before, rng) for _ in range(6)])
        return np.take_along_axis(tries, self._closing[tries].argmax(axis=0)[None], axis=0)[0]

    def _join(self, said: np.ndarray, lengths: np.ndarray) -> pa.Array:
        flat = said[np.arange(said.shape[1]) < lengths[:, None]]
        offsets = pa.array(np.r_[0, np.cumsum(lengths)].astype(np.int32))
        texts = pc.binary_join(pa.ListArray.from_arrays(offsets, self.words.take(pa.array(flat))), "")
        return pc.utf8_trim_whitespace(texts)

    def state(self) -> dict[str, Any]:
        """Words, and arrays of counts."""
        return {"words": self.words.to_pylist(), **self.arrays}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "WordModel":
        """Rebuild what `state` gave."""
        arrays = {name: np.asarray(value) for name, value in state.items() if name != "words"}
        return cls(pa.array(state["words"], pa.string()), arrays)
