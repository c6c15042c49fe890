"""Text that spells numbers and dates: read as what it means before anything is learned, and written back so.

A column of text whose option `format` says how it spells numbers or dates is one of numbers or dates to
rules, conditions, models and measures; only what is read and what is handed out is text.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import plain
from reverie.codecs.base import Condition
from reverie.codecs.formats import read_moments, write_moments
from reverie.codecs.numerals import Numeral
from reverie.codecs.storage import is_string
from reverie.core.errors import DataError, SchemaError
from reverie.io.texts import ABSENT
from reverie.schema.types import Column, Table

_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NUMBERS, _MOMENTS = ("integer", "decimal"), ("date", "datetime")


def is_spelled(column: Column) -> bool:
    """Whether the schema says how the column spells numbers or dates."""
    # With a zone, what is written is wall-clock time, which only the codec can tell.
    return bool(column.options.get("format")) and (
        column.type in _NUMBERS or (column.type in _MOMENTS and not column.options.get("zone"))
    )


def present_texts(values: pa.Array) -> pa.Array:
    """The texts that are there: no nulls, nor blanks, NA, NULL and the like."""
    return without_absent(values).drop_null()


def without_absent(values: pa.Array) -> pa.Array:
    """Texts, null where blanks, NA, NULL and the like stand for a missing value."""
    texts = plain(values).cast(pa.string())
    return pc.if_else(pc.match_substring_regex(texts, ABSENT), pa.scalar(None, pa.string()), texts)


def read_column(column: Column, values: pa.Array, *, lenient: bool = False) -> pa.Array:
    """Texts as the numbers or dates that they spell; other columns as they are.

    Blanks, NA, NULL and the like are missing, and so, if `lenient`, is what cannot be read. Raises DataError
    with the number of texts that cannot be read, SchemaError if the format is none.
    """
    if not is_spelled(column) or not is_string(values.type):
        return values
    texts = without_absent(values)
    read = _numeral(column).read(texts) if column.type in _NUMBERS else _read_moments(column, texts)
    if not lenient and (wrong := read.null_count - texts.null_count):
        what = f"{wrong:,} values do not follow the format '{column.options['format']}'"
        fix = "Correct option 'format' or the type in the schema"
        raise DataError(what, where=column.name, fix=fix)
    return read


def write_column(column: Column, values: pa.Array) -> pa.Array:
    """Numbers and dates as the texts that spell them; other columns as they are."""
    kind = values.type
    if not is_spelled(column):
        return values
    if pt.is_date(kind) or pt.is_timestamp(kind):
        encoded = values.dictionary_encode()
        return write_moments(encoded.dictionary, column.options["format"]).take(encoded.indices)
    if column.type in _NUMBERS and (pt.is_integer(kind) or pt.is_floating(kind)):
        return _numeral(column).write(values)
    return values


def read_condition(column: Column, condition: Condition) -> Condition:
    """The condition with values that are spelled as the column spells its own read; plain ones stay."""

    def read(value: Any) -> Any:
        if not isinstance(value, str) or (column.type in _NUMBERS and _PLAIN.fullmatch(value.strip())):
            return value
        found = read_column(column, pa.array([value]), lenient=True)[0].as_py()
        return value if found is None else found

    if not is_spelled(column):
        return condition
    values = None if condition.values is None else tuple(read(value) for value in condition.values)
    return replace(condition, values=values, low=read(condition.low), high=read(condition.high))


def read_table(schema: Table, table: pa.Table, *, lenient: bool = False) -> pa.Table:
    """The table with its spelled columns read; see `read_column`."""
    return _each(schema, table, lambda column, values: read_column(column, values, lenient=lenient))


def write_table(schema: Table, table: pa.Table) -> pa.Table:
    """The table with its spelled columns written; see `write_column`."""
    return _each(schema, table, write_column)


def _each(schema: Table, table: pa.Table, change: Callable[[Column, pa.Array], pa.Array]) -> pa.Table:
    for column in schema.columns:
        if is_spelled(column) and column.name in table.column_names:
            chunks = [change(column, chunk) for chunk in table[column.name].chunks]
            place = table.column_names.index(column.name)
            table = table.set_column(place, column.name, pa.chunked_array(chunks)) if chunks else table
    return table


def _numeral(column: Column) -> Numeral:
    try:
        return Numeral.of(column.options["format"])
    except ValueError:
        what, fix = "option 'format' is no way to write 1234.56", "Write for example '1.234,56 €' or '1,234'"
        raise SchemaError(what, where=column.name, fix=fix) from None


def _read_moments(column: Column, texts: pa.Array) -> pa.Array:
    form = column.options["format"]
    moments = read_moments(pc.utf8_trim_whitespace(texts), form)
    dates = not any(sign in form for sign in ("%H", "%-H", "%I", "%-I"))
    return moments.cast(pa.date32() if dates else pa.timestamp("us"))
