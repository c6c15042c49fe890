"""decode(encode(x)) == x up to the stated precision, for any data, and nothing rare is ever decoded."""

import datetime as dt
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverie.codecs.base import Codec, Protection, codec_for
from reverie.schema.types import Column

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))


def repeated(values):
    """Lists in which some values occur often, some once, and some are missing."""
    pool = st.lists(values, min_size=1, max_size=12)
    some = pool.flatmap(lambda one: st.lists(st.sampled_from(one), min_size=1, max_size=80))
    return st.tuples(some, st.lists(values, max_size=20), st.integers(0, 7)).map(
        lambda parts: parts[0] + parts[1] + [None] * parts[2]
    )


def fit(values: pa.Array, kind: str, **options) -> Codec:
    column = Column(name="x", type=kind, options=options)
    codec = codec_for(column)
    half = len(values) // 2
    sketch = codec.merge(column, codec.sketch(column, values[:half]), codec.sketch(column, values[half:]))
    return codec.finish(column, sketch, Protection(k=5))


def round_trip(codec: Codec, values: pa.Array) -> pa.Array:
    arrays = codec.encode(values, np.random.default_rng(1))
    assert set(arrays) == {spec.name for spec in codec.specs}
    rebuilt = type(codec).from_state(codec.column, codec.state())
    assert rebuilt.specs == codec.specs
    again = rebuilt.decode(arrays, len(values), np.random.default_rng(2))
    assert again.type == values.type
    assert len(again) == len(values)
    return again


def check_near(codec, values: pa.Array, before: list, after: list, precision: float) -> None:
    """Each value is within its stated tolerance; what may go missing is stated as infinitely far."""
    for x, y, allowed in zip(before, after, codec.tolerance(values).tolist(), strict=True):
        if x is None:
            assert y is None
        elif y is None:
            assert allowed == np.inf
        else:
            assert abs(x / 2 - y / 2) * 2 <= allowed * (1 + 1e-9) + abs(x) * precision


@SETTINGS
@given(repeated(INT64))
def test_integers(numbers):
    values = pa.array(numbers, pa.int64())
    codec = fit(values, "integer")
    again = round_trip(codec, values).to_pylist()
    check_near(codec, values, numbers, again, 1e-15)
    common = {value for value, count in Counter(numbers).items() if count >= 5 and value is not None}
    assert all(x == y for x, y in zip(numbers, again, strict=True) if x in common)


@SETTINGS
@given(repeated(FLOATS))
def test_floats(numbers):
    values = pa.array(numbers, pa.float64())
    codec = fit(values, "decimal")
    check_near(codec, values, numbers, round_trip(codec, values).to_pylist(), 1e-14)


@SETTINGS
@given(repeated(st.integers(-(10**9), 10**9)), st.integers(0, 6))
def test_decimals_come_back_to_the_place(numbers, places):
    rounded = [None if number is None else number / 10**places for number in numbers]
    values = pa.array(rounded, pa.float64())
    codec = fit(values, "decimal", decimals=places)
    again = round_trip(codec, values)
    check_near(codec, values, rounded, again.to_pylist(), 1e-15)
    exact = pa.array(codec.tolerance(values) == 0)
    assert again.filter(exact).equals(values.filter(exact))


@SETTINGS
@given(repeated(st.text(max_size=5)), st.sampled_from(["category", "text"]))
def test_categories_come_back_or_are_protected(texts, layout):
    values = pa.array(texts, pa.string())
    values = values.dictionary_encode() if layout == "text" else values
    codec = fit(values, "category")
    again = round_trip(codec, values).to_pylist()
    counts = Counter(texts)
    for x, y in zip(texts, again, strict=True):
        if x is None or counts[x] >= 5:
            assert x == y
        else:
            assert y is None or counts[y] >= 5


@SETTINGS
@given(repeated(st.booleans()))
def test_booleans(flags):
    values = pa.array(flags, pa.bool_())
    again = round_trip(fit(values, "boolean"), values).to_pylist()
    counts = Counter(flags)
    assert all(x == y for x, y in zip(flags, again, strict=True) if x is None or counts[x] >= 5)


@SETTINGS
@given(repeated(MOMENTS), st.sampled_from(["s", "ms", "us"]))
def test_moments_of_any_year(moments, unit):
    values = pa.array(moments, pa.timestamp("us")).cast(pa.timestamp(unit), safe=False)
    codec = fit(values, "datetime")
    again = round_trip(codec, values)
    seconds = [
        [None if v is None else v / {"s": 1, "ms": 10**3, "us": 10**6}[unit] for v in ticks(a)]
        for a in (values, again)
    ]
    check_near(codec, values, *seconds, 1e-15)


def ticks(values: pa.Array) -> list:
    return values.cast(pa.int64()).to_pylist()


@SETTINGS
@given(repeated(MOMENTS.map(dt.datetime.date)))
def test_dates_of_any_year(dates):
    values = pa.array(dates, pa.date32())
    codec = fit(values, "date")
    days = [
        [None if v is None else v * 86_400 for v in a.cast(pa.int32()).to_pylist()]
        for a in (values, round_trip(codec, values))
    ]
    check_near(codec, values, *days, 0)


@SETTINGS
@given(
    repeated(st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31))),
    st.sampled_from(["%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M:%S"]),
)
def test_moments_as_text(moments, pattern):
    moments = [moment and moment.replace(microsecond=0) for moment in moments]
    values = pa.array([moment and moment.strftime(pattern) for moment in moments], pa.string())
    codec = fit(values, "datetime", format=pattern)
    again = round_trip(codec, values)
    exact = pa.array(codec.tolerance(values) == 0)
    assert again.filter(exact).equals(values.filter(exact))


@SETTINGS
@given(st.integers(5, 60), st.one_of(INT64, FLOATS, st.text(max_size=5), st.booleans(), MOMENTS))
def test_constants(rows, value):
    values = pa.array([value] * rows)
    assert round_trip(fit(values, "constant"), values).equals(values)


@pytest.mark.parametrize(
    "kind",
    [pa.int8(), pa.uint16(), pa.int32(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(20, 3)],
)
def test_every_number_type_returns_to_itself(kind):
    values = (
        pa.array(list(range(100)) * 9)
        .cast(pa.decimal128(20, 0) if pa.types.is_decimal(kind) else kind)
        .cast(kind)
    )
    assert round_trip(fit(values, "integer"), values).equals(values)
