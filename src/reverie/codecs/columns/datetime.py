"""Dates, times of day, durations and moments, on the scales of numbers, to the precision that was stored.

A moment becomes its day and its time of day, each on a line of its own, so that office hours survive;
days of the week that never occur are never drawn.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import plain
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.counts import Counts
from reverie.codecs.formats import find_format
from reverie.codecs.line import Line
from reverie.codecs.moments import Moment, parse_moment
from reverie.codecs.ranges import find_evidence
from reverie.codecs.spelling import present_texts
from reverie.codecs.storage import is_string
from reverie.codecs.timeline import DAY, Timeline, is_temporal
from reverie.codecs.weeks import DAYS, Week
from reverie.core.errors import ConditionError, DataError
from reverie.schema.blocks import CategoryEvidence, RealEvidence
from reverie.schema.types import Column

_STEPS = (86_400, 3_600, 60, 1, Fraction(1, 10**3), Fraction(1, 10**6), Fraction(1, 10**9))
_COMPACT_DATES = (1900_01_01, 2100_01_01)


@dataclass(frozen=True)
class Sketch:
    """Counts of days and of ticks in the day for moments, of ticks for all others, and the divisor common
    to all ticks.
    """

    main: Counts
    clock: Counts | None
    divisor: int
    nulls: int
    timeline: Timeline


class Datetime(Codec):
    """A column of dates, datetimes, durations or times of day.

    Options: `format`, the `strftime` pattern of a column of text (or of whole numbers such as 20141013);
    `zone`, the time zone whose wall clock the values follow. An hour that a clock repeats decodes to its
    first time.
    """

    TYPES = ("date", "datetime", "duration", "time")
    ASKED = "moments"
    OPTIONS: ClassVar[Mapping[str, type]] = {"format": str, "zone": str}

    def __init__(
        self, column: Column, timeline: Timeline, main: Line, clock: Line | None, step: int, week: Week
    ) -> None:
        self.column, self.timeline, self.main, self.clock = column, timeline, main, clock
        self.step, self.week = step, week
        self.specs = main.specs + (clock.specs if clock else ())

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Arrow's own dates and times, and text or whole numbers that all follow one common format."""
        values = plain(profile.sample).drop_null()
        if is_string(values.type):
            values = present_texts(values)
        if is_temporal(values.type):
            return _match_typed(values)
        if not len(values):
            return None
        if pt.is_integer(values.type):
            first, last = _COMPACT_DATES
            ends = pc.min_max(values).as_py()
            if not (first <= ends["min"] < ends["max"] < last):
                return None
        elif not is_string(values.type):
            return None
        form = find_format(values.cast(pa.string()))
        if form is None:
            return None
        doubt = f"; no day is over 12, so it may be '{form.other}': then set 'format' to that"
        reason = f"text of the format '{form.pattern}'{doubt if form.other else ''}"
        return Match(form.type, 0.9, reason, {"format": form.pattern})

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        typed = is_temporal(plain(values).type)  # which needs no format to be read
        form = "" if typed else column.options.get("format") or ""
        timeline = Timeline.of(values.type, form, column.options.get("zone", ""))
        if not timeline.format and not typed:
            raise DataError(
                f"holds {values.type} values, not dates or times",
                where=column.name,
                fix="Correct its type in the schema, or give option 'format'",
            )
        ticks, present = timeline.read(column.name, values)
        main, within = _split(column, timeline, ticks[present])
        divisor = int(np.gcd.reduce(main if within is None else within, initial=0))
        clock = None if within is None else Counts.of(within)
        return Sketch(Counts.of(main), clock, divisor, int(np.count_nonzero(~present)), timeline)

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:  # noqa: ARG003
        clock = left.clock.merge(right.clock) if left.clock and right.clock else None
        divisor = int(np.gcd(left.divisor, right.divisor))
        return Sketch(left.main.merge(right.main), clock, divisor, left.nulls + right.nulls, left.timeline)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Datetime":
        step, name, k = _precision(column, sketch), column.name, protection.k
        last = int(DAY / sketch.timeline.tick) // step - 1
        main, clock, bounds = sketch.main, None, (-np.inf, np.inf)
        if sketch.clock is not None:
            within = sketch.clock.map(sketch.clock.values // step)
            clock = Line.learn(f"{name}#time", within, sketch.nulls, k, (0, last))
        else:
            main = main.map(main.values // step)
        if column.type in ("time", "duration") and not (main.values < 0).any():
            bounds = (0, last if column.type == "time" else np.inf)
        dated = clock is not None or (column.type == "date" and last == 0)
        week = Week.of(main.values) if dated else Week()
        line = Line.learn(name, main.map(week.count(main.values)), sketch.nulls, k, bounds)
        return cls(column, sketch.timeline, line, clock, step, week)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        ticks, present = self.timeline.read(self.column.name, values)
        main, within = _split(self.column, self.timeline, ticks)
        arrays = self.main.encode(self._number(main), present, rng)
        if self.clock is None or within is None:
            return arrays
        return arrays | self.clock.encode(within // self.step, present, rng)

    def decode(
        self,
        arrays: Mapping[str, np.ndarray],
        rows: int,
        rng: np.random.Generator,  # noqa: ARG002
        offset: int = 0,  # noqa: ARG002
    ) -> pa.Array:
        numbers, present = self.main.decode(arrays, rows)
        ticks = self.week.restore(numbers) * self._unit
        if self.clock is not None:
            ticks += self.clock.decode(arrays, rows)[0] * self.step
        return self.timeline.write(ticks, present)

    def tolerance(self, values: pa.Array) -> np.ndarray:
        """The most by which decode(encode(x)) may differ from each value, in seconds, (rows,) float64; NaN
        where missing.
        """
        ticks, present = self.timeline.read(self.column.name, values)
        main, within = _split(self.column, self.timeline, ticks)
        number = self._number(main)
        whole = main if self.clock is not None else main // self.step
        longest = DAYS + 1 - len(self.week.days)
        away = (
            self.main.tolerance(number) * longest + np.abs(self.week.restore(number) - whole)
        ) * self._unit
        if self.clock is not None and within is not None:
            away += self.clock.tolerance(within // self.step) * self.step
        return np.where(present, away * float(self.timeline.tick), np.nan)

    def evidence(self, condition: Condition) -> dict[str, CategoryEvidence | RealEvidence]:
        """A moment without a time of day stands for its whole day.

        Bounds within a day are kept exactly if both are in the same one, and otherwise to the day; several
        moments to any of their days at any of their times.
        """
        if condition.missing is not None:
            return find_evidence(self.main, condition, Fraction)
        if self.clock is None:
            unit = self._unit * self.timeline.tick
            return find_evidence(
                self.main,
                condition,
                lambda value: self.week.place(self._parse(value).seconds / unit),
                self._show,
            )
        days, hours, _ = _by_day(condition, self._parse)
        found = find_evidence(self.main, days, self._day, self._show_day)
        if hours is None:
            return found
        try:
            return found | find_evidence(self.clock, hours, self._second, self._show_time)
        except ConditionError as error:
            fix = error.fix.replace("values", "times of day")
            raise ConditionError(error.what, where=self.column.name, fix=fix) from None

    def loose(self, condition: Condition) -> bool:
        """Of moments in text nothing is, for only the days of these can be asked."""
        if self.clock is None or self.timeline.format or condition.missing is not None:
            return False
        return not _by_day(condition, self._parse)[2]

    def holds(self) -> str:
        """The range."""
        if self.main.ends is None:
            return "none"
        low, high = (self._show(end) for end in self.main.ends)
        return f"{low} to {high}"

    def state(self) -> dict[str, Any]:
        return {
            "storage": self.timeline.storage,
            "format": self.timeline.format,
            "zone": self.timeline.zone,
            "step": self.step,
            "week": list(self.week.days),
            "main": self.main.state(),
            "clock": self.clock.state() if self.clock else None,
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Datetime":
        timeline = Timeline(state["storage"], state["format"], state["zone"])
        clock = Line.from_state(f"{column.name}#time", state["clock"]) if state["clock"] else None
        return cls(
            column,
            timeline,
            Line.from_state(column.name, state["main"]),
            clock,
            int(state["step"]),
            Week(tuple(state["week"])),
        )

    @property
    def _unit(self) -> int:
        """Ticks in a unit of the main line."""
        return self.step if self.clock is None else int(DAY / self.timeline.tick)

    def _number(self, main: np.ndarray) -> np.ndarray:
        """Units of the main line, weekdays that never occur left out."""
        return self.week.count(main if self.clock is not None else main // self.step)

    def _show(self, unit: float) -> str:
        ticks = self.week.restore(np.array([int(unit)])) * self._unit
        return str(self.timeline.write(ticks, np.array([True]))[0])

    def _show_day(self, unit: float) -> str:
        return self._show(unit).split(" ")[0]

    def _show_time(self, unit: float) -> str:
        return str(dt.timedelta(seconds=float(unit * self.step * self.timeline.tick)))

    def _day(self, value: Any) -> Fraction:
        """The place of a day or of the day of a value."""
        return self.week.place(Fraction(value if isinstance(value, int) else self._parse(value).day))

    def _second(self, value: Any) -> Fraction:
        """The place of a number of seconds or of a value's time of day."""
        seconds = value if isinstance(value, int | Fraction) else self._parse(value).second
        return Fraction(seconds) / (self.step * self.timeline.tick)

    def _parse(self, value: Any) -> Moment:
        return parse_moment(value, self.column, self.timeline)


def _match_typed(values: pa.Array) -> Match:
    if pt.is_duration(values.type):
        return Match("duration", 0.95, "durations")
    if pt.is_time(values.type):
        return Match("time", 0.95, "times of day")
    if pt.is_date(values.type):
        return Match("date", 0.95, "dates")
    ticks, _ = Timeline.of(values.type, "", "").read("", values)
    midnight = len(ticks) and not (ticks % int(DAY * 1 / Timeline.of(values.type, "", "").tick)).any()
    if midnight:
        return Match("date", 0.95, "dates with times that are always midnight")
    zone = f", in the zone {values.type.tz}" if values.type.tz else ""
    return Match("datetime", 0.95, f"dates with times of day{zone}")


def _split(column: Column, timeline: Timeline, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Days and the ticks within them for moments, ticks alone for all other types."""
    if column.type == "time" and timeline.format:
        return ticks % DAY, None
    if column.type != "datetime" or timeline.tick == DAY:
        return ticks, None
    return np.divmod(ticks, int(DAY / timeline.tick))


def _precision(column: Column, sketch: Sketch) -> int:
    """The coarsest of day, hour, minute, second and so on that divides every value, in ticks."""
    tick = sketch.timeline.tick
    steps = [int(step / tick) for step in _STEPS if step >= tick]
    step = next(step for step in steps if sketch.divisor % step == 0)
    if column.type == "date" and step * tick < DAY:
        raise DataError(
            "holds times of day, not only dates", where=column.name, fix="Make its type 'datetime'"
        )
    return min(step, int(3_600 / tick)) if sketch.clock is not None or column.type == "time" else step


def _by_day(condition: Condition, parse: Any) -> tuple[Condition, Condition | None, bool]:
    """A condition on moments as one on days, one on the seconds within the day, and whether that says it
    all.
    """
    name = condition.column
    if condition.values is not None:
        moments = [parse(value) for value in condition.values]
        whole = [moment.whole_day for moment in moments]
        if condition.negate and not all(whole):
            return Condition(name, missing=False), None, False
        return condition, None if any(whole) else condition, all(whole) or len(moments) == 1
    low = None if condition.low is None else parse(condition.low)
    high = None if condition.high is None else parse(condition.high)
    first = None if low is None else low.day + (low.whole_day and condition.strict_low)
    last = None if high is None else high.day - (condition.strict_high and not high.second)
    days = Condition(name, low=first, high=last)
    if low is None or high is None or first != last or (low.whole_day and high.whole_day):
        cut = [low and not low.whole_day and (low.second or condition.strict_low)]
        cut += [high and not high.whole_day and (high.second or not condition.strict_high)]
        return days, None, not any(cut)
    top = DAY if high.whole_day or last != high.day else high.second
    strict_low, strict_high = condition.strict_low and not low.whole_day, condition.strict_high or top == DAY
    hours = Condition(name, low=low.second, high=top, strict_low=strict_low, strict_high=strict_high)
    return days, hours, True


CODECS = (Datetime,)
