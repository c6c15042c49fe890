"""Axes: numbers and dates as people write them, and the round places along an axis where they stand."""

from dataclasses import dataclass

import numpy as np

from reverie.reports.protection import step
from reverie.reports.views import Unit

MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000)
EPOCH = 1970 * 12
DAY = 86_400.0
SPANS = ((2 * DAY, DAY, "d"), (7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))
WANTED = 4


@dataclass(frozen=True)
class Tick:
    """A label at a position along an axis, in per cent."""

    at: float
    label: str


def write(value: float, unit: Unit | None = None) -> str:
    """A number for people, with the digits that matter.

    >>> write(1234.5), write(0.031249), write(86400.0 * 366, "date"), write(5400.0, "seconds")
    ('1,234', '0.0312', '1971-01-02', '90 min')
    """
    if unit == "date":
        return _moment(value, "D")
    if unit == "seconds":
        size, name = next((size, name) for least, size, name in SPANS if abs(value) >= least)
        return f"{write(value / size)} {name}"
    magnitude = abs(value)
    if magnitude >= 1e7 or 0 < magnitude < 1e-4:
        return f"{value:.3g}"
    if magnitude >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if magnitude < 1 else f"{value:.2f}" if magnitude < 100 else f"{value:.1f}"


def ticks(low: float, high: float, unit: Unit, *, logarithmic: bool = False) -> tuple[Tick, ...]:
    """A few round values between `low` and `high`; those of a logarithmic axis are given as powers of ten."""
    if logarithmic:
        values = _decades(low, high)
        marks = [(float(np.log10(value)), write(value, unit)) for value in values]
    elif unit == "date":
        marks = _dates(low, high)
    else:
        marks = [(float(value), _tidy(value, unit)) for value in _multiples(low, high, unit)]
    return tuple(Tick(round(100 * (at - low) / (high - low), 2), label) for at, label in marks)


def _multiples(low: float, high: float, unit: Unit) -> np.ndarray:
    width = step((high - low) / WANTED, whole=unit in ("integer", "characters"))
    if unit == "seconds" and high - low > 120:
        size = next(size for least, size, _ in SPANS if high - low >= least)
        width = step((high - low) / size / WANTED, whole=True) * size
    return np.arange(np.ceil(low / width - 1e-9), np.floor(high / width + 1e-9) + 1) * width + 0.0


def _tidy(value: float, unit: Unit) -> str:
    # Multiples of a step carry rounding noise: 0.30000000000000004.
    return write(float(f"{value:.10g}"), unit) if abs(value) >= 100 or unit == "seconds" else f"{value:.6g}"


def _decades(low: float, high: float) -> list[float]:
    powers = np.arange(np.floor(low), np.ceil(high) + 1)
    factors = (1, 2, 5) if high - low < 2 else (1,)
    found = [factor * 10.0**power for power in powers for factor in factors]
    inside = [value for value in found if low - 1e-9 <= np.log10(value) <= high + 1e-9]
    return inside[:: max(1, -(-len(inside) // 6))]


def _dates(low: float, high: float) -> list[tuple[float, str]]:
    if high - low < 75 * DAY:
        width = step((high - low) / DAY / 3, whole=True) * DAY if high - low > 3 * DAY else (high - low) / 2
        values = np.arange(np.ceil(low / width), np.floor(high / width) + 1) * width
        return [(float(value), _moment(value, "D" if high - low > 3 * DAY else "m")) for value in values]
    ends = np.array([round(low), round(high)]).astype("datetime64[s]").astype("datetime64[M]")
    first, last = (ends.astype(int) + EPOCH).tolist()
    width = next((months for months in MONTHS if (last - first) / months <= WANTED + 1), MONTHS[-1])
    # Counted from the year 0, so that many years are round ones.
    months = np.arange(-(-first // width) * width, last + 1, width) - EPOCH
    seconds = months.astype("datetime64[M]").astype("datetime64[s]").astype(float)
    pairs = zip(seconds, months, strict=True)
    return [(float(at), _month(int(month), width)) for at, month in pairs if low <= at <= high]


def _month(month: int, width: int) -> str:
    text = str(np.datetime64(month, "M"))
    return text.rpartition("-")[0] if width % 12 == 0 else text


def _moment(seconds: float, precision: str) -> str:
    return str(np.datetime64(round(seconds), "s").astype(f"datetime64[{precision}]")).replace("T", " ")
