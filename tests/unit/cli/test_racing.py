"""How a race is shown."""

import pytest

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
