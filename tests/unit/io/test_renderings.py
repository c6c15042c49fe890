import datetime as dt
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.io.renderings import render_csv, render_csv_header, render_json, render_text


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array([1, -5, None]), ["1", "-5", None]),
        (
            pa.array([1.0, 0.1, 1e22, -2.5e-9, None, float("inf")]),
            ["1.0", "0.1", "1e+22", "-2.5e-9", None, None],
        ),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([dt.date(1500, 2, 28)]), ["1500-02-28"]),
        (
            pa.array([0, 1_500_000, None], pa.timestamp("us")),
            ["1970-01-01 00:00:00", "1970-01-01 00:00:01.500000", None],
        ),
        (pa.array([-1, 0], pa.timestamp("us")), ["1969-12-31 23:59:59.999999", "1970-01-01 00:00:00"]),
        (pa.array([0], pa.timestamp("us", "Europe/Berlin")), ["1970-01-01 00:00:00+00:00"]),
        (pa.array([3_600_000_000], pa.time64("us")), ["01:00:00"]),
        (
            pa.array([86_400_000_001, -1, 0], pa.duration("us")),
            ["1 days 00:00:00.000001", "-1 days 23:59:59.999999", "0 days 00:00:00"],
        ),
    ],
)
def test_text(array, texts):
    assert render_text(array).to_pylist() == texts


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_floats_keep_every_digit(values):
    texts = render_text(pa.array(values, pa.float64())).to_pylist()
    assert [float(text) for text in texts] == values
    assert all(set(text) & set(".e") for text in texts)


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_json_strings(values):
    lines = render_json(pa.record_batch({'a"\\': pa.array(values, pa.string())})).to_pylist()
    assert [json.loads(line) for line in lines] == [{'a"\\': value} for value in values]


def test_quotes_only_where_needed():
    batch = pa.record_batch({"a": ["x y", "p;q", 'r"', "", None], "b": [1, 2, 3, 4, 5]})
    assert "".join(render_csv(batch, ";").to_pylist()) == 'x y;1\n"p;q";2\n"r""";3\n"";4\n;5\n'
    assert render_csv_header(["a b", "c;d"], ";") == b'a b;"c;d"\n'


def test_dictionaries():
    batch = pa.record_batch(
        {
            "a": pa.array(["x,", None, "x,"]).dictionary_encode(),
            "b": pa.array([1.0, 2.0, 1.0]).dictionary_encode(),
        }
    )
    assert "".join(render_csv(batch).to_pylist()) == '"x,",1.0\n,2.0\n"x,",1.0\n'
    assert [json.loads(line) for line in render_json(batch).to_pylist()][1] == {"a": None, "b": 2.0}
