"""How a race is shown, and families side by side."""

import json
from pathlib import Path

import pytest

from reverie.cli.main import run
from reverie.cli.racing import show
from reverie.evaluation.race import Entry, Race

FIGURES = {"shape": 1.234, "trend": 2.5, "c2st_fresh": 0.61234, "dcr_share": 0.5, "copies": 0.0}
RACE = Race(
    "trees", "auto: trees, which is ahead",
    (Entry("trees", "chosen", 2.25, 91.26, 0.71, FIGURES), Entry("gan", "left out: no time")), 800, 200, 2,
)  # fmt: skip


def test_the_table_holds_every_family(capfd: pytest.CaptureFixture[str]) -> None:
    show(RACE)
    shown = capfd.readouterr().out
    for words in (
        "800 rows",
        "200, 2 times",
        "1.23",
        "0.612",
        "91.3 ± 0.7",
        "chosen",
        "left out",
        "composite: ",
    ):
        assert words in shown


def test_where_results_go_to_the_output_it_goes_to_the_error(capfd: pytest.CaptureFixture[str]) -> None:
    show(RACE, error=True)
    said = capfd.readouterr()
    assert "trees" in said.err
    assert not said.out


def test_without_a_race_nothing_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    show(None)
    show(Race("copula", "as 9 rows are too few"))
    assert not capfd.readouterr().out


def test_families_side_by_side(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page, figures = tmp_path / "race.html", tmp_path / "race.json"
    asked = ["race", str(folder / "people.parquet"), "--model", "copula", "--model", "marginals"]
    assert run([*asked, "-o", str(page), "--json", str(figures), "--max-rows", "300"]) == 0
    shown = capfd.readouterr().out
    assert "learned from 240 rows, judged by 60 held back" in shown
    assert "Columns, error of shape" in shown
    assert "Written to" in shown
    told = json.loads(figures.read_text())
    assert set(told["families"]) == {"copula", "marginals"}
    assert told["families"]["copula"]["measures"]["shape"]["value"] < 20
    assert "Families side by side" in page.read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "none"], "no model family 'none'"),
        (["--max-rows", "90", "--model", "copula"], "90 rows, too few"),
        (["--budget", "soon"], "--budget"),
        (["-o", "race.pdf"], "unsupported suffix '.pdf'"),
        (["--device", "moon"], "no device 'moon'"),
    ],
)
def test_bad_input(folder: Path, capfd: pytest.CaptureFixture[str], options: list[str], told: str) -> None:
    assert run(["race", str(folder / "people.parquet"), *options]) == 2
    said = capfd.readouterr().err
    assert told in said
    assert said.count("\n") == 1
