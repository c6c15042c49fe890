"""Moments as people write them in a condition: ISO dates and times, durations, or the column's own format."""

import datetime as dt
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from reverie.codecs.timeline import DAY, Timeline
from reverie.core.errors import ConditionError
from reverie.schema.types import Column

_EPOCH = dt.datetime(1970, 1, 1)
_CLOCK = re.compile(r"^(-?)(?:(\d+) ?d(?:ays?)?,? ?)?(?:(\d+):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?$")
_EXAMPLES = {
    "date": "2020-01-31",
    "datetime": "2020-01-31 12:30",
    "time": "12:30",
    "duration": "90 (seconds) or 1:30:00",
}


@dataclass(frozen=True)
class Moment:
    """Seconds since the origin (1970, midnight, or nothing at all); `whole_day` if no time of day was
    given.
    """

    seconds: Fraction
    whole_day: bool = False

    @property
    def day(self) -> int:
        """Days since the origin."""
        return int(self.seconds // DAY)

    @property
    def second(self) -> Fraction:
        """Seconds since midnight."""
        return self.seconds % DAY


def parse_moment(value: Any, column: Column, timeline: Timeline) -> Moment:
    """Read a value of a condition. Raises ConditionError, with an example, if it cannot be read."""
    try:
        form = timeline.format.replace("%-", "%")  # with or without zeros reads the same
        return _READERS[column.type](value, replace(timeline, format=form))
    except (ValueError, OverflowError):
        raise ConditionError(
            f"'{value}' is not a {column.type}",
            where=column.name,
            fix=f"Write it like {_EXAMPLES[column.type]}",
        ) from None


def _parse_date(value: Any, timeline: Timeline) -> Moment:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return Moment(_since(dt.datetime.combine(value, dt.time()), _EPOCH), whole_day=True)
    if isinstance(value, dt.datetime):
        return Moment(_since(_local(value, timeline), _EPOCH))
    text = str(value).strip()
    if timeline.format:
        try:
            moment = dt.datetime.strptime(text, timeline.format)
            return Moment(
                _since(moment.replace(tzinfo=None), _EPOCH), whole_day=not re.search("%[HI]", timeline.format)
            )
        except ValueError:
            pass  # the format is for the data; people may also write ISO dates
    moment = _local(dt.datetime.fromisoformat(text), timeline)
    return Moment(_since(moment, _EPOCH), whole_day=":" not in text and "T" not in text)


def _parse_length(value: Any, _: Timeline) -> Moment:
    if isinstance(value, dt.timedelta):
        return Moment(Fraction(value // dt.timedelta(microseconds=1), 10**6))
    text = str(value).strip()
    try:
        return Moment(Fraction(text))
    except ValueError:
        found = _CLOCK.match(text)
        if not found or not any(found.groups()):
            raise
        sign, days, hours, minutes, seconds = found.groups()
        length = (
            int(days or 0) * DAY + int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds or 0)
        )
        return Moment(-length if sign else length)


def _parse_clock(value: Any, timeline: Timeline) -> Moment:
    text = value.isoformat() if isinstance(value, dt.time) else str(value).strip()
    if timeline.format:
        try:
            moment = dt.datetime.strptime(text, timeline.format)
            return Moment(_since(moment, dt.datetime.combine(moment.date(), dt.time())))
        except ValueError:
            pass  # the format is for the data; people may also write ISO times
    return Moment(_since(dt.datetime.combine(_EPOCH, dt.time.fromisoformat(text)), _EPOCH))


def _local(moment: dt.datetime, timeline: Timeline) -> dt.datetime:
    """The wall-clock time of a moment that says its zone."""
    if moment.tzinfo is None:
        return moment
    zone = ZoneInfo(timeline.zone) if timeline.zone else dt.UTC
    return moment.astimezone(zone).replace(tzinfo=None)


def _since(moment: dt.datetime, origin: dt.datetime) -> Fraction:
    return Fraction((moment - origin) // dt.timedelta(microseconds=1), 10**6)


_READERS = {"date": _parse_date, "datetime": _parse_date, "time": _parse_clock, "duration": _parse_length}
