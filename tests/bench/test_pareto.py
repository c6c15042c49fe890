"""Only what is asked for is run, and what ran before is drawn beside it."""

import argparse
from pathlib import Path

import pytest

import pareto
import results
from results import Result
from systems import within
from tables import Halves

ASKED = argparse.Namespace(
    families=["trees"], peers=[], budgets=[5], again=False, judge=None, limit=60.0, page=Path("page.md")
)


def result(code: str) -> Result:
    judged = {"c2st_fresh": 0.6, "trend_err": 2.0}
    _, system = within("trees", 5)
    known = {"fit_seconds": 4.0, "outside": judged, "code": code}
    return Result(
        "a", system.version, "small", "print", results.machine(), "2026-01-01", False, **known
    )  # fmt: skip


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Halves:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    found = Halves("small", "y", tmp_path / "train.csv", tmp_path / "holdout.csv", 10, 2, "print")
    system = within("trees", 5)[1]
    for key, code in (("reverie-trees-5s", system.code), ("reverie-copula-5s", "older")):
        results.folder(key, found).mkdir(parents=True)
        results.keep(key, system, found, result(code))
    return found


def test_finished_runs_are_not_run_again_and_older_code_is_marked(
    data: Halves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "run", lambda *_, **__: pytest.fail("nothing was to be run"))
    points, failures = pareto.collect(data, ASKED)
    assert failures == []
    assert {(one.series, one.budget, one.note) for one in points} == {("trees", 5, ""), ("copula", 5, "†")}


def test_named_families_of_older_code_are_run(data: Halves, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    def run(key: str, *_: object, **__: object) -> Result:
        ran.append(key)
        return result(within("copula", 5)[1].code)

    monkeypatch.setattr(results, "run", run)
    pareto.collect(data, argparse.Namespace(**vars(ASKED) | {"families": ["trees", "copula"]}))
    assert ran == ["reverie-copula-5s"]
    pareto.collect(data, argparse.Namespace(**vars(ASKED) | {"again": True}))
    assert ran[1:] == ["reverie-trees-5s"]


def test_a_peer_of_a_familys_name_is_another(data: Halves) -> None:
    asked = {one.asked for one in pareto.contestants([5])}
    assert {"copula", "peer copula"} <= asked


def test_axis_of_trends_holds_the_worst_point() -> None:
    point = pareto.Point("a", "peer", 1.0, {"trend_err": 21.0})
    assert [panel.marks[-1] for panel in pareto.panels([point], {})] == [1, 50]


def test_section_tells_budgets_points_and_failures(data: Halves) -> None:
    points = [pareto.Point("vae", "family", 61.5, {"c2st_fresh": 0.7, "trend_err": 3.0}, 60, "‡")]
    text = pareto.section(data, ASKED, points, ["reverie-gan-5s: too little time"])
    assert "| vae ‡ | 60 | 61.5 | 0.700 | 3.00 | c2st fresh, trend |" in text
    assert "(images/pareto.svg)" in text
    assert "- reverie-gan-5s: too little time" in text
