"""Columns that come as text: every value of the whole column is classed, then the column gets one type.

No sample decides. Each value falls into exactly one class (`Class`), the counts of all batches add up, and
the type follows from the sum, so the result does not depend on how the file was cut.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.io.spool import gather


class Class(IntEnum):
    """What one text looks like."""

    INTEGER = 0
    HUGE = 1  # an integer beyond 64 bits
    DECIMAL = 2
    INFINITE = 3
    CODE = 4  # digits that a number would lose: leading zeros, a leading plus
    BOOLEAN = 5
    DATE = 6
    MOMENT = 7
    FINE_MOMENT = 8  # below a microsecond
    ZONED = 9
    FINE_ZONED = 10
    ABSENT = 11  # blank, NA, NULL ...: missing if the rest is typed
    QUESTION = 12
    NUMERAL = 13  # a number with marks, a currency or per cent, which is kept as text for codecs to read
    WORD = 14


ABSENT = r"^\s*(?:NA|N/A|#N/A|<NA>|NULL|Null|null|NaN|nan|NAN|n/a|None|NaT)?\s*$"
"""What stands for a missing value among numbers and dates; in a column of text it is text."""

_PROBE = 32
_NUMBER = r"^\s*-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*$"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = _DAY + r"[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_FINE_CLOCK = _DAY + r"[ T][0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{7,9}"
_ZONE = r"(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?)"
_CANDIDATE = r"^[\s\-−+.?#<(\p{Sc}0-9nNiItTfF]|^$"
_MARK = r"[.,'’\s\x{a0}\x{2009}\x{202f}]"
_NUMERAL = rf"^[(\-−\p{{Sc}}\s]*[0-9]+(?:{_MARK}[0-9]{{3}})*(?:[.,][0-9]+)?[)\-%‰\p{{Sc}}\s]*$"
_LOCAL, _UTC = pa.timestamp("us"), pa.timestamp("us", "UTC")

_SHAPES: tuple[tuple[Class, str, pa.DataType | None], ...] = (
    (Class.CODE, r"^\s*(?:-?0[0-9]|\+)[0-9.]*\s*$", None),
    (Class.INTEGER, r"^\s*-?[0-9]+\s*$", pa.int64()),
    (Class.DECIMAL, _NUMBER, pa.float64()),
    (Class.INFINITE, r"(?i)^\s*[-+]?inf(?:inity)?\s*$", None),
    (Class.BOOLEAN, r"(?i)^\s*(?:true|false)\s*$", None),
    (Class.DATE, rf"^{_DAY}$", pa.date32()),
    (Class.MOMENT, rf"^{_CLOCK}$", _LOCAL),
    (Class.FINE_MOMENT, rf"^{_FINE_CLOCK}$", _LOCAL),
    (Class.ZONED, rf"^{_CLOCK}{_ZONE}$", _UTC),
    (Class.FINE_ZONED, rf"^{_FINE_CLOCK}{_ZONE}$", _UTC),
    (Class.ABSENT, ABSENT, None),
    (Class.QUESTION, r"^\s*\?\s*$", None),
    (Class.NUMERAL, _NUMERAL, None),
)
_TYPES: tuple[tuple[frozenset[Class], pa.DataType], ...] = (
    (frozenset({Class.INTEGER}), pa.int64()),
    (frozenset({Class.INTEGER, Class.INFINITE}), pa.int64()),
    (frozenset({Class.INTEGER, Class.DECIMAL, Class.HUGE, Class.INFINITE}), pa.float64()),
    (frozenset({Class.BOOLEAN}), pa.bool_()),
    (frozenset({Class.DATE}), pa.date32()),
    (frozenset({Class.DATE, Class.MOMENT, Class.FINE_MOMENT}), _LOCAL),
    (frozenset({Class.ZONED, Class.FINE_ZONED}), _UTC),
)
_NUMERIC = (Class.INTEGER, Class.HUGE, Class.DECIMAL)
_NO_NUMBERS = frozenset(
    {Class.INTEGER, Class.HUGE, Class.DECIMAL, Class.INFINITE, Class.CODE, Class.BOOLEAN, Class.QUESTION}
)


@dataclass(frozen=True)
class Texts:
    """A table of string columns: `batches()` may be called again and gives the same each time.

    `literal` names columns whose values were strings in a format that knows types (JSON, Excel): they may be
    dates, but a text of digits stays a text. `large` asks for the typed table to be kept on disk.
    """

    names: tuple[str, ...]
    batches: Callable[[], Iterator[pa.RecordBatch]]
    literal: frozenset[str] = frozenset()
    large: bool = False


def settle(texts: Texts) -> tuple[pa.Table, tuple[str, ...]]:
    """The typed table, and a note for every decision that a user may want to know."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = np.zeros((len(texts.names), len(Class)), np.int64)
        for batch in texts.batches():
            counts += np.array(list(pool.map(classify, batch.columns)), np.int64).reshape(counts.shape)
        verdicts = [
            _decide(row, name in texts.literal) for name, row in zip(texts.names, counts, strict=True)
        ]
        schema = pa.schema([(name, kind) for name, (kind, _) in zip(texts.names, verdicts, strict=True)])
        converted = (
            pa.record_batch(list(pool.map(convert, batch.columns, schema.types)), schema=schema)
            for batch in texts.batches()
        )
        table = gather(schema, converted, on_disk=texts.large)
    notes = (
        f"column '{name}': {note}"
        for name, (_, found) in zip(texts.names, verdicts, strict=True)
        for note in found
    )
    return table, tuple(notes)


