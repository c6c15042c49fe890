"""Batches as lines of text (CSV, JSONL), by whole columns; floats keep every digit, dates are ISO."""

import csv
import io
import json
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

_SECOND, _DAY = 1_000_000, 86_400_000_000
_CONTROLS = [chr(code) for code in (*range(0x20), 0x7F)]


def render_csv(batch: pa.RecordBatch, delimiter: str = ",") -> pa.Array:
    """One string a row, with its newline. Missing is empty; an empty text is \"\"."""
    columns = [_render(column, lambda texts: _quote_csv(texts, delimiter)) for column in batch.columns]
    if len(columns) == 1:
        columns = [pc.fill_null(columns[0], '""')]  # a blank line would be skipped by every reader
    return _weave(columns, ["", *[delimiter] * (len(columns) - 1), "\n"], "")


def render_csv_header(names: Sequence[str], delimiter: str = ",") -> bytes:
    """The line of column names."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(names)
    return line.getvalue().encode()


def render_json(batch: pa.RecordBatch) -> pa.Array:
    """One object a row, with its newline; missing is null."""
    columns = [_render(column, _quote_json, _bare_json(column.type)) for column in batch.columns]
    names = [json.dumps(name, ensure_ascii=False) + ":" for name in batch.schema.names]
    return _weave(columns, ["{" + names[0], *["," + name for name in names[1:]], "}\n"], "null")


def _weave(columns: list[pa.Array], between: list[str], missing: str) -> pa.Array:
    """between[0], column 0, between[1], column 1, ... joined row by row."""
    pieces = [piece for text, column in zip(between, columns, strict=False) for piece in (text, column)]
    return pc.binary_join_element_wise(
        *pieces, between[-1], "", null_handling="replace", null_replacement=missing
    )


def _bare_json(kind: pa.DataType) -> bool:
    kind = kind.value_type if pt.is_dictionary(kind) else kind
    return pt.is_boolean(kind) or pt.is_integer(kind) or pt.is_floating(kind)


def _render(values: pa.Array, quote: Callable[[pa.Array], pa.Array], bare: bool = False) -> pa.Array:
    if pt.is_dictionary(values.type):
        return _render(values.dictionary, quote, bare).take(values.indices)
    if pt.is_string(values.type) or pt.is_large_string(values.type):
        return quote(pc.cast(values, pa.string()))
    text = render_text(values)
    return text if bare or quote is not _quote_json else quote(text)


def render_text(values: pa.Array) -> pa.Array:
    """Numbers, booleans, dates, times and durations as text that reads back to the same values."""
    kind = values.type
    if pt.is_floating(kind):
        return _render_floats(values)
    if pt.is_timestamp(kind):
        local = pc.cast(values, pa.timestamp("us"), safe=False)
        text = _trim_fraction(local, pc.cast(local, pa.timestamp("s"), safe=False))
        return text if kind.tz is None else _join(text, "+00:00")
    if pt.is_time(kind):
        clock = pc.cast(values, pa.time64("us"), safe=False)
        return _trim_fraction(clock, pc.cast(clock, pa.time32("s"), safe=False))
    return _render_durations(values) if pt.is_duration(kind) else pc.cast(values, pa.string())


def _render_floats(values: pa.Array) -> pa.Array:
    """Shortest text that reads back to the same number; a whole one ends in '.0', to stay a decimal."""
    finite = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type))
    text = pc.cast(finite, pa.string())
    bare = pc.and_(pc.equal(finite, pc.floor(finite)), pc.invert(pc.match_substring(text, "e")))
    return pc.if_else(pc.fill_null(bare, False), _join(text, ".0"), text)


def _trim_fraction(fine: pa.Array, whole: pa.Array) -> pa.Array:
    """Text with a fraction of a second only where there is one."""
    count = pc.cast(fine, pa.int64())
    exact = pc.equal(pc.multiply(pc.divide(count, _SECOND), _SECOND), count)
    if pc.all(exact).as_py():
        return pc.cast(whole, pa.string())
    return pc.if_else(pc.fill_null(exact, True), pc.cast(whole, pa.string()), pc.cast(fine, pa.string()))


def _render_durations(values: pa.Array) -> pa.Array:
    """'1 days 02:03:04', as pandas writes and reads it; days are negative for a negative duration."""
    count = pc.cast(pc.cast(values, pa.duration("us"), safe=False), pa.int64())
    days = pc.divide(count, _DAY)
    days = pc.if_else(pc.less(pc.subtract(count, pc.multiply(days, _DAY)), 0), pc.subtract(days, 1), days)
    clock = pc.cast(pc.subtract(count, pc.multiply(days, _DAY)), pa.time64("us"))
    return pc.binary_join_element_wise(pc.cast(days, pa.string()), " days ", render_text(clock), "")


def _join(texts: pa.Array, ending: str) -> pa.Array:
    return pc.binary_join_element_wise(texts, ending, "")


def _quote_csv(texts: pa.Array, delimiter: str) -> pa.Array:
    special = pc.match_substring_regex(texts, rf'[{delimiter}"\r\n]|^$')
    if not pc.any(special).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _quote_json(texts: pa.Array) -> pa.Array:
    special = pc.match_substring_regex(texts, r'[\x00-\x1f\x7f"\\]')
    if pc.any(special).as_py():
        texts = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
        for char in _CONTROLS if pc.any(pc.match_substring_regex(texts, r"[\x00-\x1f\x7f]")).as_py() else ():
            texts = pc.replace_substring(texts, char, json.dumps(char)[1:-1])
    return pc.binary_join_element_wise('"', texts, '"', "")
