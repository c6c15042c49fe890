"""Systems as points of cost and fidelity, and which of them no other beats in both."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from results import Result

Kind = Literal["family", "peer", "quoted"]
FIGURES = {"c2st_fresh": "c2st_fresh", "trend_err": "trend"}
"""Figures of the outside judge by their names, and the names that `reverie evaluate` has for them."""


@dataclass(frozen=True)
class Point:
    """A fit: seconds it took and its figures, lower being better; `series` joins those of a family."""

    series: str
    kind: Kind
    seconds: float
    figures: dict[str, float]
    budget: int | None = None
    note: str = ""


def point_of(
    result: Result, series: str, kind: Kind, budget: int | None = None, *, old: bool = False
) -> Point | None:
    """The point of a finished and judged run, marked if of `old` code; None without a time or figures."""
    figures = {name: value for name in FIGURES if (value := _figure(result, name)) is not None}
    if result.fit_seconds is None or not figures:
        return None
    marks = ("†" if old else "") + ("‡" if result.busy else "")
    return Point(series, kind, result.fit_seconds, figures, budget, marks)


def composite(result: Result) -> float | None:
    """The figure by which `--model auto` compares, from the outside judge: 100 at best; None if not judged.

    The mean of 100 - shape error, 100 - trend error and 100 - 200 x (c2st fresh - .5).
    """
    judged: dict[str, Any] = result.outside or {}
    if not {"shape_err", "trend_err", "c2st_fresh"} <= judged.keys():
        return None
    told_apart = 200 * max(judged["c2st_fresh"] - 0.5, 0.0)
    return 100 - (judged["shape_err"] + judged["trend_err"] + told_apart) / 3


def front(points: Iterable[Point], figure: str) -> list[Point]:
    """Points that no other beats in both seconds and `figure` (Pareto), the fastest first."""
    best: list[Point] = []
    able = (point for point in points if figure in point.figures)
    for point in sorted(able, key=lambda one: (one.seconds, one.figures[figure])):
        if not best or point.figures[figure] < best[-1].figures[figure]:
            best.append(point)
    return best


def _figure(result: Result, name: str) -> float | None:
    """From the outside judge, or where there is none from `reverie evaluate`."""
    if result.outside and name in result.outside:
        return result.outside[name]
    own = (result.own or {}).get("faithful", {}).get("measures", {})
    return own.get(FIGURES[name], {}).get("value")