def classify(values: pa.Array) -> np.ndarray:
    """How many values are of each `Class`; shape (15,), int64. Nulls are of none."""
    counts = np.zeros(len(Class), np.int64)
    values = values.drop_null()
    quick = _classify_alike(values)
    if quick is not None:
        counts[quick] = len(values)
        return counts
    distinct = values.value_counts()
    rest, weights = distinct.field(0), distinct.field(1)
    possible = pc.match_substring_regex(rest, _CANDIDATE)
    counts[Class.WORD] = _total(weights.filter(pc.invert(possible)))
    rest, weights = rest.filter(possible), weights.filter(possible)
    for label, shape, kind in _SHAPES:
        if not len(rest):
            break
        found = pc.match_substring_regex(rest, shape)
        counts += _weigh(label, kind, rest.filter(found), weights.filter(found))
        rest, weights = rest.filter(pc.invert(found)), weights.filter(pc.invert(found))
    counts[Class.WORD] += _total(weights)
    return counts


def _classify_alike(values: pa.Array) -> Class | None:
    """The class that all values share, where one cheap look at plain numbers tells."""
    if not len(values):
        return Class.WORD
    whole = _cast(values, pa.int64())
    if whole is not None:
        return Class.INTEGER if pc.cast(whole, pa.string()).equals(values) else None
    real = _cast(values, pa.float64())
    if real is None or not pc.all(pc.is_finite(real)).as_py():
        return None
    odd = pc.match_substring_regex(values, r"^-?0[0-9]|^\+|^-?[0-9]{19,}$")
    return None if pc.any(odd).as_py() else Class.DECIMAL


def _weigh(label: Class, kind: pa.DataType | None, values: pa.Array, weights: pa.Array) -> np.ndarray:
    """Counts for distinct texts of one shape, tried as the type: 2020-13-01 only has the shape of a date."""
    counts = np.zeros(len(Class), np.int64)
    counts[label] = _total(weights)
    if kind is None or not len(values):
        return counts
    typed = _cast(_trim(values), kind)
    if typed is None:
        counts[label] = 0
        counts[Class.HUGE if label is Class.INTEGER else Class.WORD] = _total(weights)
    elif label is Class.DECIMAL:
        counts[Class.INFINITE] = _total(weights.filter(pc.is_inf(typed)))
        counts[label] -= counts[Class.INFINITE]
    return counts


