"""Families are judged without the critic, by bounds of their own and by their namesakes."""

from dataclasses import replace

import musts
from results import Result

JUDGED = {
    "shape_err": 1.9, "trend_err": 4.1, "c2st_fresh": 0.65, "mle": 0.91, "mle_real": 0.925, "dcr_share": 0.49,
}  # fmt: skip
VAE = Result(
    "Reverie vae --fast", "1", "adult", "f", "m", "2026-01-01", False,
    fit_seconds=50.0, rows_per_second=90_000.0, outside=JUDGED,
)  # fmt: skip
TVAE = replace(VAE, system="SDV TVAE", fit_seconds=300.0, outside=JUDGED | {"c2st_fresh": 0.96})


def test_family_is_judged_without_the_critic_and_shown_with_it() -> None:
    critic = replace(VAE, outside=JUDGED | {"trend_err": 1.5})
    rows = {row[1]: row for row in musts.rows({"reverie-vae": critic, "reverie-vae-fast": VAE})}
    assert rows["trend error, %"] == [
        "vae",
        "trend error, %",
        "<= 4.000",
        "-",
        "4.100",
        "**missed**",
        "1.500",
    ]
    reached = {name: row[5] for name, row in rows.items() if name != "trend error, %"}
    assert reached.pop("rows/s") == "**missed**"
    assert set(reached.values()) == {"must"}
    assert len(reached) == 5


def test_aims_of_the_issue_are_told_apart_from_musts() -> None:
    better = replace(VAE, outside=JUDGED | {"shape_err": 0.6, "trend_err": 1.9})
    reached = {row[1]: row[5] for row in musts.rows({"reverie-diffusion-fast": better})}
    assert (reached["shape error, %"], reached["trend error, %"]) == ("aim", "must")


def test_no_rows_of_families_that_did_not_run() -> None:
    assert musts.rows({"reverie": VAE, "tvae": TVAE}) == []


def test_family_that_failed_is_not_measured() -> None:
    failed = replace(VAE, outside=None, fit_seconds=None, rows_per_second=None)
    assert {row[5] for row in musts.rows({"reverie-vae-fast": failed})} == {"not measured"}


def test_namesake_in_five_times_the_time() -> None:
    def ahead(peer: Result) -> str:
        return musts.against_namesakes([{"reverie-vae-fast": VAE, "tvae": peer}])[0][-1]

    better = replace(TVAE, outside=JUDGED | {"c2st_fresh": 0.6})
    assert ahead(TVAE) == "yes"
    assert ahead(replace(better, fit_seconds=250.0)) == "**no**"
    assert ahead(replace(better, fit_seconds=251.0)) == "no, in over 5 times the time"
    assert musts.against_namesakes([{"reverie-vae-fast": VAE, "ctgan": TVAE}]) == []
