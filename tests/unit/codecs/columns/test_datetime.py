"""Dates and times: claims, precision kept, any year, zones, text formats, conditions by day and by hour."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Profile, Protection
from reverie.codecs.columns.datetime import Datetime
from reverie.core.errors import ConditionError, DataError
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
DAYS = RNG.integers(10_000, 19_000, 3_000)
HOURS = DAYS * 24 + RNG.integers(9, 18, 3_000)


def _array(numbers, kind, mask=None):
    return pa.array(numbers.astype(np.int64), mask=mask).cast(kind)


def _fit(values, kind="datetime", **options):
    column = Column(name="x", type=kind, options=options)
    return Datetime.finish(column, Datetime.sketch(column, values), Protection())


def _round_trip(codec, values):
    return codec.decode(codec.encode(values, np.random.default_rng(0)), len(values), np.random.default_rng(0))


def _draw(codec, rows=5_000):
    """Values from standard normal scores, continuous wherever a kind is asked for."""
    rng, arrays = np.random.default_rng(1), {}
    for spec in codec.specs:
        real = not hasattr(spec, "k")
        arrays[spec.name] = rng.standard_normal((rows, 1, 1)) if real else np.zeros(rows, dtype=np.int32)
    return codec.decode(arrays, rows, rng)


def _texts(pattern):
    return pa.array([(dt.datetime(1970, 1, 1) + dt.timedelta(hours=int(h))).strftime(pattern) for h in HOURS])


COLUMNS = {
    "date": (pa.array(DAYS.astype(np.int32)).cast(pa.date32()), "date", {}),
    "date with holes": (
        pa.array(DAYS.astype(np.int32), mask=RNG.random(3_000) < 0.2).cast(pa.date32()),
        "date",
        {},
    ),
    "midnights": (_array(DAYS * 86_400, pa.timestamp("s")), "date", {}),
    "hours": (_array(HOURS * 3_600_000, pa.timestamp("ms")), "datetime", {}),
    "seconds": (_array(RNG.integers(0, 2**31, 3_000), pa.timestamp("s")), "datetime", {}),
    "microseconds": (_array(RNG.integers(0, 2**50, 3_000), pa.timestamp("us")), "datetime", {}),
    "middle ages": (
        _array(RNG.integers(-40_000_000_000, -30_000_000_000, 3_000), pa.timestamp("s")),
        "datetime",
        {},
    ),
    "holes": (_array(HOURS * 3_600, pa.timestamp("s"), RNG.random(3_000) < 0.2), "datetime", {}),
    "zoned": (_array(HOURS * 3_600, pa.timestamp("s", tz="America/New_York")), "datetime", {}),
    "time": (pa.array((HOURS % 24 * 3_600).astype(np.int32)).cast(pa.time32("s")), "time", {}),
    "duration": (_array(RNG.integers(0, 10**7, 3_000), pa.duration("s")), "duration", {}),
    "text": (_texts("%Y%m%dT%H%M%S"), "datetime", {"format": "%Y%m%dT%H%M%S"}),
    "text of days": (_texts("%d/%m/%Y"), "date", {"format": "%d/%m/%Y"}),
    "text of times": (_texts("%I:%M %p"), "time", {"format": "%I:%M %p"}),
    "whole numbers": (_texts("%Y%m%d").cast(pa.int64()), "date", {"format": "%Y%m%d"}),
    "one": (pa.array([dt.date(2020, 2, 29)]), "date", {}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_claims(name):
    values, kind, options = COLUMNS[name]
    match = Datetime.matches(Profile("x", values, len(values), values.null_count, None))
    if name == "one":
        assert match.type == "date"
    else:
        assert match is not None
        assert (match.type, match.options) == (kind, options)
        assert match.score >= 0.9


@pytest.mark.parametrize(
    "values", [pa.array([1, 2]), pa.array(["a"]), pa.array([1.5]), pa.array([None], pa.string())]
)
def test_no_claim(values):
    assert Datetime.matches(Profile("x", values, len(values), values.null_count, None)) is None


@pytest.mark.parametrize("name", COLUMNS)
def test_values_come_back_in_their_own_type(name):
    values, kind, options = COLUMNS[name]
    codec = _fit(values, kind, **options)
    again = _round_trip(codec, values)
    assert again.type == values.type
    assert again.is_null().equals(values.is_null())
    exact = pa.array(codec.tolerance(values) == 0)
    if name != "microseconds":
        assert exact.true_count > 0.95 * (len(values) - values.null_count)
    if name != "zoned":
        assert again.filter(exact).equals(values.filter(exact))
    if not options:
        ticks = [_seconds(array) for array in (values, again)]
        there = values.is_valid().to_numpy(zero_copy_only=False)
        slack = 3_601 if name == "zoned" else 1e-3
        assert np.all(np.abs(ticks[0] - ticks[1])[there] <= codec.tolerance(values)[there] + slack)


def _seconds(values):
    whole = (
        values.cast(pa.int32() if values.type.bit_width == 32 else pa.int64())
        .fill_null(0)
        .to_numpy(zero_copy_only=False)
    )
    unit = 86_400 if pa.types.is_date32(values.type) else {"s": 1, "ms": 1e-3, "us": 1e-6}[values.type.unit]
    return whole * unit


@pytest.mark.parametrize("name", COLUMNS)
def test_state_is_plain_and_rebuilds_the_codec(name):
    values, kind, options = COLUMNS[name]
    codec = _fit(values, kind, **options)
    json.dumps(
        codec.state(), default=lambda array: array.tolist() if isinstance(array, np.ndarray) else 1 / 0
    )
    again = Datetime.from_state(codec.column, codec.state())
    assert again.specs == codec.specs
    assert _round_trip(again, values).equals(_round_trip(codec, values))


def test_precision_is_kept_in_what_is_drawn():
    assert all(value.minute == 0 for value in _draw(_fit(COLUMNS["hours"][0])).to_pylist())
    assert all(
        value.time() == dt.time() for value in _draw(_fit(COLUMNS["midnights"][0], "date")).to_pylist()
    )


def test_office_hours_survive():
    drawn = {value.hour for value in _draw(_fit(COLUMNS["seconds"][0])).to_pylist()}
    assert len(drawn) == 24
    codec = _fit(COLUMNS["hours"][0])
    assert {value.as_py().hour for value in _round_trip(codec, COLUMNS["hours"][0])} == set(range(9, 18))


def test_midnights_in_a_datetime_stay_midnights():
    codec = _fit(COLUMNS["midnights"][0], "datetime")
    assert [spec.name for spec in codec.specs] == ["x"]


def test_fitting_in_parts_is_fitting_the_whole():
    values = COLUMNS["hours"][0]
    column = Column(name="x", type="datetime")
    parts = Datetime.merge(
        column, Datetime.sketch(column, values[:999]), Datetime.sketch(column, values[999:])
    )
    codec = Datetime.finish(column, parts, Protection())
    assert codec.specs == _fit(values).specs
    assert codec.step == _fit(values).step
    assert _round_trip(codec, values).equals(_round_trip(_fit(values), values))


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="x: holds int64 values, not dates"):
        _fit(pa.array([1, 2]))
    with pytest.raises(DataError, match="x: holds times of day"):
        _fit(COLUMNS["hours"][0], "date")
    with pytest.raises(DataError, match="do not follow the format"):
        _fit(pa.array(["x"]), "date", format="%Y")


def _ask(name, **condition):
    values, kind, options = COLUMNS[name]
    codec = _fit(values, kind, **options)
    return codec, codec.evidence(Condition("x", **condition))


def _ends(codec, found, name="x"):
    arrays = {}
    for spec in codec.specs:
        real = not hasattr(spec, "k")
        ends = np.array([found[name].low, found[name].high] if spec.name == name else [0.0, 0.0])
        arrays[spec.name] = ends.reshape(-1, 1, 1) if real else np.zeros(2, dtype=np.int32)
    return codec.decode(arrays, 2, np.random.default_rng(0)).to_pylist()


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        ({"low": "2000-01-31", "high": "2001-02-03"}, dt.date(2000, 1, 31), dt.date(2001, 2, 3)),
        (
            {"low": "2000-01-31", "high": "2001-02-03", "strict_low": True, "strict_high": True},
            dt.date(2000, 2, 1),
            dt.date(2001, 2, 2),
        ),
        ({"values": (dt.date(2000, 1, 31),)}, dt.date(2000, 1, 31), dt.date(2000, 1, 31)),
    ],
)
def test_bounds_of_dates_are_exact(condition, low, high):
    codec, found = _ask("date", **condition)
    assert _ends(codec, found) == [low, high]
    codec, found = _ask("hours", **condition)
    assert [value.date() for value in _ends(codec, found)] == [low, high]


def test_a_range_within_a_day_bounds_the_hours():
    codec, found = _ask("seconds", low="2000-01-31 10:00", high="2000-01-31 12:00", strict_high=True)
    assert [value.date() for value in _ends(codec, found)] == [dt.date(2000, 1, 31)] * 2
    low, high = (value.time() for value in _ends(codec, found, "x#time"))
    assert (low, high) == (dt.time(10), dt.time(11, 59, 59))


def test_a_moment_is_its_day_and_its_time():
    codec, found = _ask("seconds", values=("2000-01-31 10:00:05",))
    assert {value.time() for value in _ends(codec, found, "x#time")} == {dt.time(10, 0, 5)}


def test_times_and_durations_and_formats():
    codec, found = _ask("time", low="10:00", high="11:00")
    assert sum(found["x#kind"].allowed) == 2
    codec, found = _ask("duration", low="240:00:00", high=1_728_000)
    assert _ends(codec, found) == [dt.timedelta(days=10), dt.timedelta(days=20)]
    codec, found = _ask("text of days", low="31/01/2000", high="2000-12-31")
    assert _ends(codec, found) == ["31/01/2000", "31/12/2000"]


def test_conditions_that_never_hold():
    with pytest.raises(ConditionError, match="Its values go from 19"):
        _ask("date", low="2500-01-01")
    with pytest.raises(ConditionError, match="'soon' is not a date"):
        _ask("date", low="soon")
    with pytest.raises(ConditionError, match="never missing"):
        _ask("hours", missing=True)
    assert _ask("holes", missing=True)[1]["x#kind"].allowed.sum() == 1


def test_weekends_that_never_occur_are_never_drawn():
    days = DAYS[np.isin((DAYS + 3) % 7, range(5))]  # 1970-01-01 was a Thursday
    for values, kind in [
        (pa.array(days.astype(np.int32)).cast(pa.date32()), "date"),
        (_array(days * 86_400 + 36_000 + days % 2, pa.timestamp("s")), "datetime"),
    ]:
        codec = _fit(values, kind)
        assert all(value.weekday() < 5 for value in _draw(codec).to_pylist())
        assert np.mean(codec.tolerance(values) == 0) > 0.95
        found = codec.evidence(Condition("x", low="2000-01-29", high="2000-01-31"))  # Saturday to Monday
        assert {str(value)[:10] for value in _ends(codec, found)} == {"2000-01-31"}
        with pytest.raises(ConditionError, match="no value"):
            codec.evidence(Condition("x", values=("2000-01-29",)))


@pytest.mark.parametrize(
    ("condition", "loose"),
    [
        ({"low": "2000-01-31"}, False),
        ({"low": "2000-01-31 00:00"}, False),
        ({"low": "2000-01-31 10:00"}, True),
        ({"high": "2000-01-31"}, False),
        ({"high": "2000-01-31 00:00"}, True),
        ({"high": "2000-01-31 00:00", "strict_high": True}, False),
        ({"low": "2000-01-31 10:00", "high": "2000-01-31 12:00"}, False),
        ({"low": "2000-01-31 10:00", "high": "2000-02-01"}, True),
        ({"values": ("2000-01-31 10:00:05",)}, False),
        ({"values": ("2000-01-31", "2000-02-02")}, False),
        ({"values": ("2000-01-31 10:00:05", "2000-02-02 10:00:00")}, True),
        ({"values": ("2000-01-31 10:00:05",), "negate": True}, True),
        ({"missing": False}, False),
    ],
)
def test_conditions_that_days_and_hours_cannot_express_are_loose(condition, loose):
    codec, _ = _ask("seconds", missing=False)
    assert codec.loose(Condition("x", **condition)) == loose


def test_several_moments_are_their_days_and_their_times():
    codec, found = _ask("seconds", values=("2000-01-31 10:00:05", "2000-02-02 11:00:00"))
    times = {value.time() for value in _ends(codec, found, "x#time")}
    assert times == {dt.time(10, 0, 5), dt.time(11)}


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            {"values": ("2500-01-01",)},
            r"^x: has no value '2500-01-01'\. Its values go from [\d-]+ to [\d-]+$",
        ),
        (
            {"values": ("2000-01-31 10:00:05.5",)},
            r"^x: has no value '2000-01-31 10:00:05.5'\. The nearest times",
        ),
    ],
)
def test_moments_that_never_occur_are_named_as_they_were_asked_for(condition, message):
    with pytest.raises(ConditionError, match=message):
        _ask("seconds", **condition)
