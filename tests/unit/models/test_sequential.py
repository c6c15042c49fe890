import numpy as np
import pytest

from reverie.core.errors import ConditionError
from reverie.schema.blocks import Blocks, CategoryEvidence, RealEvidence


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def rule(a, b, x):
    """P(c = 1) rises with a."""
    return a / 10


def test_free_rows_follow_the_rule(toy, rng):
    sample = toy(rule).sample(100_000, rng=rng)
    assert np.mean(sample["c"]) == pytest.approx(0.45, abs=0.01)
    assert np.mean(sample["c"][sample["a"] == 9]) == pytest.approx(0.9, abs=0.02)
    np.testing.assert_array_equal(np.isnan(sample["x"].ravel()), sample["b"] != 0)


def test_rows_come_in_chunks_and_in_the_order_of_the_specs(toy, rng):
    model = toy(rule)
    type(model).chunk, whole = 64, type(model).chunk
    try:
        sample = model.sample(200, rng=rng)
    finally:
        type(model).chunk = whole
    assert sample.rows == len(sample["late"]) == 200
    assert tuple(sample.arrays) == tuple(spec.name for spec in model.specs)


def test_no_rows(toy, rng):
    assert len(toy(rule).sample(0, rng=rng)["x"]) == 0
    given = {"c": CategoryEvidence(allowed=np.array([False, True]))}
    assert len(toy(rule).sample(0, rng=rng, given=given)["x"]) == 0


def test_log_prob_is_the_sum_of_scores(toy):
    model = toy(rule)
    a, b, c = np.array([5, 5]), np.array([0, 3]), np.array([1, 0])
    x, late = np.array([0.5, np.nan]).reshape(2, 1, 1), np.array([1.0, -1.0]).reshape(2, 1, 1)
    arrays = {"a": a, "b": b, "x": x, "c": c, "late": late}
    normal = -0.5 * np.log(2 * np.pi)
    common = np.log(1 / 10) + np.log(1 / 5) + np.log(0.5) + normal - 0.5
    got = model.log_prob(Blocks(model.specs, arrays, 2))
    np.testing.assert_allclose(got, [common + normal - 0.125, common])


def test_given_goes_by_bayes(toy, rng):
    given = {"c": CategoryEvidence(allowed=np.array([False, True]))}
    sample = toy(rule).sample(20_000, rng=rng, given=given)
    assert (sample["c"] == 1).all()
    np.testing.assert_allclose(
        np.bincount(sample["a"], minlength=10) / 20_000, np.arange(10) / 45, atol=0.012
    )


def test_given_is_refused_if_impossible(toy, rng):
    with pytest.raises(ConditionError, match="contradict"):
        toy(lambda a, b, x: 0.0).sample(
            5, rng=rng, given={"c": CategoryEvidence(allowed=np.array([False, True]))}
        )


def test_empty_evidence_is_no_evidence(toy):
    one, two = (toy(rule).sample(50, rng=np.random.default_rng(1), given=given) for given in (None, {}))
    np.testing.assert_array_equal(one["late"], two["late"])


def test_evidence_on_a_gated_number_binds_only_where_it_is_present(toy, rng):
    sample = toy(rule).sample(20_000, rng=rng, given={"x": RealEvidence(low=1.0)})
    present = ~np.isnan(sample["x"].ravel())
    assert (sample["x"][present] >= 1).all()
    # P(b = 0) shrinks by P(x >= 1) = .159 against the four codes without x.
    assert present.mean() == pytest.approx(0.1587 / 4.1587, abs=0.006)


def test_what_no_block_shows_is_drawn_when_rows_begin(toy, rng):
    """A hidden coin of each row decides c: free rows, and those that follow from c, see it."""

    class Hidden(toy):
        def begin(self, rows, rng):
            return {"rows": rows, "coin": rng.random(rows) < 0.25}

        def chances(self, partial, name):
            hit = partial["coin"].astype(float)
            return np.stack([1 - hit, hit], axis=1) if name == "c" else super().chances(partial, name)

    model = Hidden(rule)
    assert np.mean(model.sample(20_000, rng=rng)["c"]) == pytest.approx(0.25, abs=0.02)
    given = {"c": CategoryEvidence(allowed=np.array([False, True]))}
    assert (model.sample(500, rng=rng, given=given)["c"] == 1).all()
