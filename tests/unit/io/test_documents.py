import datetime as dt
import json

import pyarrow as pa
import pytest

from reverie.io.files import read


def table_of(tmp_path, text, name="a.jsonl", **options):
    (tmp_path / name).write_text(text)
    data = read(tmp_path / name, **options)
    return data.single()[1], data.notes


ROWS = [
    {"id": 1, "code": "007", "x": 1.5, "ok": True, "on": "2020-01-02", "mix": 1},
    {"id": 2, "x": None, "on": None, "mix": "a", "late": 'é\n"q"'},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("a.ndjson", "\n".join(map(json.dumps, ROWS)) + "\n\n"),
        ("a.json", json.dumps(ROWS)),
        ("a.json", json.dumps(ROWS, indent=1)),
        ("a.json", "\n".join(json.dumps(row, indent=1) for row in ROWS)),
        ("a[1]*.jsonl", "\n".join(map(json.dumps, ROWS))),
    ],
)
@pytest.mark.parametrize("limit", [1 << 30, 1])
def test_objects(tmp_path, name, text, limit):
    table, notes = table_of(tmp_path, text, name, limit=limit)
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == {
        "id": pa.int64(), "code": pa.string(), "x": pa.float64(), "ok": pa.bool_(),
        "on": pa.date32(), "mix": pa.string(), "late": pa.string(),
    }  # fmt: skip
    assert table["on"].to_pylist() == [dt.date(2020, 1, 2), None]
    assert table["late"].to_pylist() == [None, 'é\n"q"']
    assert notes == ("column 'mix': mixes 1 numbers with 1 other texts, and is read as text",)


def test_strings_of_digits_stay_text_and_empty_strings_are_values(tmp_path):
    table, _ = table_of(tmp_path, '{"a": "12", "b": ""}\n{"a": "13", "b": "x"}')
    assert table.to_pylist() == [{"a": "12", "b": ""}, {"a": "13", "b": "x"}]


def test_nested_values_are_json(tmp_path):
    table, notes = table_of(tmp_path, '{"a": [1, 2]}\n{"a": {"b": null}}')
    assert [json.loads(text) for text in table["a"].to_pylist()] == [[1, 2], {"b": None}]
    assert notes == ("column 'a': nested values are kept as JSON text, and come back as such",)


def test_any_key(tmp_path):
    keys = ["A", "a", "x.y", "it's", 'q"', "s/t", "~", "0", "$", "é ü"]
    table, _ = table_of(tmp_path, json.dumps({key: place for place, key in enumerate(keys)}))
    assert table.to_pylist() == [{key: place for place, key in enumerate(keys)}]


def test_not_a_number(tmp_path):
    table, notes = table_of(tmp_path, '{"a": NaN}\n{"a": Infinity}\n{"a": 2.5}')
    assert table["a"].to_pylist() == [None, None, 2.5]
    assert notes == ("column 'a': 1 infinite values are read as missing",)


def test_a_record_without_values_is_all_missing(tmp_path):
    assert table_of(tmp_path, '{}\n{"a": 1}')[0].to_pylist() == [{"a": None}, {"a": 1}]
