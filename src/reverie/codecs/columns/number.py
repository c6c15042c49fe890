"""Numbers: spikes and missing as kinds, the rest on a scale, to the decimal places that were stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import plain, restore, type_name, type_named
from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.counts import Counts
from reverie.codecs.line import Line
from reverie.codecs.numerals import find_numeral
from reverie.codecs.ranges import find_evidence
from reverie.codecs.spelling import present_texts, read_column, write_column
from reverie.codecs.storage import is_string
from reverie.core.errors import ConditionError, DataError
from reverie.schema.blocks import CategoryEvidence, RealEvidence
from reverie.schema.types import Column

MOST_DECIMALS = 15
_EXACT = 2.0**53
_FULL = 0.9
_SPELLED = 0.85


@dataclass(frozen=True)
class Sketch:
    """Counts of the values as read (int64 or float64), missing ones apart, and the Arrow type."""

    counts: Counts
    nulls: int
    storage: str


class Number(Codec):
    """A column of whole numbers or decimals.

    Option `decimals` is the number of places that values are rounded to; without it they keep all their
    digits. Option `format` is how text spells them (see `numerals`).
    """

    TYPES = ("integer", "decimal")
    ASKED = "numbers"
    OPTIONS: ClassVar[Mapping[str, type]] = {"decimals": int, "format": str}

    def __init__(self, column: Column, line: Line, places: int | None, storage: str) -> None:
        self.column, self.line, self.places, self.storage = column, line, places, storage
        self.specs = line.specs

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Every column of numbers, which whole floats and fixed decimals are told from; and text that spells
        numbers.
        """
        values = plain(profile.sample)
        if is_string(values.type):
            return _match_texts(profile)
        if not (pt.is_integer(values.type) or pt.is_floating(values.type) or pt.is_decimal(values.type)):
            return None
        different = "" if profile.distinct is None else f", {profile.distinct:,} different"
        if pt.is_integer(values.type):
            return Match("integer", 0.6, f"whole numbers{different}")
        numbers, present = read_numbers(profile.name, values)
        numbers = numbers[present]
        if not len(numbers):
            return None
        places = count_places(numbers, np.float32 if pt.is_float32(values.type) else np.float64)
        if places == 0:
            return Match("integer", 0.6, f"whole numbers stored as decimals{different}")
        if places is None:
            return Match("decimal", 0.6, f"decimals of full precision{different}")
        return Match("decimal", 0.6, f"decimals of at most {places} places{different}", {"decimals": places})

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        numbers, present = read_numbers(column.name, read_column(column, values))
        numbers = numbers[present]
        if column.type == "integer" and numbers.dtype != np.int64:
            broken = int(np.count_nonzero(numbers != np.rint(numbers)))
            if broken:
                raise DataError(
                    f"{broken:,} values are not whole numbers",
                    where=column.name,
                    fix="Make its type 'decimal'",
                )
        nulls = int(np.count_nonzero(~present))
        return Sketch(Counts.of(numbers), nulls, type_name(values.type))

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:  # noqa: ARG003
        return Sketch(left.counts.merge(right.counts), left.nulls + right.nulls, left.storage)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Number":
        places = _choose_places(column, sketch.counts.values)
        counts = sketch.counts.map(_to_units(sketch.counts.values, places))
        bounds = _natural_bounds(counts.values, places, type_named(sketch.storage))
        line = Line.learn(column.name, counts, sketch.nulls, protection.k, bounds)
        return cls(column, line, places, sketch.storage)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        numbers, present = read_numbers(self.column.name, read_column(self.column, values))
        return self.line.encode(_to_units(numbers, self.places), present, rng)

    def decode(
        self,
        arrays: Mapping[str, np.ndarray],
        rows: int,
        rng: np.random.Generator,  # noqa: ARG002
        offset: int = 0,  # noqa: ARG002
    ) -> pa.Array:
        units, present = self.line.decode(arrays, rows)
        numbers = units / 10.0**self.places if self.places else units
        array, kind = pa.array(numbers, mask=None if present.all() else ~present), type_named(self.storage)
        return restore(write_column(self.column, array) if is_string(kind) else array, kind)

    def tolerance(self, values: pa.Array) -> np.ndarray:
        """The most by which decode(encode(x)) may differ from each value, (rows,) float64; NaN where
        missing.
        """
        numbers, present = read_numbers(self.column.name, read_column(self.column, values))
        units = _to_units(numbers, self.places)
        unit = 10.0 ** (self.places or 0)
        rounded = self.places is not None and numbers.dtype != np.int64
        away = self.line.tolerance(units) + np.where(rounded & (units / unit != numbers), 0.5, 0.0)
        return np.where(present, away / unit, np.nan)

    def evidence(self, condition: Condition) -> dict[str, CategoryEvidence | RealEvidence]:
        return find_evidence(self.line, condition, self._parse, self._show)

    def holds(self) -> str:
        """The range, and how many values have mass of their own."""
        if self.line.ends is None:
            return "none"
        return f"{self._show(self.line.ends[0])} to {self._show(self.line.ends[1])}"

    def state(self) -> dict[str, Any]:
        return {**self.line.state(), "places": self.places, "storage": self.storage}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Number":
        return cls(column, Line.from_state(column.name, state), state["places"], state["storage"])

    def _show(self, unit: float) -> str:
        return f"{unit / 10 ** (self.places or 0):,.12g}"

    def _parse(self, value: Any) -> Fraction:
        try:
            return Fraction(str(value).strip()) * 10 ** (self.places or 0)
        except (ValueError, ZeroDivisionError):
            raise ConditionError(
                f"'{value}' is not a number", where=self.column.name, fix="Give a number"
            ) from None


