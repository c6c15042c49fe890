"""Geometry of the report's figures: numbers in, SVG paths and positions out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reverie.reports.axes import Tick, ticks, write
from reverie.reports.distributions import Histogram

WIDTH, HEIGHT = 320.0, 100.0


@dataclass(frozen=True)
class Steps:
    """Overlaid densities, role -> SVG path; `tips` are (right end, label, a share in per cent per role)."""

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
    """Cells in shades: `layers` are (shade 1..SHADES, path of runs of cells, drawn with a stroke 1 wide)."""

    size: tuple[int, int]
    layers: tuple[tuple[int, str], ...]


SHADES = 9


def strip(
    value: float, low: float, high: float, floor: float | None, ideal: float, least: float = 0.0
) -> Strip:
    """Place a score, its interval, floor and ideal on one axis that holds them all, `least` long or more."""
    marks = np.array([value, low, high, ideal] + ([] if floor is None else [floor]), dtype=float)
    marks = marks[np.isfinite(marks)]
    start, end = (float(marks.min()), float(marks.max())) if len(marks) else (0.0, 1.0)
    spare = max(least - (end - start), 0.0)
    # An axis grows away from the ideal, so that scores of one kind start at the same place.
    ahead = 1.0 if start == ideal else 0.0 if end == ideal else 0.5
    start, end = start - spare * (1 - ahead), end + spare * ahead
    margin = 0.05 * (end - start) or 0.5
    start, end = start - margin, end + margin

    def place(mark: float) -> float:
        return (
            round(float(np.clip(100 * (mark - start) / (end - start), 0, 100)), 2)
            if np.isfinite(mark)
            else 50.0
        )

    return Strip(place(low), place(high), place(value), None if floor is None else place(floor), place(ideal))


def steps(histogram: Histogram, filled: str = "real") -> Steps:
    """Densities over the bins as step lines; the one called `filled` is closed."""
    edges = histogram.edges
    widths = np.diff(edges)
    places = WIDTH * (edges - edges[0]) / (edges[-1] - edges[0])
    densities = {role: shares / widths for role, shares in histogram.shares.items()}
    top = max(float(density.max()) for density in densities.values()) or 1.0
    heights = {role: HEIGHT * (1 - 0.96 * density / top) for role, density in densities.items()}
    paths = {role: _step_path(places, height, closed=role == filled) for role, height in heights.items()}
    marks = ticks(float(edges[0]), float(edges[-1]), histogram.unit, logarithmic=histogram.logarithmic)
    return Steps(paths, marks, _tips(histogram, places))


def _step_path(places: np.ndarray, heights: np.ndarray, *, closed: bool) -> str:
    parts = [f"M{_short(places[0])} {_short(HEIGHT if closed else heights[0])}"]
    for right, height in zip(places[1:], heights, strict=True):
        parts.append(f"V{_short(height)}H{_short(right)}")
    return "".join(parts) + (f"V{_short(HEIGHT)}Z" if closed else "")


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _tips(histogram: Histogram, places: np.ndarray) -> tuple[tuple[float | str | None, ...], ...]:
    names = [_edge(float(edge), histogram) for edge in histogram.edges]
    single = _is_whole(histogram) & (np.diff(histogram.edges) == 1)
    labels = [names[i] if one else f"{names[i]} to {names[i + 1]}" for i, one in enumerate(single)]
    shares = (100 * np.stack(list(histogram.shares.values()), axis=1)).round(2).tolist()
    rights = places[1:].round(1).tolist()
    return tuple((right, label, *row) for right, label, row in zip(rights, labels, shares, strict=True))


def _edge(edge: float, histogram: Histogram) -> str:
    value = 10.0**edge if histogram.logarithmic else np.ceil(edge) if _is_whole(histogram) else edge
    return write(float(f"{value:.3g}") if histogram.logarithmic else float(value), histogram.unit)


def _is_whole(histogram: Histogram) -> bool:
    return histogram.unit in ("integer", "characters") and not histogram.logarithmic


def curves(edges: Sequence[float], shares: Mapping[str, Sequence[float]]) -> Steps:
    """Densities of named groups over the same bins; the group called `train` is closed, to be filled."""
    parts = {name: np.asarray(values, dtype=float) for name, values in shares.items()}
    return steps(Histogram(np.asarray(edges, dtype=float), parts, "number", False, {}), filled="train")


def heat_map(matrix: np.ndarray, top: float) -> HeatMap:
    """Cells 0..`top` in SHADES shades, each shade one path of horizontal runs; the palest are left out."""
    filled = np.nan_to_num(np.asarray(matrix, dtype=float), nan=0.0)
    shades = np.clip(np.rint(filled / (top or 1.0) * SHADES), 0, SHADES).astype(int)
    layers = [(shade, _runs(shades == shade)) for shade in range(1, SHADES + 1)]
    return HeatMap((shades.shape[1], shades.shape[0]), tuple((shade, path) for shade, path in layers if path))


def _runs(mask: np.ndarray) -> str:
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    runs = zip(starts, rows, ends - starts, strict=True)
    return "".join(f"M{start} {row}.5h{length}" for start, row, length in runs)
