"""Text that holds dates or times: which of the common formats all values share, read and written.

A format is a `strftime` pattern; '%-d' and the like are without a zero before a single digit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d-%b-%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
_TIMES = (
    "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p", "%-H:%M:%S", "%-H:%M",
    "%-I:%M:%S %p", "%-I:%M %p", "%-I:%M:%S%p", "%-I:%M%p",
)  # fmt: skip
_JOINTS = ((" ", ""), ("T", ""), ("T", "Z"), (" ", " +0000"), (", ", ""))
_COMPACT = (
    "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H%M%S",
    "%a %b %d %H:%M:%S %Y",
    "%d/%b/%Y:%H:%M:%S +0000",
)
_FIRST_LOOK = 100
_YEARS = ("1000-01-01", "2200-01-01")


_BARE = "\x01"


@dataclass(frozen=True)
class Format:
    """A `strftime` pattern and the column type it makes; `other` is a second pattern that fits as well, if
    any.
    """

    pattern: str
    type: str
    other: str = ""


def find_format(texts: pa.Array) -> Format | None:
    """The format that every text (no nulls) follows, padding included; None if there is none.

    Where day and month could be swapped the day comes first, but for the American ways: a clock of twelve
    hours, or slashes without zeros before single digits.
    """
    first = pc.unique(texts.slice(0, _FIRST_LOOK))
    shape = _mask(first[0].as_py()) if len(first) else ""
    fits = [one for one in _candidates().get(shape, ()) if _follows(first, one)]
    if not fits:
        return None
    distinct = pc.unique(texts)
    fits = [one for one in fits if _follows(distinct, one)]
    if not fits:
        return None
    padded = min(one.pattern.count("%-") for one in fits)
    fits = sorted((one for one in fits if one.pattern.count("%-") == padded), key=_is_foreign)
    return Format(fits[0].pattern, fits[0].type, fits[1].pattern if len(fits) > 1 else "")


def read_moments(texts: pa.Array, pattern: str) -> pa.Array:
    """Timestamps in seconds; null where a text does not follow the pattern."""
    return pc.strptime(texts.cast(pa.string()), pattern.replace("%-", "%"), "s", error_is_null=True)


def write_moments(moments: pa.Array, pattern: str) -> pa.Array:
    """Timestamps as texts."""
    padded = pc.strftime(moments.cast(pa.timestamp("s"), safe=False), pattern.replace("%-", f"{_BARE}%"))
    return pc.replace_substring_regex(padded, f"{_BARE}0?", "") if "%-" in pattern else padded


@cache
def _candidates() -> dict[str, tuple[Format, ...]]:
    """All formats, by what their texts look like."""
    found: dict[str, list[Format]] = {}
    for one in _formats():
        found.setdefault(_mask(_example(one.pattern)), []).append(one)
    return {shape: tuple(formats) for shape, formats in found.items()}


def _formats() -> Iterator[Format]:
    dates = [*_DATES, *(re.sub("%(?=[dm])", "%-", date) for date in _DATES if _is_parted(date))]
    yield from (Format(pattern, "date") for pattern in dates)
    for date in dates:
        for time in _TIMES:
            yield from (Format(f"{date}{joint}{time}{end}", "datetime") for joint, end in _JOINTS)
    yield from (Format(pattern, "datetime") for pattern in _COMPACT)
    yield from (Format(time, "time") for time in _TIMES)


def _is_parted(date: str) -> bool:
    """Whether day and month can go without zeros: signs or spaces stand around them."""
    return not re.search(r"%[dmY]%", date)


def _is_foreign(one: Format) -> bool:
    """Whether a format is the less likely of two that differ in the order of day and month alone."""
    american = "%p" in one.pattern or "%-d/%-m" in one.pattern or "%-m/%-d" in one.pattern
    return re.match("%-?m" if not american else "%-?d", one.pattern) is not None


def _follows(texts: pa.Array, form: Format) -> bool:
    """Whether the texts read as `form`, write back the same, and lie in years that make sense."""
    read = read_moments(texts, form.pattern)
    if read.null_count or not write_moments(read, form.pattern).equals(texts.cast(pa.string())):
        return False
    if form.type == "time":
        return True
    low, high = (np.datetime64(year).astype("datetime64[s]").astype(np.int64) for year in _YEARS)
    seconds = read.cast(pa.int64()).to_numpy()
    return bool(seconds.min() >= low and seconds.max() < high)


def _mask(text: str) -> str:
    """A text with each run of letters as "a" and digits as "0", to pass over formats that cannot fit."""
    kinds = ["0" if sign.isdigit() else "a" if sign.isalpha() else sign for sign in text]
    return "".join(kind for i, kind in enumerate(kinds) if i == 0 or kind != kinds[i - 1])


def _example(pattern: str) -> str:
    return re.sub("%-?[abBp]", "a", re.sub("%-?[YymdHIMS]", "0", pattern))
