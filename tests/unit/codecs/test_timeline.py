"""Ticks and back, for every way that Arrow and text store dates and times."""

import datetime as dt
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.timeline import Timeline
from reverie.core.errors import DataError

OLD, NEW = dt.datetime(1066, 10, 14, 9, 0), dt.datetime(3021, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("values", "form", "tick"),
    [
        (pa.array([OLD.date(), None, NEW.date()]), "", 86_400),
        (pa.array([OLD, None], pa.date64()), "", Fraction(1, 1_000)),
        (pa.array([OLD, NEW, None], pa.timestamp("s")), "", 1),
        (pa.array([OLD, NEW], pa.timestamp("us")), "", Fraction(1, 10**6)),
        (
            pa.array([dt.datetime(2020, 7, 1), None], pa.timestamp("ms", tz="Europe/Madrid")),
            "",
            Fraction(1, 1_000),
        ),
        (pa.array([dt.time(23, 59), None], pa.time32("s")), "", 1),
        (pa.array([dt.time(1, 2, 3, 4), None], pa.time64("us")), "", Fraction(1, 10**6)),
        (pa.array([dt.timedelta(days=-3), None], pa.duration("ms")), "", Fraction(1, 1_000)),
        (pa.array(["20141013T000000", None]), "%Y%m%dT%H%M%S", 1),
        (pa.array(["13/10/2014", None], pa.large_string()), "%d/%m/%Y", 1),
        (pa.array([20141013, None]), "%Y%m%d", 1),
        (pa.array([OLD.date(), NEW.date(), OLD.date()]).dictionary_encode(), "", 86_400),
    ],
)
def test_values_round_trip(values, form, tick):
    timeline = Timeline.of(values.type, form, "")
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    assert Timeline.of(kind, form, "").tick == tick
    ticks, present = timeline.read("x", values)
    assert ticks.dtype == np.int64
    again = timeline.write(ticks, present)
    assert again.type == values.type
    assert again.to_pylist() == values.to_pylist()


def test_ticks_are_seconds_on_the_wall_clock_of_the_zone():
    values = pa.array([dt.datetime(2020, 7, 1, 22, 0)], pa.timestamp("s", tz="Europe/Madrid"))
    ticks, _ = Timeline.of(values.type, "", "").read("x", values)
    assert ticks[0] % 86_400 == 0
    naive = pa.array([dt.datetime(2020, 7, 1, 22, 0)], pa.timestamp("s"))
    timeline = Timeline.of(naive.type, "", "Europe/Madrid")
    ticks, present = timeline.read("x", naive)
    assert ticks[0] % 86_400 == 0
    assert timeline.write(ticks, present).equals(naive)


def test_text_that_does_not_follow_is_counted_not_shown():
    timeline = Timeline.of(pa.string(), "%Y", "")
    with pytest.raises(DataError, match="x: 2 values do not follow the format '%Y'") as raised:
        timeline.read("x", pa.array(["2020", "secret", None, "twenty"]))
    assert "secret" not in str(raised.value)


def test_values_of_another_kind_are_refused():
    with pytest.raises(DataError, match="x: does not hold date32"):
        Timeline.of(pa.date32(), "", "").read("x", pa.array([True]))
