"""The figures that each neural family set out to reach on Adult, and how it fares against its namesake."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goals import Goal, below
from points import composite
from results import Result
from systems import key_of

HEAD = ("family", "", "must", "aim", "measured", "reached", "with the critic")
NAMESAKE_HEAD = ("data", "family", "composite", "fit s", "namesake", "composite", "fit s", "ahead")
TIMES = 5
"""A family may not be beaten by a namesake that takes at most so many times as long."""


@dataclass(frozen=True)
class Musts:
    """Bounds of a family on Adult; `aims` are of the shape and the trend error."""

    fit: float
    shape: float
    trend: float
    fresh: float
    mle: float
    rate: float
    dcr: float = 0.02
    aims: tuple[float | None, float | None] = (None, None)


FAMILIES = {
    "vae": Musts(60, 2.0, 4.0, 0.70, 0.020, 100_000),
    "gan": Musts(180, 4.0, 7.0, 0.80, 0.030, 100_000),
    "autoregressive": Musts(60, 1.0, 2.2, 0.58, 0.010, 40_000, aims=(0.63, 1.49)),
    "diffusion": Musts(300, 1.0, 2.0, 0.60, 0.012, 5_000, aims=(0.63, 1.49)),
}
NAMESAKES = {"copula": "copula", "vae": "tvae", "gan": "ctgan", "autoregressive": "argn"}


def rows(runs: Mapping[str, Result]) -> list[list[str]]:
    """One row a family and goal, from the runs on Adult without the critic; the last cell is with it."""
    found: list[list[str]] = []
    for family, musts in FAMILIES.items():
        itself, judged = runs.get(f"{key_of(family)}-fast"), runs.get(key_of(family))
        if itself is None:
            continue
        beside = goals(musts, judged) if judged else []
        for place, goal in enumerate(goals(musts, itself)):
            critic = goal.shown(beside[place].value) if beside else "-"
            found.append([family, *goal.row(), critic])
    return found


def goals(musts: Musts, run: Result) -> list[Goal]:
    """The goals of a family with what `run` measured."""
    judged: dict[str, Any] = run.outside or {}
    shape, trend = musts.aims
    return [
        Goal("fit, whole command, s", run.fit_seconds, musts.fit, decimals=1),
        Goal("shape error, %", judged.get("shape_err"), musts.shape, shape),
        Goal("trend error, %", judged.get("trend_err"), musts.trend, trend),
        Goal("c2st fresh", judged.get("c2st_fresh"), musts.fresh),
        Goal("mle below real", below(judged.get("mle_real"), judged.get("mle")), musts.mle),
        Goal("dcr share, distance from .5", below(judged.get("dcr_share"), 0.5, absolute=True), musts.dcr),
        Goal("rows/s", run.rows_per_second, musts.rate, better="higher", decimals=0),
    ]


def against_namesakes(tables: Sequence[Mapping[str, Result]]) -> list[list[str]]:
    """One row a data set and family whose namesake ran too; left out where one was not judged."""
    return [row for runs in tables for row in _against(runs)]


def _against(runs: Mapping[str, Result]) -> Iterator[list[str]]:
    for family, peer in NAMESAKES.items():
        mine, other = runs.get(f"{key_of(family)}-fast"), runs.get(peer)
        if mine is None or other is None:
            continue
        ours, theirs = composite(mine), composite(other)
        if ours is None or theirs is None or mine.fit_seconds is None or other.fit_seconds is None:
            continue
        in_time = other.fit_seconds <= TIMES * mine.fit_seconds
        ahead = "yes" if ours >= theirs else "**no**" if in_time else f"no, in over {TIMES} times the time"
        figures = f"{ours:.2f}", f"{mine.fit_seconds:,.1f}", f"{theirs:.2f}", f"{other.fit_seconds:,.1f}"
        yield [mine.data, family, *figures[:2], other.system, *figures[2:], ahead]
