import numpy as np
import pytest

from reverie.core.errors import ConditionError
from reverie.models import completion
from reverie.models.completion import complete
from reverie.schema.blocks import CategoryEvidence, RealEvidence


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def run(model, rng, given, n):
    return complete(model, np.arange(n), rng, given)


def test_each_row_keeps_its_own_values(toy, rng):
    a, late = np.array([3, -1, 7] * 50), np.array([0.25, 1.0, np.nan] * 50)
    given = {"a": CategoryEvidence(codes=a), "late": RealEvidence(values=late)}
    arrays = run(toy(lambda a, b, x: 0.5), rng, given, 150)
    np.testing.assert_array_equal(arrays["a"][a >= 0], a[a >= 0])
    np.testing.assert_array_equal(arrays["late"].ravel()[::3], 0.25)
    np.testing.assert_array_equal(np.isnan(arrays["x"].ravel()), arrays["b"] != 0)


def test_unknown_values_follow_bayes(toy, rng):
    given = {"c": CategoryEvidence(codes=np.ones(10_000, int))}
    arrays = run(toy(lambda a, b, x: a / 10), rng, given, 10_000)
    assert (arrays["c"] == 1).all()
    np.testing.assert_allclose(
        np.bincount(arrays["a"], minlength=10) / 10_000, np.arange(10) / 45, atol=0.015
    )


def test_a_row_without_evidence_is_free(toy, rng):
    given = {"c": CategoryEvidence(codes=np.full(20_000, -1))}
    arrays = run(toy(lambda a, b, x: a / 10), rng, given, 20_000)
    assert arrays["c"].mean() == pytest.approx(0.45, abs=0.012)


def test_rare_support_is_found_with_more_particles(toy, rng):
    """One prefix in 50 allows the known code: 32 particles miss it in half of the rows."""
    given = {"c": CategoryEvidence(codes=np.ones(200, int))}
    arrays = run(toy(lambda a, b, x: (a == 4) & (b == 3)), rng, given, 200)
    assert (arrays["a"] == 4).all()
    assert (arrays["b"] == 3).all()


def test_a_fact_that_the_model_rules_out_is_kept(toy, rng):
    given = {"c": CategoryEvidence(codes=np.ones(20, int))}
    arrays = run(toy(lambda a, b, x: 0.0), rng, given, 20)
    assert (arrays["c"] == 1).all()
    assert len(np.unique(arrays["a"])) > 3


def test_a_condition_for_all_rows_that_cannot_be_met_is_refused(toy, rng, monkeypatch):
    monkeypatch.setattr(completion, "MOST", 512)
    given = {
        "b": CategoryEvidence(codes=np.zeros(4, int)),
        "c": CategoryEvidence(allowed=np.array([False, True])),
    }
    with pytest.raises(ConditionError, match="4 of 4 given rows"):
        run(toy(lambda a, b, x: 0.0), rng, given, 4)


def test_known_values_and_a_condition_for_all_rows(toy, rng):
    codes = np.tile([2, 9], 1000)
    given = {
        "a": CategoryEvidence(codes=codes),
        "x": RealEvidence(low=0.0),
        "c": CategoryEvidence(allowed=np.array([False, True])),
    }
    arrays = run(toy(lambda a, b, x: np.where(b == 1, 0.9, 0.1)), rng, given, 2000)
    np.testing.assert_array_equal(arrays["a"], codes)
    assert (arrays["c"] == 1).all()
    # b = 1 has .9 of weight, b = 0 has .1 / 2 for its x, the three others .1 each.
    assert np.mean(arrays["b"] == 1) == pytest.approx(0.9 / 1.25, abs=0.04)


def test_rows_come_in_chunks(toy, rng, monkeypatch):
    monkeypatch.setattr(completion, "POOL", 64)
    codes = np.arange(9) % 10
    arrays = run(toy(lambda a, b, x: 0.5), rng, {"a": CategoryEvidence(codes=codes)}, 9)
    np.testing.assert_array_equal(arrays["a"], codes)
