import numpy as np
import pytest

from reverie.models.particles import (
    Particles,
    effective,
    is_known,
    known_share,
    normalise,
    shut,
    spread,
    stack,
    systematic,
    systematic_rows,
)
from reverie.schema.blocks import CategoryEvidence, RealEvidence


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_weights_sum_to_one_whatever_their_scale():
    np.testing.assert_allclose(normalise(np.log([1.0, 3.0]) - 2000), [0.25, 0.75])
    np.testing.assert_array_equal(normalise(np.array([-np.inf, -np.inf])), [0, 0])
    np.testing.assert_allclose(normalise(np.array([[0.0, 0.0], [-np.inf, 5.0]])), [[0.5, 0.5], [0, 1]])


def test_effective_sample_size():
    assert effective(np.full(8, 1 / 8)) == pytest.approx(8)
    np.testing.assert_array_equal(effective(np.array([[0.0, 1.0], [0.0, 0.0]])), [1, 0])


@pytest.mark.parametrize("n", [1, 7, 1000])
def test_systematic_keeps_floor_or_ceiling_of_the_share(rng, n):
    weight = rng.random(50) * (rng.random(50) > 0.3)
    weight /= weight.sum()
    counts = np.bincount(systematic(weight, n, rng), minlength=50)
    assert counts.sum() == n
    assert (np.abs(counts - n * weight) < 1).all()
    assert (counts[weight == 0] == 0).all()


def test_systematic_survives_rounding_at_the_end(rng):
    weight = np.array([0.1] * 10 + [0.0])
    assert max(systematic(weight, 100_000, rng)) == 9


def test_systematic_rows_resamples_each_row_alone(rng):
    weight = np.array([[0.0, 1.0, 0.0, 0.0], [0.25] * 4, [0.5, 0.0, 0.0, 0.5]])
    keep = systematic_rows(weight, rng).reshape(3, 4)
    np.testing.assert_array_equal(keep[0], [1] * 4)
    np.testing.assert_array_equal(keep[1], [4, 5, 6, 7])
    np.testing.assert_array_equal(keep[2], [8, 8, 11, 11])


def test_systematic_rows_is_unbiased(rng):
    weight = np.tile(normalise(rng.normal(size=(1, 8))), (20_000, 1))
    keep = systematic_rows(weight, rng) % 8
    np.testing.assert_allclose(np.bincount(keep, minlength=8) / len(keep), weight[0], atol=0.005)


def test_spread_copies_only_what_differs_by_row():
    given = {
        "a": CategoryEvidence(codes=np.array([4, -1])),
        "x": RealEvidence(low=1, values=np.array([np.nan, 2.0])),
    }
    out = spread(given, np.array([1, 1, 0]))
    np.testing.assert_array_equal(out["a"].codes, [-1, -1, 4])
    np.testing.assert_array_equal(out["x"].values, [2, 2, np.nan])
    assert out["x"].low == 1


def test_what_is_known():
    assert is_known(RealEvidence(low=0), 3).tolist() == [False] * 3
    assert is_known(RealEvidence(values=np.array([1, np.nan])), 2).tolist() == [True, False]
    vectors = np.array([[[1.0, np.nan]], [[np.nan, np.nan]]])
    assert is_known(RealEvidence(values=vectors), 2).tolist() == [True, False]
    assert is_known(RealEvidence(values=vectors[:0]), 0).shape == (0,)
    assert known_share(CategoryEvidence(codes=np.array([-1, 0, 3, -1]))) == 0.5
    assert known_share(CategoryEvidence(allowed=np.array([True]))) == 1


def test_stack():
    parts = [{"a": np.array([1])}, {"a": np.array([2, 3])}]
    np.testing.assert_array_equal(stack(parts)["a"], [1, 2, 3])


def test_closed_gates_leave_no_value_and_no_weight(toy, rng):
    particles = Particles.start(toy(lambda a, b, x: 0.5), 500, rng)
    particles.finish(["a", "b"], rng)
    values, logp = particles.draw("x", rng, RealEvidence(low=0.0))
    closed = shut(toy.specs, "x", particles.values)
    assert 0 < closed.sum() < 500
    np.testing.assert_array_equal(np.isnan(values.ravel()), closed)
    np.testing.assert_allclose(logp, np.where(closed, 0, np.log(0.5)))
    assert shut(toy.specs, "late", {}) is None


def test_taken_particles_keep_values_weights_and_origin(toy, rng):
    particles = Particles.start(toy(lambda a, b, x: 0.5), 4, rng)
    particles.finish(["a"], rng)
    particles.merit = np.arange(4.0)
    taken = particles.take(np.array([2, 2, 0]))
    np.testing.assert_array_equal(taken.values["a"], particles.values["a"][[2, 2, 0]])
    np.testing.assert_array_equal(taken.partial["a"], particles.values["a"][[2, 2, 0]])
    assert taken.log_weight.tolist() == [2, 2, 0]
    assert taken.origin.tolist() == [2, 2, 0]
