"""Wanted values read in a column's own type, and rows that meet conditions."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.matching import flat, meets, typed

UTC = dt.UTC


def met(column: pa.Array, **wanted: Any) -> list[bool]:
    return meets(pa.table({"x": column}), [Condition("x", **wanted)]).tolist()


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (pa.int64(), "65", 65),
        (pa.int32(), "1e3", 1000),
        (pa.int64(), 2.5, 2.5),
        (pa.float64(), "0.5", 0.5),
        (pa.decimal128(10, 2), Decimal("1.25"), 1.25),
        (pa.bool_(), "Yes", True),
        (pa.bool_(), 0, False),
        (pa.string(), 98101, "98101"),
        (pa.dictionary(pa.int32(), pa.string()), "a", "a"),
        (pa.date32(), "2024-02-29", dt.date(2024, 2, 29)),
        (pa.date32(), dt.datetime(2024, 2, 29, 7), dt.date(2024, 2, 29)),
        (pa.timestamp("us"), "1500-01-01 10:00", dt.datetime(1500, 1, 1, 10)),
        (pa.timestamp("us"), "2024-01-01", dt.date(2024, 1, 1)),
        (pa.timestamp("us", "UTC"), "2024-01-01T00:00", dt.datetime(2024, 1, 1, tzinfo=UTC)),
        (pa.timestamp("us"), dt.datetime(2024, 1, 1, tzinfo=UTC), dt.datetime(2024, 1, 1)),
        (pa.duration("s"), "90", dt.timedelta(seconds=90)),
        (pa.time64("us"), "10:30", dt.time(10, 30)),
    ],
)
def test_typed_reads_values(kind: pa.DataType, given: Any, expected: Any) -> None:
    (value,) = typed(Condition("x", values=(given,)), kind).values or ()
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (pa.int64(), "elderly"),
        (pa.float64(), "nan"),
        (pa.float64(), "inf"),
        (pa.bool_(), "maybe"),
        (pa.date32(), "31.12.2024"),
        (pa.timestamp("us"), "soon"),
        (pa.duration("s"), "a day"),
    ],
)
def test_typed_refuses_nonsense_without_repeating_it(kind: pa.DataType, given: Any) -> None:
    with pytest.raises(ConditionError) as caught:
        typed(Condition("x", low=given), kind)
    assert caught.value.where == "x"
    assert given not in caught.value.what


def test_values_and_negation() -> None:
    values = pa.array([1, 2, None, 3])
    assert met(values, values=("1", "3")) == [True, False, False, True]
    assert met(values, values=("1", "3"), negate=True) == [False, True, False, False]
    assert met(values, values=(1.5,)) == [False] * 4


def test_missing_and_present() -> None:
    values = pa.array([1.0, None, float("nan")])
    assert met(values, missing=True) == [False, True, True]
    assert met(values, missing=False) == [True, False, False]


def test_bounds() -> None:
    values = pa.array([1, 2, 3, None])
    assert met(values, low=2) == [False, True, True, False]
    assert met(values, low=2, strict_low=True) == [False, False, True, False]
    assert met(values, high="2.5") == [True, True, False, False]
    assert met(values, low=1, high=3, strict_high=True) == [True, True, False, False]


def test_dates_texts_truths_and_decimals() -> None:
    assert met(pa.array([dt.date(2020, 1, 1), dt.date(2021, 1, 1)]), low="2020-06-01") == [False, True]
    assert met(pa.array([dt.datetime(2020, 1, 1, 3)]), high=dt.date(2020, 1, 2)) == [True]
    assert met(pa.array([dt.datetime(2020, 1, 1)], pa.timestamp("ns", "Europe/Rome")), low="2020-01-01") == [
        True
    ]
    assert met(pa.array(["a", "b"]), values=("b",)) == [False, True]
    assert met(pa.array([True, False, None]), values=("no",)) == [False, True, False]
    assert met(pa.array([Decimal("1.10"), Decimal("2.00")]), values=("1.1",)) == [True, False]
    assert met(pa.array([Decimal("1.10"), Decimal("2.00")]), low=1.5) == [False, True]


def test_dictionary_columns() -> None:
    values = pa.array(["a", None, "b"]).dictionary_encode()
    assert met(values, values=("a",)) == [True, False, False]
    assert flat(pa.chunked_array([values, values])).to_pylist() == ["a", None, "b"] * 2


def test_numbers_too_large_for_the_column() -> None:
    assert met(pa.array([1, 2**62]), values=(2**62, 2**80)) == [False, True]
    assert met(pa.array([1, 2], pa.int8()), values=(300, 2)) == [False, True]


def test_all_conditions_hold_together() -> None:
    table = pa.table({"a": [1, 2, 3], "b": ["x", "x", "y"]})
    conditions = [Condition("a", low=2), Condition("b", values=("x",))]
    assert meets(table, conditions).tolist() == [False, True, False]
    assert meets(table, []).all()


def test_unknown_column() -> None:
    with pytest.raises(ConditionError, match="no such column"):
        meets(pa.table({"a": [1]}), [Condition("b", low=1)])


@given(
    st.lists(st.none() | st.integers(-50, 50)),
    st.integers(-50, 50),
    st.integers(-50, 50),
    st.booleans(),
    st.booleans(),
)
def test_bounds_agree_with_python(
    values: list[int | None], low: int, high: int, strict_low: bool, strict_high: bool
) -> None:
    expected = [
        v is not None and (low < v if strict_low else low <= v) and (v < high if strict_high else v <= high)
        for v in values
    ]
    found = met(
        pa.array(values, pa.int64()), low=low, high=high, strict_low=strict_low, strict_high=strict_high
    )
    assert found == expected


@given(st.lists(st.none() | st.sampled_from("abc")), st.sets(st.sampled_from("abcd"), min_size=1))
def test_a_condition_and_its_negation_part_the_rows_with_a_value(
    values: list[str | None], wanted: set[str]
) -> None:
    column = pa.array(values, pa.string())
    positive, negative = (met(column, values=tuple(wanted), negate=negate) for negate in (False, True))
    assert np.array_equal(np.logical_xor(positive, negative), [value is not None for value in values])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_every_unit(unit: str) -> None:
    column = pa.array([dt.datetime(2020, 1, 1, 5, 6, 7)], pa.timestamp(unit))
    assert met(column, values=("1500-01-01", "2020-01-01T05:06:07")) == [True]
    assert met(column, low="1500-01-01", high=dt.datetime(9000, 1, 1)) == [True]


def test_a_moment_without_zone_is_in_the_zone_of_the_column() -> None:
    midnight = dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    for zone in ("Europe/Rome", "+01:00"):
        assert met(pa.array([midnight], pa.timestamp("us", zone)), values=("2020-01-01",)) == [True]


def test_string_views() -> None:
    assert met(pa.array(["a", None], pa.string_view()), values=("a",)) == [True, False]


def test_a_date_stands_for_its_whole_day() -> None:
    column = pa.array([dt.datetime(2020, 1, 1, 23), dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2, 5)])
    assert met(column, values=("2020-01-02",)) == [False, True, True]
    assert met(column, values=("2020-01-02", "2020-01-01T23:00")) == [True, True, True]
    assert met(column, values=("2020-01-02",), negate=True) == [True, False, False]
    assert met(column, high="2020-01-01") == [True, False, False]
    assert met(column, low=dt.date(2020, 1, 1), strict_low=True) == [False, True, True]
    assert met(column, low="2020-01-02 04:00") == [False, False, True]


def test_days_before_the_epoch_and_in_the_zone_of_the_column() -> None:
    early = pa.array([dt.datetime(1500, 1, 1, 23)])
    assert met(early, values=(dt.date(1500, 1, 1),)) == [True]
    evening = pa.array([dt.datetime(2020, 1, 1, 23, 30, tzinfo=dt.UTC)], pa.timestamp("us", "Europe/Rome"))
    assert met(evening, values=("2020-01-02",)) == [True]
