"""Arrow columns as numbers and codes, and back."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.sampling.constraints import cells

MOMENT = dt.datetime(2020, 1, 1, 3, 4, 5, 678901)
ARRAYS = [
    pa.array([1, None, -(2**40)]),
    pa.array([1, 2, None], pa.uint8()),
    pa.array([1.5, None, 1e300]),
    pa.array([1.1, None], pa.float32()),
    pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)),
    pa.array([dt.date(1500, 1, 1), None]),
    pa.array([dt.date(1500, 1, 1), None], pa.date64()),
    pa.array([MOMENT, None]),
    pa.array([MOMENT, None], pa.timestamp("ns")),
    pa.array([MOMENT.replace(microsecond=0)], pa.timestamp("s", "Europe/Berlin")),
    pa.array([dt.timedelta(days=2, microseconds=5), None]),
    pa.array([3, None, 3]).dictionary_encode(),
]
TEXTS = [pa.array(["a", None]), pa.array(["a"], pa.large_string()), pa.array([True, None, False])]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.type))
def test_numbers_there_and_back(array: pa.Array) -> None:
    assert cells.from_numbers(cells.numbers(array), array.type).equals(array)


@pytest.mark.parametrize("array", ARRAYS + TEXTS, ids=lambda array: str(array.type))
def test_types_and_levels_through_json(array: pa.Array) -> None:
    assert cells.kind_from_json(cells.kind_to_json(array.type)) == array.type
    levels = cells.codes(array)[1]
    assert cells.levels_from_json(cells.levels_to_json(levels)).equals(levels)
    assert cells.has_levels(array.type)


def test_units() -> None:
    assert cells.numbers(pa.array([dt.date(1970, 1, 3)])).tolist() == [2.0]
    assert cells.numbers(pa.array([dt.datetime(1970, 1, 1, 0, 1)])).tolist() == [60.0]
    assert cells.numbers(pa.array([dt.timedelta(minutes=1)])).tolist() == [60.0]
    assert cells.numbers(pa.array([True, False])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("kind", "axis"),
    [
        (pa.int8(), "number"),
        (pa.decimal128(5, 1), "number"),
        (pa.date32(), "date"),
        (pa.timestamp("s"), "moment"),
        (pa.duration("s"), "span"),
        (pa.dictionary(pa.int8(), pa.date32()), "date"),
        (pa.bool_(), None),
        (pa.string(), None),
    ],
)
def test_axis(kind: pa.DataType, axis: str | None) -> None:
    assert cells.axis(kind) == axis


def test_codes_take_missing_as_a_level() -> None:
    codes, levels = cells.codes(pa.array(["a", None, "a", "b"]).dictionary_encode())
    assert codes.tolist() == [0, 1, 0, 2]
    assert levels.to_pylist() == ["a", None, "b"]


def test_nan_is_missing() -> None:
    assert cells.codes(pa.array([float("nan"), None]))[0].tolist() == [0, 0]


def test_lists_have_no_levels() -> None:
    assert not cells.has_levels(pa.list_(pa.int64()))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1)), min_size=1))
def test_joint_codes_are_equal_where_rows_are(rows: list[tuple[int, int, int]]) -> None:
    joint = cells.joint([np.array(column) for column in zip(*rows, strict=True)])
    for i, left in enumerate(rows):
        assert [left == right for right in rows] == (joint == joint[i]).tolist()


def test_truths() -> None:
    found = cells.truths(pa.array([1.0, 0.0, None]))
    assert found is not None
    np.testing.assert_array_equal(found, [1.0, 0.0, np.nan])
    assert cells.truths(pa.array([0, 2])) is None
    assert cells.truths(pa.array(["0", "1"])) is None


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([1.0, 2.0], 0),
        ([0.1, 0.25], 2),
        ([1234567.89], 2),
        ([np.pi], None),
        ([np.nan], 0),
        ([1e308, 0.5], None),
    ],
)
def test_decimals(values: list[float], places: Any) -> None:
    assert cells.decimals(np.array(values)) == places


def test_as_type_encodes_dictionaries() -> None:
    kind = pa.dictionary(pa.int32(), pa.string())
    assert cells.as_type(pa.array(["a", "b"]), kind).type == kind
