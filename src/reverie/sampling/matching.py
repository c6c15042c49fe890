"""Conditions met by Arrow columns: wanted values read in the column's own type, then compared in one pass."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError

_TRUE, _FALSE = {"true", "yes", "1", "t", "y"}, {"false", "no", "0", "f", "n"}


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column as one Arrow array, dictionary encoding undone and NaN made missing."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return array


def typed(condition: Condition, kind: pa.DataType) -> Condition:
    """The same condition with its values and bounds read as Python values of Arrow type `kind`.

    Raises ConditionError if one of them makes no sense in such a column.
    """
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_binary(kind) and condition.values is not None:
        # What is given of media is in its codec's evidence; rows are only seen to have some.
        return type(condition)(condition.column, missing=False)
    read = _reader(kind)

    def value(given: Any) -> Any:
        try:
            return None if given is None else read(given)
        except (ValueError, TypeError, ArithmeticError):
            what, fix = _in_words(kind)
            raise ConditionError(f"the wanted value is not {what}", where=condition.column, fix=fix) from None

    values = None if condition.values is None else tuple(value(item) for item in condition.values)
    return replace(condition, values=values, low=value(condition.low), high=value(condition.high))


def meets(table: pa.Table, conditions: Sequence[Condition]) -> np.ndarray:
    """Which rows meet every condition, (rows,) bool; a missing cell meets none but `missing`.

    In a column of moments a date without a time of day stands for its whole day.
    """
    mask = np.ones(table.num_rows, dtype=bool)
    for condition in conditions:
        if condition.column not in table.column_names:
            raise ConditionError("no such column", where=condition.column)
        column = flat(table[condition.column])
        mask &= _meet(column, typed(condition, column.type))
    return mask


def _meet(column: pa.Array, condition: Condition) -> np.ndarray:
    met = _mask(column.is_valid())
    if condition.missing is not None:
        return met != condition.missing
    if condition.values is not None:
        return met & (_among(column, condition.values) != condition.negate)
    if condition.low is not None:
        above = pc.greater if condition.strict_low else pc.greater_equal
        met &= _mask(above(_beside(column, condition.low), _scalar(column, condition.low)))
    if condition.high is not None:
        below = pc.less if condition.strict_high else pc.less_equal
        met &= _mask(below(_beside(column, condition.high), _scalar(column, condition.high)))
    return met


def _among(column: pa.Array, values: tuple[Any, ...]) -> np.ndarray:
    if _is_number(column.type):
        return _among_numbers(column, values)
    found = np.zeros(len(column), dtype=bool)
    for whole in (True, False):
        chosen = [value for value in values if _is_day(value) == whole]
        if chosen:
            beside = _beside(column, chosen[0])
            found |= _mask(pc.is_in(beside, value_set=pa.array(chosen, beside.type)))
    return found


def _among_numbers(column: pa.Array, values: tuple[Any, ...]) -> np.ndarray:
    if pa.types.is_integer(column.type) and all(isinstance(value, int) for value in values):
        small = [value for value in values if abs(value) < 2**63]
        return _mask(pc.is_in(column.cast(pa.int64(), safe=False), value_set=pa.array(small, pa.int64())))
    floats = pa.array([float(value) for value in values], pa.float64())
    return _mask(pc.is_in(column.cast(pa.float64(), safe=False), value_set=floats))


def _beside(column: pa.Array, value: Any) -> pa.Array:
    """The column in the form in which it can be compared with `value`."""
    if not pa.types.is_timestamp(column.type):
        return column
    if _is_day(value):
        local = pc.local_timestamp(column) if column.type.tz else column
        return pc.floor_temporal(local, unit="day").cast(pa.date32(), safe=False)
    if column.type.unit == "ns":
        # Nanoseconds reach from 1677 to 2262 only; a wanted moment may lie outside.
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _is_day(value: Any) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _scalar(column: pa.Array, value: Any) -> pa.Scalar:
    if not _is_number(column.type):
        return pa.scalar(value, _beside(column.slice(0, 0), value).type)
    # A whole number may lie outside the column's own type, so it is compared in the widest one that holds it.
    return pa.scalar(value, pa.int64() if isinstance(value, int) and abs(value) < 2**63 else pa.float64())


def _mask(array: pa.Array) -> np.ndarray:
    return pc.fill_null(array, False).to_numpy(zero_copy_only=False)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _reader(kind: pa.DataType) -> Callable[[Any], Any]:
    readers: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]], ...] = (
        (pa.types.is_boolean, _read_truth),
        (_is_number, _read_number),
        (pa.types.is_date, _read_date),
        (pa.types.is_timestamp, lambda value: _read_moment(value, kind)),
        (pa.types.is_duration, _read_duration),
        (
            pa.types.is_time,
            lambda value: value if isinstance(value, dt.time) else dt.time.fromisoformat(str(value)),
        ),
    )
    return next((read for applies, read in readers if applies(kind)), str)


def _in_words(kind: pa.DataType) -> tuple[str, str]:
    """What a column holds, and how to write that in a condition."""
    if pa.types.is_boolean(kind):
        return "a truth value", "Write true or false"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "a date", "Write it like 2024-01-31, a moment like 2024-01-31 12:30"
    if pa.types.is_time(kind):
        return "a time of day", "Write it like 12:30"
    if pa.types.is_duration(kind):
        return "a length of time", "Give a number of seconds"
    return "a number", "Give a number"


def _read_truth(value: Any) -> bool:
    word = str(value).strip().lower().removesuffix(".0")
    if word not in _TRUE | _FALSE:
        raise ValueError(word)
    return word in _TRUE


def _read_number(value: Any) -> int | float:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = float(value)
    if isinstance(value, int | np.integer):
        return int(value)
    number = float(value)
    if not np.isfinite(number):
        raise ValueError("not finite")
    return int(number) if number.is_integer() else number


def _read_date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value).strip()[:10])


def _read_moment(value: Any, kind: pa.DataType) -> dt.date:
    """A date if no time of day was given, else the moment; without a zone it is in the column's zone."""
    if _is_day(value):
        return value
    if isinstance(value, str) and "T" not in value and ":" not in value:
        return dt.date.fromisoformat(value.strip())
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value).strip())
    if kind.unit == "s":
        moment = moment.replace(microsecond=0)
    if kind.tz is None:
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    zone = pa.scalar(0, pa.timestamp("us", kind.tz)).as_py().tzinfo
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _read_duration(value: Any) -> dt.timedelta:
    return value if isinstance(value, dt.timedelta) else dt.timedelta(seconds=float(value))
