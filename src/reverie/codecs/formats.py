"""Text that holds dates or times: which of the common formats all values share."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d-%b-%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
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


@dataclass(frozen=True)
class Format:
    """A `strftime` pattern and the column type it makes; `other` is a second pattern that fits as well, if
    any.
    """

    pattern: str
    type: str
    other: str = ""


def find_format(texts: pa.Array) -> Format | None:
    """The format that every text (no nulls) follows, padding included; None if there is none."""
    candidates = [Format(pattern, "date") for pattern in _DATES]
    candidates += [
        Format(f"{date}{joint}{time}{end}", "datetime")
        for date in _DATES
        for time in _TIMES
        for joint, end in _JOINTS
    ]
    candidates += [Format(pattern, "datetime") for pattern in _COMPACT] + [
        Format(time, "time") for time in _TIMES
    ]
    first = pc.unique(texts.slice(0, _FIRST_LOOK))
    shape = _mask(first[0].as_py()) if len(first) else ""
    fits = [one for one in candidates if _mask(_example(one.pattern)) == shape and _follows(first, one)]
    if not fits:
        return None
    distinct = pc.unique(texts)
    fits = [one for one in fits if _follows(distinct, one)]
    if not fits:
        return None
    return Format(fits[0].pattern, fits[0].type, fits[1].pattern if len(fits) > 1 else "")


def _follows(texts: pa.Array, form: Format) -> bool:
    """Whether the texts read as `form`, write back the same, and lie in years that make sense."""
    read = pc.strptime(texts, form.pattern, "s", error_is_null=True)
    if read.null_count or not pc.strftime(read, form.pattern).equals(texts.cast(pa.string())):
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
    return pc.strftime(pa.array([0], pa.timestamp("s")), pattern)[0].as_py()
