import pytest

from reverie.evaluation.base import Measurement
from reverie.evaluation.verdicts import ATTACKS, NO_EVIDENCE, judge


def figure(
    name: str, value: float, half: float = 0.0, floor: float | None = None, n: int = 20_000
) -> Measurement:
    return Measurement(name, value, value - half, value + half, floor, n, "lower", 0.0, "", {"floor_n": n})


def verdicts(*figures: Measurement, holdout: bool = True) -> dict[str, str]:
    judged = judge({one.name: one for one in figures}, holdout=holdout)
    return {aspect: verdict.verdict for aspect, verdict in judged.items()}


GOOD = (
    figure("shape", 0.6, floor=0.5),
    figure("trend", 1.5, floor=1.4),
    figure("c2st_fresh", 0.53),
    figure("usefulness_loss", 0.005, 0.003),
    figure("dcr_share", 0.505, 0.014),
    figure("dcr_share_closest", 0.51, 0.06),
    figure("copies", 0.1, floor=0.12),
)


def test_good_figures_give_good_verdicts() -> None:
    assert verdicts(*GOOD) == {"faithful": "faithful", "useful": "useful", "private": "release"}


@pytest.mark.parametrize(
    ("worse", "aspect", "verdict"),
    [
        (figure("shape", 3.0, floor=0.5), "faithful", "mostly faithful"),
        (figure("shape", 9.0, floor=0.5), "faithful", "not faithful"),
        (figure("shape", 5.0, floor=4.5), "faithful", "faithful"),
        (figure("trend", 12.0, floor=1.4), "faithful", "not faithful"),
        (figure("c2st_fresh", 0.7), "faithful", "mostly faithful"),
        (figure("c2st_fresh", 0.95), "faithful", "not faithful"),
        (figure("media_frechet", 5.0, floor=2.0), "faithful", "faithful"),
        (figure("media_frechet", 9.0, floor=2.0), "faithful", "mostly faithful"),
        (figure("media_frechet", 50.0, floor=2.0), "faithful", "not faithful"),
        (figure("validity", 99.0), "faithful", "mostly faithful"),
        (figure("validity", 50.0), "faithful", "not faithful"),
        (figure("usefulness_loss", 0.05, 0.03), "useful", "partly useful"),
        (figure("usefulness_loss", 0.01, 0.08), "useful", NO_EVIDENCE),
        (figure("usefulness_loss", 0.3, 0.01), "useful", "not useful"),
        (figure("dcr_share", 0.54, 0.014), "private", "release with conditions"),
        (figure("dcr_share", 0.64, 0.014), "private", "do not release"),
        (figure("dcr_share", 0.50, 0.06), "private", NO_EVIDENCE),
        (figure("dcr_share", 0.90, 0.2), "private", "do not release"),
        (figure("dcr_share_closest", 0.9, 0.06), "private", "do not release"),
        (figure("copies", 0.5, floor=0.12), "private", "release with conditions"),
        (figure("copies", 5.0, floor=0.12), "private", "do not release"),
        (figure("copies", 0.15, floor=0.12), "private", "release"),
        (figure("linkability", 0.03, 0.02), "private", "release"),
        (figure("linkability", 0.05, 0.02), "private", "release with conditions"),
        (figure("inference", 0.3, 0.02), "private", "do not release"),
        (figure("membership_density", 0.53, 0.02), "private", "release"),
        (figure("membership_distance_rare", 0.57, 0.02), "private", "release with conditions"),
        (figure("membership_distance", 0.8, 0.02), "private", "do not release"),
    ],
)
def test_one_worse_figure_decides(worse: Measurement, aspect: str, verdict: str) -> None:
    others = [one for one in GOOD if one.name != worse.name]
    assert verdicts(*others, worse)[aspect] == verdict


def test_the_rule_names_the_figure_that_decided() -> None:
    found = {one.name: one for one in GOOD} | {"shape": figure("shape", 9.0, floor=0.5)}
    rule = judge(found, holdout=True)["faithful"].rule
    assert rule == "shape error 8.50 % above the floor (above 5)"


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        ([figure("shape", 6.6, 4.0)], NO_EVIDENCE),
        ([figure("shape", 6.6, 1.0)], "not faithful"),
        ([figure("shape", 6.6, 4.0, floor=0.5)], "not faithful"),
        ([figure("shape", 6.6, 4.0), figure("trend", 20.0, 1.0)], "not faithful"),
        ([figure("shape", 6.6, 4.0), figure("c2st_fresh", 0.95)], "not faithful"),
        ([figure("shape", 3.0, 2.5)], "mostly faithful"),
    ],
)
def test_few_rows_are_not_called_unfaithful_for_what_chance_may_have_made(
    figures: list[Measurement], verdict: str
) -> None:
    assert verdicts(*figures, holdout=False)["faithful"] == verdict


def test_a_doubt_says_what_to_do() -> None:
    rule = judge({"shape": figure("shape", 6.6, 4.0)}, holdout=False)["faithful"].rule
    assert rule == (
        "shape error 6.60 % with no floor known (above 5), which so few rows may make alone: "
        "give a holdout or more rows"
    )


def test_the_words_follow_what_was_measured() -> None:
    found = {one.name: one for one in (*GOOD, figure("shape", 3.0))}
    blind = judge(found, holdout=False)
    assert blind["faithful"].rule == "shape error 3.00 % with no floor known (above 1)"
    assert blind["useful"].rule.startswith("models lose 0.005")
    assert blind["useful"].rule.endswith("give a holdout")
    assert judge({}, holdout=True, why_none={"useful": "for a reason"})["useful"].rule == "for a reason"


def test_nothing_is_claimed_without_evidence() -> None:
    assert verdicts() == dict.fromkeys(("faithful", "useful", "private"), NO_EVIDENCE)
    blind = verdicts(*GOOD, holdout=False)
    assert blind == {"faithful": "faithful", "useful": NO_EVIDENCE, "private": NO_EVIDENCE}


def test_attacks_that_tell_nothing_are_one_line() -> None:
    figures = (*GOOD, figure("linkability", 0.0, 0.02), figure("membership_density", 0.53, 0.02))
    rule = judge({one.name: one for one in figures}, holdout=True)["private"].rule
    assert "of 2 attacks none surely succeeds, nearest to it: whether a row was learned from" in rule
    assert "linked" not in rule


def test_the_worst_of_many_attacks_by_chance_decides_nothing() -> None:
    one = figure("membership_density_rare", 0.56, 0.035)
    others = [figure(name, 0.0, 0.02) for name in ATTACKS if not name.startswith("membership")]
    assert verdicts(*GOOD, one)["private"] == "release with conditions"
    assert verdicts(*GOOD, one, *others)["private"] == "release"
