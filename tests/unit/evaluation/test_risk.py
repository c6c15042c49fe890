import numpy as np
import pytest

from reverie.evaluation.risk import Attack, Rate, figure


def test_what_works_on_everyone_is_no_risk() -> None:
    value, low, high = Attack(Rate(600, 1000), Rate(600, 1000), 0.1).risk()
    assert value == 0
    assert low == pytest.approx(-high)


def test_risk_is_the_share_of_what_the_control_leaves() -> None:
    value, low, high = Attack(Rate(900, 1000), Rate(500, 1000), 0.1).risk()
    assert value == pytest.approx(0.8)
    assert low < value < high <= 1


def test_the_worst_of_many_has_a_wider_interval() -> None:
    one, many = (Attack(Rate(60, 100), Rate(50, 100), 0.1, among).risk() for among in (1, 20))
    assert many[1] < one[1] < one[2] < many[2]


def test_shares_count_as_many_guesses_as_they_are_sure() -> None:
    rng = np.random.default_rng(0)
    single = (rng.random(2000) < 0.3).astype(float)
    assert Rate.of(single).tries == pytest.approx(1999, rel=0.01)
    mean = (rng.random((2000, 10)) < 0.3).mean(axis=1)
    assert Rate.of(mean).tries == pytest.approx(20_000, rel=0.1)
    assert Rate.of(np.ones(50)).tries == 50


def test_an_attack_no_better_than_chance_is_marked() -> None:
    assert figure("linkability", Attack(Rate(1, 100), Rate(1, 100), 0.05), "").detail["weak"]
    assert not figure("linkability", Attack(Rate(9, 100), Rate(1, 100), 0.05), "").detail["weak"]
