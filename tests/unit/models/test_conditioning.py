import numpy as np
import pytest

from reverie.core.errors import ConditionError
from reverie.models import conditioning
from reverie.models.conditioning import answer, check, log_mean
from reverie.schema.blocks import CategoryEvidence, RealEvidence

HIT = {"c": CategoryEvidence(allowed=np.array([False, True]))}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_log_mean():
    assert log_mean(np.log([1.0, 3.0]) - 900) == pytest.approx(np.log(2) - 900)
    assert log_mean(np.full(3, -np.inf)) == -np.inf


def test_early_evidence_costs_no_more_than_the_rows(toy, rng):
    model = toy(lambda a, b, x: 0.5)
    arrays = answer(model, 20_000, rng, {"a": CategoryEvidence(allowed=np.arange(10) == 3)})
    assert (arrays["a"] == 3).all()
    assert model.drawn["late"] == 20_000
    assert len(np.unique(arrays["late"])) == 20_000


def test_blocks_after_the_evidence_are_drawn_for_the_rows_only(toy, rng):
    model = toy(lambda a, b, x: 0.01)
    arrays = answer(model, 100, rng, HIT)
    assert model.drawn["late"] == 100
    assert len(np.unique(arrays["late"])) == 100


def test_one_row_in_ten_thousand_by_a_hard_rule(toy, rng):
    """Guides make 1,000 rows of distinct x from far fewer particles than blind rejection takes."""
    model = toy(lambda a, b, x: (a == 7) & (np.nan_to_num(x, nan=-9) > 2.575))
    arrays = answer(model, 1000, rng, HIT)
    assert (arrays["a"] == 7).all()
    assert (arrays["x"] > 2.575).all()
    assert len(np.unique(arrays["x"])) > 800
    assert model.drawn["a"] < 1_000_000
    excess = np.mean(arrays["x"] - 2.575)
    # The mean excess of a normal over 2.575.
    assert excess == pytest.approx(0.325, abs=0.03)


def test_guides_do_not_lose_one_of_two_regions(toy, rng):
    def rule(a, b, x):
        x = np.nan_to_num(x, nan=0)
        return ((a == 1) & (x > 2)) | ((a == 8) & (x < -2))

    arrays = answer(toy(rule), 2000, rng, HIT)
    assert np.mean(arrays["a"] == 1) == pytest.approx(0.5, abs=0.06)


def test_without_guides_the_same_answer_takes_more(toy, monkeypatch):
    def rule(a, b, x):
        return 0.1 * ((a == 7) & (b == 2))

    work = []
    for poor in (conditioning.POOR, -1.0):
        monkeypatch.setattr(conditioning, "POOR", poor)
        model = toy(rule)
        answer(model, 3000, np.random.default_rng(1), HIT)
        work.append(model.drawn["a"])
    # A guided block is drawn twice, and counts twice here.
    assert work[0] < work[1] / 2


def test_evidence_in_several_blocks_with_resampling_between(toy, rng):
    model = toy(lambda a, b, x: np.where(a == 9, 0.9, 0.01))
    given = {"b": CategoryEvidence(allowed=np.arange(5) == 0), "x": RealEvidence(low=1.0, high=2.0)} | HIT
    arrays = answer(model, 5000, rng, given)
    assert (arrays["b"] == 0).all()
    assert ((arrays["x"] >= 1) & (arrays["x"] <= 2)).all()
    assert np.mean(arrays["a"] == 9) == pytest.approx(0.9 / (0.9 + 9 * 0.01), abs=0.02)


def test_more_rows_than_are_answered_at_a_time(toy, rng, monkeypatch):
    monkeypatch.setattr(conditioning, "ROWS", 300)
    arrays = answer(toy(lambda a, b, x: a / 10), 1000, rng, HIT)
    assert len(arrays["a"]) == 1000
    assert 0 not in arrays["a"]


def test_evidence_held_up_by_smoothing_alone_is_refused(toy, rng):
    model = toy(lambda a, b, x: np.where(a == 0, 1e-9, 0.5))
    given = {"a": CategoryEvidence(allowed=np.arange(10) == 0)} | HIT
    with pytest.raises(ConditionError, match="1 row in"):
        answer(model, 10, rng, given)


def test_many_conditions_that_agree_are_met_however_rare(toy, rng):
    model = toy(lambda a, b, x: np.full(len(a), 1e-4))
    given = {
        "a": CategoryEvidence(allowed=np.arange(10) == 0),
        "b": CategoryEvidence(allowed=np.arange(5) == 0),
        "x": RealEvidence(low=0.0, high=1e-4),
        **HIT,
    }
    assert len(answer(model, 10, rng, given)["a"]) == 10


def test_no_hit_is_said_with_the_number_tried(toy, rng):
    with pytest.raises(ConditionError, match=r"not one of \d+,\d+ generated rows") as caught:
        answer(toy(lambda a, b, x: 0.0), 10, rng, HIT)
    assert caught.value.where == "c"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"q": RealEvidence()}, "no block 'q'"),
        ({"a": CategoryEvidence(codes=np.zeros(3, int))}, "3 known rows where 5"),
        ({"a": CategoryEvidence(allowed=np.zeros(10, bool))}, "no value"),
        ({"x": RealEvidence(low=2, high=1)}, "no value"),
    ],
)
def test_evidence_is_checked(toy, given, message):
    with pytest.raises(ConditionError, match=message):
        check(toy(lambda a, b, x: 0.5).order, 5, given)
