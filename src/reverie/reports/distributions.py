"""One column's distribution in real, synthetic and unseen real data, reduced to what may be shown and drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reverie.reports.protection import K, grid, merge, shown, span
from reverie.reports.views import LevelView, NumberView, OpaqueView, Role, Unit, View

Shares = Mapping[Role, float | None]
"""Role -> share of that table's rows, 0..1; None where fewer than K real rows would be shown."""

MOST_BARS = 8
MOST_DISCRETE = 12
SPIKE = 0.2


@dataclass(frozen=True)
class Bar:
    """One level and its shares; `count` > 1 says that so many levels are summed here."""

    label: str
    shares: Shares
    count: int = 1


@dataclass(frozen=True)
class Histogram:
    """Bins between `edges` (n + 1) with shares (n,) per role, among the rows that hold a value on this axis."""

    edges: np.ndarray
    shares: Mapping[Role, np.ndarray]
    unit: Unit
    logarithmic: bool
    outside: Shares


@dataclass(frozen=True)
class Distribution:
    """What is drawn of a column: bars, a histogram, or both (spikes and the rest); `note` when something is left out."""

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
        return Distribution(view.name, {}, note="Values of this kind are not drawn.")
    return _describe_levels(view) if isinstance(view, LevelView) else _describe_numbers(view)


def share(count: int, rows: int, role: str) -> float | None:
    """count / rows, or None where the count is of fewer than K real people."""
    if rows == 0 or (role != "fake" and not shown(count)):
        return None
    return count / rows


def format_number(value: float, unit: Unit | None) -> str:
    """A number for people, at most four digits or so: 1,234 or 0.0312 or 2024-03-01."""
    if unit == "date":
        return str(np.datetime64(round(value), "s").astype("datetime64[D]"))
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 1e7 or magnitude < 1e-4:
        return f"{value:.3g}"
    if magnitude >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if magnitude < 100 else f"{value:.1f}"


def _describe_levels(view: LevelView) -> Distribution:
    counts = {role: view.counts(role) for role in view.codes}
    rows = {role: len(codes) for role, codes in view.codes.items()}
    missing = {role: share(int(rows[role] - counts[role].sum()), rows[role], role) for role in rows}
    safe = np.flatnonzero(counts["real"] >= K)
    top = safe[np.argsort(-counts["real"][safe], kind="stable")][:MOST_BARS]
    labels = [view.labels[code] for code in top]
    return Distribution(view.name, missing, bars=_bars(labels, top, counts, rows))


def _bars(labels: list[str], codes: np.ndarray, counts: Mapping[str, np.ndarray], rows: Mapping[str, int]) -> tuple[Bar, ...]:
    bars = [
        Bar(label, {role: share(int(counts[role][code]), rows[role], role) for role in rows})
        for label, code in zip(labels, codes, strict=True)
    ]
    rest = np.ones(len(counts["real"]), dtype=bool)
    rest[codes] = False
    others = {role: int(counts[role][rest].sum()) for role in rows}
    if any(others.values()):
        levels = int(np.count_nonzero(rest & (counts["real"] > 0)))
        bars.append(Bar("", {role: share(others[role], rows[role], role) for role in rows}, count=levels))
    return tuple(bars)


def _describe_numbers(view: NumberView) -> Distribution:
    rows = {role: len(values) for role, values in view.values.items()}
    present = {role: values[~np.isnan(values)] for role, values in view.values.items()}
    missing = {role: share(rows[role] - len(present[role]), rows[role], role) for role in rows}
    distinct, counts = np.unique(present["real"], return_counts=True)
    means = {role: float(values.mean()) if len(values) >= 10 * K else None for role, values in present.items()}
    if len(distinct) <= MOST_DISCRETE:
        bars = _spikes(distinct[counts >= K], view, present, rows, rest=True)
        return Distribution(view.name, missing, bars=bars, means=means, unit=view.unit)
    spikes = distinct[(counts >= K) & (counts >= SPIKE * rows["real"])]
    bars = _spikes(spikes, view, present, rows, rest=False)
    others = {role: np.where(np.isin(values, spikes), np.nan, values) for role, values in view.values.items()}
    drawn = _histogram(NumberView(view.name, view.unit, others))
    note = "Lengths are drawn, never the values." if view.unit == "characters" else ""
    if drawn is None:
        note = f"The other values are too few to draw (under {2 * K} rows)."
    return Distribution(view.name, missing, bars=bars, histogram=drawn, means=means, unit=view.unit, note=note)


def _spikes(
    values: np.ndarray, view: NumberView, present: Mapping[str, np.ndarray], rows: Mapping[str, int], *, rest: bool
) -> tuple[Bar, ...]:
    counts = {
        role: np.append([np.count_nonzero(array == value) for value in values], np.count_nonzero(~np.isin(array, values)))
        for role, array in present.items()
    }
    codes = np.arange(len(values))
    labels = [format_number(float(value), view.unit) for value in values]
    bars = _bars(labels, codes, {role: table.astype(int) for role, table in counts.items()}, rows)
    return bars if rest else bars[: len(values)]


def _histogram(view: NumberView) -> Histogram | None:
    present = {role: values[~np.isnan(values)] for role, values in view.values.items()}
    ends = span(present["real"])
    if ends is None:
        return None
    logarithmic = _is_skewed(present["real"], ends)
    scaled = {role: _scale(values, logarithmic) for role, values in present.items()}
    low, high = (float(end) for end in _scale(np.array(ends), logarithmic))
    bins = int(np.clip(2 * len(present["real"]) ** (1 / 3), 8, 36))
    whole = not logarithmic and (view.unit in ("integer", "characters"))
    edges = grid(low, high if high > low else low + 1, bins, whole=whole)
    counts = {role: np.histogram(values, edges)[0] for role, values in scaled.items()}
    starts = merge([counts[role] for role in counts if role != "fake"])
    shares = {role: np.add.reduceat(table, starts) / max(len(present[role]), 1) for role, table in counts.items()}
    outside = {role: share(len(present[role]) - int(counts[role].sum()), len(present[role]), role) for role in counts}
    return Histogram(np.append(edges[starts], edges[-1]), shares, view.unit, logarithmic, outside)


def _is_skewed(values: np.ndarray, ends: tuple[float, float]) -> bool:
    middle = float(np.median(values))
    return ends[0] > 0 and middle > 0 and ends[1] / middle > 8 and ends[1] / ends[0] > 50


def _scale(values: np.ndarray, logarithmic: bool) -> np.ndarray:
    return np.log10(values[values > 0]) if logarithmic else values
