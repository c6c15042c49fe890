"""Geometry of the report's figures: numbers in, SVG paths and positions out. No text of the data passes through a path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reverie.reports.distributions import Histogram, format_number

WIDTH, HEIGHT = 320.0, 96.0


@dataclass(frozen=True)
class Tick:
    """A label at a position along an axis, in the figure's own units."""

    at: float
    label: str


@dataclass(frozen=True)
class Steps:
    """Overlaid densities: role -> SVG path; `tips` are (right end, label, real, fake, holdout) for the pointer."""

    paths: Mapping[str, str]
    ticks: tuple[Tick, ...]
    tips: tuple[tuple[float | str | None, ...], ...] = ()


@dataclass(frozen=True)
class Strip:
    """One score on its own axis, positions in 0..100: an interval, a point, a floor and an ideal."""

    low: float
    high: float
    value: float
    floor: float | None
    ideal: float


@dataclass(frozen=True)
class HeatMap:
    """A matrix of shades: `layers` are (shade 1..LAYERS, path of runs of cells); the path draws with stroke width 1."""

    size: tuple[int, int]
    layers: tuple[tuple[int, str], ...]


SHADES = 9


def strip(value: float, low: float, high: float, floor: float | None, ideal: float) -> Strip:
    """Place a score, its interval, its floor and its ideal on one axis that holds them all."""
    marks = np.array([value, low, high, ideal] + ([] if floor is None else [floor]), dtype=float)
    marks = marks[np.isfinite(marks)]
    start, end = (float(marks.min()), float(marks.max())) if len(marks) else (0.0, 1.0)
    margin = 0.08 * (end - start) or 0.5
    start, end = start - margin, end + margin

    def place(mark: float) -> float:
        return round(float(np.clip(100 * (mark - start) / (end - start), 0, 100)), 2) if np.isfinite(mark) else 50.0

    return Strip(place(low), place(high), place(value), None if floor is None else place(floor), place(ideal))


def steps(histogram: Histogram) -> Steps:
    """Densities over the bins as step lines (the real one closed, to be filled)."""
    edges = histogram.edges
    widths = np.diff(edges)
    places = WIDTH * (edges - edges[0]) / (edges[-1] - edges[0])
    densities = {role: shares / widths for role, shares in histogram.shares.items()}
    top = max(float(density.max()) for density in densities.values()) or 1.0
    heights = {role: HEIGHT * (1 - 0.96 * density / top) for role, density in densities.items()}
    paths = {role: _step_path(places, height, closed=role == "real") for role, height in heights.items()}
    return Steps(paths, _ticks(histogram, places), _tips(histogram, places))


def _step_path(places: np.ndarray, heights: np.ndarray, *, closed: bool) -> str:
    parts = [f"M{_short(places[0])} {_short(HEIGHT if closed else heights[0])}"]
    for right, height in zip(places[1:], heights, strict=True):
        parts.append(f"V{_short(height)}H{_short(right)}")
    return "".join(parts) + (f"V{_short(HEIGHT)}Z" if closed else "")


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")


def label_edge(edge: float, histogram: Histogram) -> str:
    """An axis position in the column's own units."""
    value = 10.0**edge if histogram.logarithmic else edge
    if histogram.unit in ("integer", "characters") and not histogram.logarithmic:
        value = float(np.ceil(edge))
    return format_number(float(f"{value:.3g}") if histogram.logarithmic else value, histogram.unit)


def _ticks(histogram: Histogram, places: np.ndarray) -> tuple[Tick, ...]:
    edges = histogram.edges
    wanted = np.linspace(edges[0], edges[-1], 4)
    nearest = np.unique([int(np.argmin(np.abs(edges - mark))) for mark in wanted])
    return tuple(Tick(round(float(places[i]), 1), label_edge(float(edges[i]), histogram)) for i in nearest)


def _tips(histogram: Histogram, places: np.ndarray) -> tuple[tuple[float | str | None, ...], ...]:
    names = [label_edge(float(edge), histogram) for edge in histogram.edges]
    rows = []
    for i, right in enumerate(places[1:]):
        whole = histogram.unit in ("integer", "characters") and not histogram.logarithmic
        single = whole and histogram.edges[i + 1] - histogram.edges[i] == 1
        label = names[i] if single else f"{names[i]} to {names[i + 1]}"
        shares = [round(100 * float(shares[i]), 2) for shares in histogram.shares.values()]
        rows.append((round(float(right), 1), label, *shares))
    return tuple(rows)


def curves(
    edges: Sequence[float], heights: Mapping[str, Sequence[float]]
) -> Steps:
    """Step densities over given edges for named groups, as for distances."""
    histogram = Histogram(np.asarray(edges, dtype=float), {}, "number", False, {})
    places = WIDTH * (histogram.edges - histogram.edges[0]) / (histogram.edges[-1] - histogram.edges[0])
    top = max((max(values) for values in heights.values()), default=1.0) or 1.0
    scaled = {name: HEIGHT * (1 - 0.96 * np.asarray(values, dtype=float) / top) for name, values in heights.items()}
    paths = {name: _step_path(places, values, closed=name == "train") for name, values in scaled.items()}
    return Steps(paths, _ticks(histogram, places))


def heat_map(matrix: np.ndarray, top: float) -> HeatMap:
    """Cells 0..`top` in SHADES shades, each shade one path of horizontal runs; NaN and the palest are left out."""
    filled = np.nan_to_num(np.asarray(matrix, dtype=float), nan=0.0)
    shades = np.clip(np.ceil(filled / (top or 1.0) * SHADES), 0, SHADES).astype(int)
    layers = [(shade, _runs(shades == shade)) for shade in range(1, SHADES + 1)]
    return HeatMap((shades.shape[1], shades.shape[0]), tuple((shade, path) for shade, path in layers if path))


def _runs(mask: np.ndarray) -> str:
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    runs = zip(starts, rows, ends - starts, strict=True)
    return "".join(f"M{start} {row}.5h{length}" for start, row, length in runs)
