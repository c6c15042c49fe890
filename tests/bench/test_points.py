"""Points come from what was judged, and the front holds those that none beats."""

from typing import Any

import pytest

from points import Point, composite, front, point_of
from results import Result


def run(outside: dict[str, Any] | None = None, **known: Any) -> Result:
    told = {"busy": False, **known}
    return Result("a", "1", "adult", "f", "m", "2026-01-01", outside=outside, **told)


def at(seconds: float, fresh: float) -> Point:
    return Point("a", "family", seconds, {"c2st_fresh": fresh})


def test_front_is_those_that_none_beats_in_both() -> None:
    slow, fast, beaten, level = at(60, 0.55), at(5, 0.7), at(30, 0.71), at(60, 0.6)
    assert front([slow, beaten, level, fast], "c2st_fresh") == [fast, slow]


def test_front_of_two_alike_is_one() -> None:
    assert len(front([at(5, 0.7), at(5, 0.7)], "c2st_fresh")) == 1


def test_front_leaves_out_what_was_not_measured() -> None:
    assert front([at(5, 0.7)], "trend_err") == []


def test_point_takes_the_outside_judge_before_our_own() -> None:
    own = {"faithful": {"measures": {"c2st_fresh": {"value": 0.6}, "trend": {"value": 2.0}}}}
    both = point_of(run({"c2st_fresh": 0.7}, own=own, fit_seconds=3.0, busy=True), "vae", "family", 5)
    assert both == Point("vae", "family", 3.0, {"c2st_fresh": 0.7, "trend_err": 2.0}, 5, "‡")


@pytest.mark.parametrize("known", [{"outside": {"c2st_fresh": 0.7}}, {"fit_seconds": 3.0}])
def test_no_point_without_time_or_figures(known: dict[str, Any]) -> None:
    assert point_of(run(**known), "vae", "family") is None


def test_composite_of_known_figures() -> None:
    judged = {"shape_err": 1.0, "trend_err": 2.0, "c2st_fresh": 0.515}
    assert composite(run(judged)) == pytest.approx(100 - (1 + 2 + 3) / 3)
    assert composite(run(judged | {"c2st_fresh": 0.4})) == pytest.approx(99)
    assert composite(run({"shape_err": 1.0})) is None
