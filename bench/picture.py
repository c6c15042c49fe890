"""A picture of fidelity against the time of fitting, written as SVG by hand: no package draws it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from points import Point, front

WIDTH, HEIGHT, LEFT, TOP, GAP = 400, 320, 52, 34, 66
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31")
"""Okabe and Ito's, which colour-blind people tell apart, and one more."""
GREY = "#777777"
TIMES = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36000: "10 h"}
LINE = 12
"""Height of a line of text, and least distance of two labels."""


@dataclass(frozen=True)
class Panel:
    """One figure: its key in a point, its title, marks of its axis, and what real rows score, if known."""

    figure: str
    title: str
    marks: Sequence[float]
    floor: float | None = None
    logarithmic: bool = False


Place = Callable[[float], float]


def draw(points: Sequence[Point], panels: Sequence[Panel]) -> str:
    """The picture: a panel a figure side by side, and below them which colour is which family."""
    families = list(dict.fromkeys(point.series for point in points if point.kind == "family"))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(families)}
    across = scale(*_seconds(points), 0, WIDTH, logarithmic=True)
    width = LEFT + len(panels) * (WIDTH + GAP) - GAP // 2
    parts: list[str] = []
    for place, panel in enumerate(panels):
        drawn = _panel(panel, points, across, colours)
        parts.append(f'<g transform="translate({LEFT + place * (WIDTH + GAP)} {TOP})">{drawn}</g>')
    legend = _legend(colours, TOP + HEIGHT + 58)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 74}" width="{width}"'
    )
    style = 'font-family="sans-serif" font-size="11" fill="#333333"'
    return "\n".join(
        [f"{head} {style}>", '<rect width="100%" height="100%" fill="white"/>', *parts, legend, "</svg>\n"]
    )


def scale(low: float, high: float, start: float, end: float, *, logarithmic: bool = False) -> Place:
    """Where a value lies between `start` (of `low`) and `end` (of `high`); values beyond stay at the edge."""
    size = math.log if logarithmic else float
    first, last = size(low), size(high)

    def place(value: float) -> float:
        share = (size(min(max(value, low), high)) - first) / (last - first)
        return start + share * (end - start)

    return place


def apart(wanted: Sequence[tuple[float, float]], width: float = 100, height: float = LINE) -> list[float]:
    """Heights of labels wanted at (x, y), moved down as far as is needed for none to lie on another."""
    placed: dict[int, tuple[float, float]] = {}
    for index in sorted(range(len(wanted)), key=lambda one: wanted[one][1]):
        x, y = wanted[index]
        near = sorted(other for at, other in placed.values() if abs(at - x) < width)
        for other in near:
            y = other + height if abs(other - y) < height else y
        placed[index] = x, y
    return [placed[index][1] for index in range(len(wanted))]


def _seconds(points: Sequence[Point]) -> tuple[float, float]:
    times = [point.seconds for point in points]
    return min([1.0, *times]), max([100.0, *times]) * 1.5


def _panel(panel: Panel, points: Sequence[Point], across: Place, colours: Mapping[str, str]) -> str:
    shown = [point for point in points if panel.figure in point.figures]
    down = scale(panel.marks[0], panel.marks[-1], HEIGHT, 0, logarithmic=panel.logarithmic)
    at = {id(point): (across(point.seconds), down(point.figures[panel.figure])) for point in shown}
    parts = [f'<text x="0" y="-14" font-size="13" font-weight="bold">{escape(panel.title)}</text>']
    parts += _axes(panel, across, down, max(point.seconds for point in points))
    parts += _front(front((one for one in shown if one.kind != "quoted"), panel.figure), at)
    for name, colour in colours.items():
        own = sorted((one for one in shown if one.series == name), key=lambda one: one.seconds)
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at[id(one)] for one in own))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    parts += [_dot(one, *at[id(one)], colours.get(one.series, GREY), panel.figure) for one in shown]
    return "\n".join([*parts, *_labels([one for one in shown if one.kind != "family"], at)])


def _axes(panel: Panel, across: Place, down: Place, longest: float) -> list[str]:
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999999"/>']
    for mark in panel.marks:
        y = down(mark)
        parts.append(f'<line x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
    for seconds, text in TIMES.items():
        if seconds <= longest:
            x = across(seconds)
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y2="{HEIGHT}" stroke="#e4e4e4"/>')
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{text}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT + 34}" text-anchor="middle">time of fitting</text>')
    if panel.floor is not None:
        y = down(panel.floor)
        parts.append(
            f'<line x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#333333" stroke-dasharray="2 3"/>'
        )
        parts.append(f'<text x="4" y="{y - 4:.1f}">real rows</text>')
    return parts


def _front(best: Sequence[Point], at: Mapping[int, tuple[float, float]]) -> list[str]:
    """Steps from one unbeaten point to the next, and on to the right."""
    if not best:
        return []
    steps = [f"M{at[id(best[0])][0]:.1f},{at[id(best[0])][1]:.1f}"]
    steps += [f"H{x:.1f}V{y:.1f}" for x, y in (at[id(one)] for one in best[1:])]
    return [f'<path d="{"".join(steps)}H{WIDTH}" fill="none" stroke="#bbbbbb" stroke-dasharray="6 3"/>']


def _dot(point: Point, x: float, y: float, colour: str, figure: str) -> str:
    fill = "white" if point.kind == "quoted" else colour
    budget = "" if point.budget is None else f", budget {point.budget} s"
    told = escape(f"{point.series}{budget}: {point.seconds:,.1f} s, {point.figures[figure]:g}")
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{colour}">'
    return f"{dot}<title>{told}</title></circle>"


def _labels(points: Sequence[Point], at: Mapping[int, tuple[float, float]]) -> list[str]:
    places = [at[id(point)] for point in points]
    parts = []
    for point, (x, _), y in zip(points, places, apart(places), strict=True):
        left = x > WIDTH / 2
        side = f'x="{x - 7:.1f}" text-anchor="end"' if left else f'x="{x + 7:.1f}"'
        parts.append(f'<text {side} y="{y + 4:.1f}" fill="{GREY}">{escape(point.series)}</text>')
    return parts


def _legend(colours: Mapping[str, str], y: float) -> str:
    parts, x = [], float(LEFT)
    for name, colour in colours.items():
        parts.append(f'<circle cx="{x:.0f}" cy="{y - 4:.0f}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{x + 9:.0f}" y="{y:.0f}">{escape(name)}</text>')
        x += 28 + 5.8 * len(name)
    return "\n".join(parts)