def _decide(counts: np.ndarray, literal: bool) -> tuple[pa.DataType, list[str]]:
    """The type of a column and notes on it, from the counts of its whole length."""
    seen = frozenset(label for label in Class if counts[label])
    typed = seen - {Class.ABSENT, Class.QUESTION}
    if not seen:
        return pa.null(), []
    if typed and not (literal and seen & _NO_NUMBERS):
        for accepted, kind in _TYPES:
            whole_only = Class.HUGE in typed and Class.DECIMAL not in typed
            if typed <= accepted and not whole_only:
                return kind, _notes_on_typed(counts)
    return pa.string(), [] if literal else _notes_on_text(counts, typed)


def _notes_on_typed(counts: np.ndarray) -> list[str]:
    notes = []
    if counts[Class.QUESTION]:
        notes.append(f"{counts[Class.QUESTION]} values of '?' are read as missing, as all others are typed")
    if fine := counts[Class.FINE_MOMENT] + counts[Class.FINE_ZONED]:
        notes.append(f"{fine} times are cut to microseconds")
    if counts[Class.INFINITE]:
        notes.append(f"{counts[Class.INFINITE]} infinite values are read as missing")
    return notes


def _notes_on_text(counts: np.ndarray, typed: frozenset[Class]) -> list[str]:
    numbers, others = int(counts[[*_NUMERIC, Class.NUMERAL]].sum()), int(counts[Class.WORD])
    if typed == {Class.CODE} or not typed or typed == {Class.WORD}:
        return []
    if Class.CODE in typed and Class.WORD not in typed:
        return [f"kept as text: {counts[Class.CODE]} values have leading zeros or a plus sign"]
    if typed <= {Class.INTEGER, Class.HUGE}:
        return ["kept as text: its integers need more than 64 bits"]
    if numbers and others:
        return [f"mixes {numbers} numbers with {others} other texts, and is read as text"]
    unmixed = others or typed <= {*_NUMERIC, Class.NUMERAL}
    return [] if unmixed else ["mixes values of several types, and is read as text"]


def convert(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """The texts as `kind`; what `settle` decided to be missing becomes null."""
    if pa.types.is_string(kind):
        return values
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    direct = None if pa.types.is_boolean(kind) else _cast(values, kind)
    if direct is None:
        direct = _convert_accepted(values, kind)
    if pa.types.is_floating(kind) and not pc.all(finite := pc.is_finite(direct)).as_py():
        return pc.if_else(finite, direct, pa.scalar(None, kind))
    return direct


def _convert_accepted(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """As `convert`, when some texts are sentinels or are padded with spaces."""
    trimmed = _trim(values)
    if pa.types.is_boolean(kind):
        lower = pc.utf8_lower(trimmed)
        truth = pc.equal(lower, "true")
        return pc.if_else(pc.or_(truth, pc.equal(lower, "false")), truth, pa.scalar(None, pa.bool_()))
    shape = rf"^{_DAY}" if pa.types.is_temporal(kind) else _NUMBER
    kept = pc.match_substring_regex(trimmed, shape)
    return pc.cast(pc.if_else(kept, trimmed, pa.scalar(None, pa.string())), kind)


def _trim(texts: pa.Array) -> pa.Array:
    """Without spaces around, and without digits of a second beyond microseconds, which no column keeps."""
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.replace_substring_regex(trimmed, r"^(.{19}\.[0-9]{6})[0-9]+", r"\1")


def _cast(values: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The values as `kind`, or None; a cast that fails everywhere is slow, so a few values go first."""
    try:
        pc.cast(values.slice(0, _PROBE), kind)
        return pc.cast(values, kind)
    except pa.ArrowInvalid:
        return None


def _total(weights: pa.Array) -> int:
    return pc.sum(weights).as_py() or 0
