import numpy as np
import pytest

from reverie.models.guides import Guides, contains, intersect, learn
from reverie.models.particles import Particles, normalise
from reverie.schema.blocks import CategoryEvidence, RealEvidence


def codes(k, *allowed):
    return CategoryEvidence(allowed=np.isin(np.arange(k), allowed))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def particles(toy, rng):
    made = Particles.start(toy(lambda a, b, x: 0.5), 5000, rng)
    made.finish(["a", "b", "x"], rng)
    return made


def test_intersections():
    assert intersect(codes(3, 1), None).allowed.tolist() == [False, True, False]
    assert intersect(codes(3, 1, 2), codes(3, 0, 1)).allowed.tolist() == [False, True, False]
    assert intersect(codes(3, 1), codes(3, 0)) is None
    assert intersect(RealEvidence(0, 2), RealEvidence(1, 9)) == RealEvidence(1, 2)
    assert intersect(RealEvidence(0, 1), RealEvidence(2, 3)) is None
    holed = RealEvidence(0, 9, gaps=((2, 4), (5, 6)))
    assert intersect(RealEvidence(3, 5.5), holed) == RealEvidence(4, 5)
    assert intersect(RealEvidence(2.5, 3.5), holed) is None


def test_contains():
    assert contains(codes(3, 1), np.array([0, 1])).tolist() == [False, True]
    values = np.array([0.0, 1.0, np.nan]).reshape(-1, 1, 1)
    assert contains(RealEvidence(0.5, 2), values).tolist() == [False, True, False]


def test_regions_hold_the_weight_and_are_narrow(toy, particles):
    weight = normalise(np.where((particles.values["a"] == 3) & (particles.values["b"] < 4), 0.0, -np.inf))
    guides = learn(toy.specs, ("a", "b", "x"), [(particles, weight)])
    assert guides.regions["a"].allowed.tolist() == [code == 3 for code in range(10)]
    assert "b" not in guides.regions  # four fifths of the particles are there anyway


def test_region_of_a_number(toy, particles):
    x = particles.values["x"].ravel()
    weight = normalise(np.where(np.nan_to_num(x, nan=-9) > 1.5, 0.0, -np.inf))
    region = learn(toy.specs, ("x",), [(particles, weight)]).regions["x"]
    assert 1.2 < region.low < 1.6
    assert region.high > 2.2


@pytest.mark.parametrize("evidence", [None, codes(10, 1, 2, 3, 4)])
def test_guided_draws_are_corrected_exactly(toy, rng, evidence):
    """The weighted mean over guided draws is that of free draws under the evidence."""
    start = Particles.start(toy(lambda a, b, x: 0.5), 40_000, rng)
    values, logp, debt = Guides({"a": codes(10, 3, 7)}).draw(start, "a", rng, evidence)
    assert np.mean(np.isin(values, [3, 7])) > 0.8
    weight = np.exp(debt)
    assert weight.mean() == pytest.approx(1, abs=0.02)
    expected = np.full(10, 0.1) if evidence is None else evidence.allowed / 4
    np.testing.assert_allclose(np.bincount(values, weight, minlength=10) / weight.sum(), expected, atol=0.02)
    np.testing.assert_allclose(logp, 0 if evidence is None else np.log(0.4))


def test_region_out_of_reach_is_left_alone(toy, rng):
    model = toy(lambda a, b, x: np.where(a == 0, 1.0, 0.0))
    start = Particles.start(model, 2000, rng)
    start.finish(["a", "b", "x"], rng)
    values, _, debt = Guides({"c": codes(2, 1)}).draw(start, "c", rng, None)
    np.testing.assert_array_equal(values, start.values["a"] == 0)
    np.testing.assert_allclose(debt, 0, atol=1e-12)


def test_blocks_without_region_are_drawn_as_ever(toy, rng):
    start = Particles.start(toy(lambda a, b, x: 0.5), 10, rng)
    _, logp, debt = Guides().draw(start, "a", rng, codes(10, 1))
    np.testing.assert_allclose(logp, np.log(0.1))
    assert not debt.any()
