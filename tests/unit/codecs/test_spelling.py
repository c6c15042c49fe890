"""Columns of text that spell numbers and dates are read as such, and written back the same."""

import datetime as dt

import pyarrow as pa
import pytest

from reverie.codecs.base import Condition
from reverie.codecs.spelling import (
    present_texts,
    read_column,
    read_condition,
    read_table,
    write_column,
    write_table,
)
from reverie.core.errors import DataError, SchemaError
from reverie.schema.types import Column, Table


def _column(kind, form, **options):
    return Column(name="x", type=kind, options={"format": form, **options})


@pytest.mark.parametrize(
    ("column", "texts", "values", "kind"),
    [
        (_column("decimal", "1.234,56"), ["1.234,50", "NA", "", None], [1234.5, None, None, None], "double"),
        (_column("integer", "1,234"), ["1,234", "5"], [1234, 5], "int64"),
        (_column("date", "%-d.%-m.%Y"), ["14.3.2022", "null"], [dt.date(2022, 3, 14), None], "date32[day]"),
        (
            _column("datetime", "%-m/%-d/%Y %-I:%M %p"),
            ["3/4/2022 5:05 PM", "12/14/2022 12:30 AM"],
            [dt.datetime(2022, 3, 4, 17, 5), dt.datetime(2022, 12, 14, 0, 30)],
            "timestamp[us]",
        ),
    ],
)
def test_read_and_written_back(column, texts, values, kind):
    read = read_column(column, pa.array(texts))
    assert (read.to_pylist(), str(read.type)) == (values, kind)
    kept = [text if value is not None else None for text, value in zip(texts, values, strict=True)]
    assert write_column(column, read).to_pylist() == kept
    assert read_column(column, pa.array(texts).dictionary_encode()).equals(read)


@pytest.mark.parametrize(
    "column",
    [
        Column(name="x", type="decimal"),
        _column("category", "1,5"),
        _column("datetime", "%Y%m%d", zone="Europe/Madrid"),
    ],
)
def test_other_columns_stay(column):
    values = pa.array(["1,5"])
    assert read_column(column, values) is values
    assert write_column(column, values) is values


def test_what_does_not_follow_is_counted_or_missing():
    column, texts = _column("decimal", "1234,5"), pa.array(["1,5", "2.5", "x", None])
    with pytest.raises(DataError, match="x: 2 values do not follow the format '1234,5'"):
        read_column(column, texts)
    assert read_column(column, texts, lenient=True).to_pylist() == [1.5, None, None, None]
    with pytest.raises(SchemaError, match=r"no way to write 1234\.56"):
        read_column(_column("decimal", "comma"), texts)


def test_tables():
    schema = Table(name="t", columns=(_column("decimal", "1234,5"), Column(name="y", type="category")))
    table = pa.table({"y": ["1,5", "a"], "x": ["1,5", "2,0"]})
    read = read_table(schema, table)
    assert read.to_pydict() == {"y": ["1,5", "a"], "x": [1.5, 2.0]}
    assert write_table(schema, read).to_pydict() == table.to_pydict()
    assert read_table(schema, table.select(["y"])).column_names == ["y"]


def test_absent_texts_are_left_out():
    assert present_texts(pa.array(["a", "N/A", " ", None, "NaN"])).to_pylist() == ["a"]


@pytest.mark.parametrize(
    ("column", "given", "read"),
    [
        (_column("decimal", "1.234,56 €"), "1.000,50 €", 1000.5),
        (_column("decimal", "1.234,56"), "1.234", "1.234"),
        (_column("decimal", "1.234,56"), 7, 7),
        (_column("decimal", "1.234,56"), "much", "much"),
        (_column("date", "%-d.%-m.%Y"), "14.3.2022", dt.date(2022, 3, 14)),
        (_column("date", "%-d.%-m.%Y"), "2022-03-14", "2022-03-14"),
        (Column(name="x", type="category"), "1,5", "1,5"),
    ],
)
def test_conditions_may_be_spelled_as_the_column_is(column, given, read):
    assert read_condition(column, Condition("x", low=given)) == Condition("x", low=read)
    assert read_condition(column, Condition("x", values=(given,))) == Condition("x", values=(read,))
