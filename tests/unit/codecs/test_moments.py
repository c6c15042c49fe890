"""Moments as people write them."""

import datetime as dt
from fractions import Fraction

import pyarrow as pa
import pytest

from reverie.codecs.moments import parse_moment
from reverie.codecs.timeline import Timeline
from reverie.core.errors import ConditionError
from reverie.schema.types import Column

DAY = 86_400


def _parse(value, kind="datetime", form="", zone=""):
    return parse_moment(value, Column(name="x", type=kind), Timeline.of(pa.timestamp("us"), form, zone))


@pytest.mark.parametrize(
    ("value", "kind", "seconds", "whole"),
    [
        ("1970-01-02", "date", DAY, True),
        ("1969-12-31", "date", -DAY, True),
        ("0001-01-01", "date", -719_162 * DAY, True),
        ("1970-01-02 00:00", "datetime", DAY, False),
        ("1970-01-01T00:00:01.5", "datetime", Fraction(3, 2), False),
        ("1970-01-01T02:00+02:00", "datetime", 0, False),
        (dt.date(1970, 1, 2), "datetime", DAY, True),
        (dt.datetime(1970, 1, 1, 1), "datetime", 3_600, False),
        ("01:30", "time", 5_400, False),
        (dt.time(0, 1), "time", 60, False),
        (90, "duration", 90, False),
        ("1:30:00", "duration", 5_400, False),
        ("2 days", "duration", 2 * DAY, False),
        ("-1 day 01:00", "duration", -DAY - 3_600, False),
        (dt.timedelta(hours=1), "duration", 3_600, False),
    ],
)
def test_known_values(value, kind, seconds, whole):
    moment = _parse(value, kind)
    assert moment.seconds == seconds
    assert moment.whole_day is whole


def test_the_columns_own_format_goes_first_and_iso_still_reads():
    assert _parse("02/01/1970", form="%d/%m/%Y") == _parse("1970-01-02", form="%d/%m/%Y")
    assert _parse("19700101T010000", form="%Y%m%dT%H%M%S").seconds == 3_600
    assert _parse("9:00 PM", "time", form="%I:%M %p").seconds == 75_600


def test_zoned_moments_move_to_the_wall_clock():
    assert _parse("2020-07-01T12:00+00:00", zone="Europe/Madrid") == _parse("2020-07-01 14:00")


def test_day_and_second():
    moment = _parse("1969-12-31 01:00")
    assert (moment.day, moment.second) == (-1, 3_600)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("soon", "date"), ("2020-02-30", "date"), ("25:00", "time"), ("long", "duration"), ("", "duration")],
)
def test_nonsense_gets_an_example(value, kind):
    with pytest.raises(ConditionError, match=f"x: '{value}' is not a {kind}. Write it like"):
        _parse(value, kind)
