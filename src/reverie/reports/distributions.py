"""One column's distribution in real, synthetic and unseen real data, reduced to what may be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reverie.reports.axes import write
from reverie.reports.protection import K, grid, may_show, merge, span
from reverie.reports.views import LevelView, NumberView, OpaqueView, Unit, View

Shares = Mapping[str, float | None]
"""Role -> share of that table's rows, 0..1; None where fewer than K real rows would be shown."""

MOST_BARS = 8
MOST_DISCRETE = 12
SPIKE = 0.2
FEW_WHOLE = 30


@dataclass(frozen=True)
class Bar:
    """One level and its shares; `count` > 1 says that so many levels are summed here."""

    label: str
    shares: Shares
    count: int = 1


@dataclass(frozen=True)
class Histogram:
    """Bins between `edges`, (n + 1,), and shares per role, (n,), of the rows with a value on this axis."""

    edges: np.ndarray
    shares: Mapping[str, np.ndarray]
    unit: Unit
    logarithmic: bool
    outside: Shares


@dataclass(frozen=True)
class Distribution:
    """What is drawn of a column: bars, a histogram, or spikes and the rest; `note` says what is left out."""

    name: str
    missing: Shares
    bars: tuple[Bar, ...] = ()
    histogram: Histogram | None = None
    means: Shares | None = None
    unit: Unit | None = None
    note: str = ""


def describe(view: View) -> Distribution:
    """Reduce a column to bars, bins and shares that at least K real rows stand behind."""
    if isinstance(view, OpaqueView):
        missing = {role: share(*counts, role) for role, counts in view.missing.items()}
        return Distribution(view.name, missing, note="Values of this kind are not drawn as distributions.")
    return _describe_levels(view) if isinstance(view, LevelView) else _describe_numbers(view)


def share(count: int, rows: int, role: str) -> float | None:
    """count / rows, or None where the count is of fewer than K real people."""
    if rows == 0 or (role != "fake" and not may_show(count)):
        return None
    return count / rows


def _describe_levels(view: LevelView) -> Distribution:
    counts = {role: view.counts(role) for role in view.codes}
    rows = {role: len(codes) for role, codes in view.codes.items()}
    missing = {role: share(int(rows[role] - counts[role].sum()), rows[role], role) for role in rows}
    safe = np.flatnonzero(counts["real"] >= K)
    top = safe[np.argsort(-counts["real"][safe], kind="stable")][:MOST_BARS]
    tables = {role: np.append(table[top], table.sum() - table[top].sum()) for role, table in counts.items()}
    others = int(np.count_nonzero(counts["real"])) - len(top)
    labels = [view.labels[code] for code in top]
    return Distribution(view.name, missing, _bars(labels, tables, rows, others))


def _bars(
    labels: Sequence[str], counts: Mapping[str, np.ndarray], rows: Mapping[str, int], others: int
) -> tuple[Bar, ...]:
    """A bar for each label and one for the rest, of `others` real values; `counts` are (labels + 1,)."""
    shares = [
        {role: share(int(table[i]), rows[role], role) for role, table in counts.items()}
        for i in range(len(labels) + 1)
    ]
    bars = [Bar(label, found) for label, found in zip(labels, shares, strict=False)]
    rest = any(table[-1] for table in counts.values())
    return (*bars, Bar("", shares[-1], others)) if rest else tuple(bars)


def _describe_numbers(view: NumberView) -> Distribution:
    rows = {role: len(values) for role, values in view.values.items()}
    present = {role: values[~np.isnan(values)] for role, values in view.values.items()}
    missing = {role: share(rows[role] - len(present[role]), rows[role], role) for role in rows}
    means = {
        role: float(values.mean()) if len(values) >= 10 * K else None for role, values in present.items()
    }
    distinct, counts = np.unique(present["real"], return_counts=True)
    few = len(distinct) <= MOST_DISCRETE
    shown = distinct[counts >= K] if few else _spikes(view, distinct, counts)
    bars = _value_bars(view, shown, present, len(distinct) - len(shown))
    if few:
        return Distribution(view.name, missing, bars, means=means, unit=view.unit)
    others = {role: values[~np.isin(values, shown)] for role, values in present.items()}
    drawn = _histogram(others, view.unit)
    note = "" if drawn else f"The other values are too few to draw (under {2 * K} rows)."
    if view.unit == "characters":
        note = f"Lengths in characters are drawn, never the values. {note}".strip()
    return Distribution(view.name, missing, bars[: len(shown)], drawn, means, view.unit, note)


def _spikes(view: NumberView, distinct: np.ndarray, counts: np.ndarray) -> np.ndarray:
    # Few enough whole numbers have a bin each: there a heavy value needs no bar of its own.
    if view.unit == "integer" and np.ptp(distinct) <= FEW_WHOLE:
        return distinct[:0]
    return distinct[(counts >= K) & (counts >= SPIKE * len(view.values["real"]))]


def _value_bars(
    view: NumberView, values: np.ndarray, present: Mapping[str, np.ndarray], others: int
) -> tuple[Bar, ...]:
    counts = {}
    for role, array in present.items():
        held = np.array([np.count_nonzero(array == value) for value in values], dtype=np.int64)
        counts[role] = np.append(held, len(array) - held.sum())
    labels = [write(float(value), view.unit) for value in values]
    return _bars(labels, counts, {role: len(array) for role, array in view.values.items()}, others)


def _histogram(present: Mapping[str, np.ndarray], unit: Unit) -> Histogram | None:
    ends = span(present["real"])
    if ends is None:
        return None
    logarithmic = _is_skewed(present["real"], ends)
    scaled = {role: _scale(values, logarithmic) for role, values in present.items()}
    low, high = (float(end) for end in _scale(np.array(ends), logarithmic))
    bins = int(np.clip(2 * len(present["real"]) ** (1 / 3), 8, 36))
    whole = not logarithmic and unit in ("integer", "characters")
    edges = grid(low, high if high > low else low + 1, bins, whole=whole)
    counts = {role: np.histogram(values, edges)[0] for role, values in scaled.items()}
    starts = merge([counts[role] for role in counts if role != "fake"])
    shares = {
        role: np.add.reduceat(table, starts) / max(len(present[role]), 1) for role, table in counts.items()
    }
    beyond = {role: len(present[role]) - int(table.sum()) for role, table in counts.items()}
    outside = {role: share(count, len(present[role]), role) for role, count in beyond.items()}
    return Histogram(np.append(edges[starts], edges[-1]), shares, unit, logarithmic, outside)


def _is_skewed(values: np.ndarray, ends: tuple[float, float]) -> bool:
    middle = float(np.median(values))
    return ends[0] > 0 and middle > 0 and ends[1] / middle > 8 and ends[1] / ends[0] > 50


def _scale(values: np.ndarray, logarithmic: bool) -> np.ndarray:
    return np.log10(values[values > 0]) if logarithmic else values
