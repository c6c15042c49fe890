"""Dates and times as whole ticks since an origin, whatever their Arrow type or text format, and back.

A tick is a day for dates and the type's own unit otherwise, always int64, so that no year is out of reach.
Zoned times are counted on the local wall clock, which is where their patterns are.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import plain, restore, type_name, type_named
from reverie.codecs.formats import read_moments, write_moments
from reverie.codecs.spelling import without_absent
from reverie.codecs.storage import is_string
from reverie.core.errors import DataError

DAY = 86_400
_TICKS = {"s": Fraction(1), "ms": Fraction(1, 10**3), "us": Fraction(1, 10**6), "ns": Fraction(1, 10**9)}


@dataclass(frozen=True)
class Timeline:
    """How a column stores moments: its Arrow type by name, the text `format` if any, and the `zone` of its
    wall clock.
    """

    storage: str
    format: str = ""
    zone: str = ""

    @classmethod
    def of(cls, kind: pa.DataType, form: str, zone: str) -> "Timeline":
        """For an Arrow type and the column's options."""
        return cls(type_name(kind), form, zone or getattr(kind, "tz", None) or "")

    @property
    def tick(self) -> Fraction:
        """The length of a tick in seconds."""
        kind = type_named(self.storage)
        if pt.is_date32(kind):
            return Fraction(DAY)
        if pt.is_date64(kind):
            return _TICKS["ms"]
        return _TICKS["s"] if self.format else _TICKS[kind.unit]

    def read(self, name: str, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Ticks (rows,) int64, 0 where missing, and which are present (rows,) bool.

        Raises DataError if text does not follow the format, or the values are of another Arrow type.
        """
        values = plain(values)
        moments = self._parse(name, values) if self.format else self._localised(self._typed(name, values))
        present = moments.is_valid().to_numpy(zero_copy_only=False)
        whole = pa.int32() if moments.type.bit_width == 32 else pa.int64()
        return moments.cast(whole).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False), present

    def write(self, ticks: np.ndarray, present: np.ndarray) -> pa.Array:
        """An array of the column's own type."""
        kind = type_named(self.storage)
        array = pa.array(ticks, mask=None if present.all() else ~present)
        if self.format:
            moments = array.dictionary_encode()
            texts = write_moments(moments.dictionary.cast(pa.timestamp("s")), self.format)
            return restore(texts.take(moments.indices), kind)
        kind = kind.value_type if pt.is_dictionary(kind) else kind
        if not pt.is_timestamp(kind):
            whole = pa.int32() if kind.bit_width == 32 else pa.int64()
            return restore(array.cast(whole).cast(kind), type_named(self.storage))
        moments = array.cast(pa.timestamp(kind.unit))
        if self.zone:
            moments = pc.assume_timezone(moments, self.zone, ambiguous="earliest", nonexistent="latest")
        return restore(moments, type_named(self.storage))

    def _parse(self, name: str, values: pa.Array) -> pa.Array:
        texts = without_absent(values) if is_string(values.type) else values.cast(pa.string())
        moments = read_moments(texts, self.format)
        wrong = moments.null_count - texts.null_count
        if wrong:
            raise DataError(
                f"{wrong:,} values do not follow the format '{self.format}'",
                where=name,
                fix="Correct option 'format' or the type in the schema",
            )
        return moments

    def _typed(self, name: str, values: pa.Array) -> pa.Array:
        """`values` in the type that was learned, if they can be."""
        kind = type_named(self.storage)
        kind = kind.value_type if pt.is_dictionary(kind) else kind
        try:
            return values if values.type == kind else values.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise DataError(
                f"does not hold {kind} values", where=name, fix="Correct its type in the schema"
            ) from None

    def _localised(self, moments: pa.Array) -> pa.Array:
        """Times on the wall clock of the zone; times without a zone are taken to be UTC if the option names
        one.
        """
        if not self.zone or not pt.is_timestamp(moments.type):
            return moments
        if moments.type.tz is None or moments.type.tz != self.zone:
            moments = moments.cast(pa.timestamp(moments.type.unit, tz=self.zone))
        return pc.local_timestamp(moments)


def is_temporal(kind: pa.DataType) -> bool:
    """Whether values are dates, times or durations."""
    return pt.is_date(kind) or pt.is_timestamp(kind) or pt.is_time(kind) or pt.is_duration(kind)