def _match_texts(profile: Profile) -> Match | None:
    """The claim on text that spells numbers, which says how it does."""
    found = find_numeral(present_texts(profile.sample))
    if found is None:
        return None
    form = found.numeral.format
    column = Column(name=profile.name, type="decimal", options={"format": form})
    numbers = Number.matches(replace(profile, sample=read_column(column, profile.sample)))
    if numbers is None:
        return None
    doubt = ""
    if found.other is not None:
        doubt = (
            f"; '{found.numeral.group}' is taken for the mark of thousands, as three digits follow each: "
            f"for decimals make 'format' '{found.other.format}' and the type 'decimal'"
        )
    reason = f"{numbers.reason}, written like '{form}'{doubt}"
    return Match(numbers.type, _SPELLED, reason, {**numbers.options, "format": form})


def read_numbers(name: str, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (rows,), int64 if all fit and else float64, 0 where missing; and which are present, (rows,)
    bool.

    NaN is missing. Raises DataError if text does not read as a number, or a value is infinite.
    """
    values = plain(values)
    whole = pt.is_integer(values.type) or pt.is_boolean(values.type)
    try:
        numbers = values.cast(pa.int64() if whole else pa.float64())
    except pa.ArrowInvalid:
        numbers = _cast_each(name, values)
    present = numbers.is_valid().to_numpy(zero_copy_only=False)
    array = numbers.fill_null(0).to_numpy(zero_copy_only=False) if numbers.null_count else numbers.to_numpy()
    if array.dtype == np.float64 and not np.isfinite(array).all():
        present = present & ~np.isnan(array)
        array = np.where(present, array, 0.0)
        infinite = int(np.count_nonzero(np.isinf(array)))
        if infinite:
            raise DataError(
                f"{infinite:,} values are infinite",
                where=name,
                fix="Replace them by numbers, or leave them empty",
            )
    return array, present


def _cast_each(name: str, values: pa.Array) -> pa.Array:
    """Numbers too large for int64 as float64; text that reads as numbers."""
    if pt.is_integer(values.type):
        return values.cast(pa.float64(), safe=False)
    pattern = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
    reads = pc.match_substring_regex(values, pattern)
    wrong = len(values) - values.null_count - int(pc.sum(reads).as_py() or 0)
    if wrong:
        raise DataError(
            f"{wrong:,} values do not read as numbers", where=name, fix="Correct its type in the schema"
        )
    return pc.utf8_trim_whitespace(values).cast(pa.float64())


def count_places(numbers: np.ndarray, precision: type = np.float64) -> int | None:
    """Decimal places that all numbers need, at most 15, or None if more; `precision` is the float type they
    came in.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(numbers).max()
        for places in range(MOST_DECIMALS + 1):
            if largest * 10.0**places >= _EXACT:
                return None
            rounded = np.rint(numbers * 10.0**places) / 10.0**places
            if np.array_equal(rounded.astype(precision), numbers.astype(precision)):
                return places
    return None


def known_places(column: Column) -> int | None:
    """The decimals that the schema says a column has, if it does."""
    return 0 if column.type == "integer" else column.options.get("decimals")


def _choose_places(column: Column, values: np.ndarray) -> int | None:
    """The decimals that a grid of whole units can keep for these values; None is no grid."""
    if values.dtype == np.int64:
        return 0
    places = known_places(column)
    largest = np.abs(values).max() if len(values) else 0.0
    return None if places is None or largest >= _EXACT / 10.0**places else places


def _to_units(numbers: np.ndarray, places: int | None) -> np.ndarray:
    if places is None or numbers.dtype == np.int64:
        return numbers if places is not None else numbers.astype(np.float64)
    return np.rint(np.clip(numbers, -1e300, 1e300) * 10.0**places).clip(-(2.0**62), 2.0**62).astype(np.int64)


def _natural_bounds(units: np.ndarray, places: int | None, kind: pa.DataType) -> tuple[float, float]:
    """Limits that extrapolation keeps, in units: zero, one and a hundred if all values keep them, and the
    storage's own.
    """
    one = 10 ** (places or 0)
    low, high = (units[0].item(), units[-1].item()) if len(units) else (0, 0)
    lower, upper = -np.inf, np.inf
    if pt.is_integer(kind):
        info = np.iinfo(kind.to_pandas_dtype())
        lower, upper = max(info.min, -(2**63)), min(info.max, 2**63 - 1)
    if low >= 0:
        lower = 0
    elif -one <= low < -_FULL * one and high <= one:
        lower = -one
    for limit in (0, one, 100 * one):
        if (_FULL * limit < high <= limit and lower >= -one) or high == limit == 0:
            return lower, limit
    return lower, upper


CODECS = (Number,)
