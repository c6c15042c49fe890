"""Margins put right, against frequencies and distributions that are known."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from reverie.models.calibration import NEVER, Map, restored, shifts, state


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_shifted_logits_have_the_wanted_frequencies(rng):
    logits = rng.normal(size=(500, 5)) * [3, 1, 1, 2, 1]
    wanted = [np.array([0.7, 0.3, 0.0]), np.array([0.1, 0.9])]
    moved = logits + shifts(logits, (3, 2), wanted)
    np.testing.assert_allclose(softmax(moved[:, :3], axis=1).mean(0), wanted[0], atol=1e-4)
    np.testing.assert_allclose(softmax(moved[:, 3:], axis=1).mean(0), wanted[1], atol=1e-4)


def test_right_frequencies_are_left_alone():
    logits = np.tile(np.log([0.2, 0.8]), (10, 1))
    np.testing.assert_allclose(np.diff(shifts(logits, (2,), [np.array([0.2, 0.8])])), 0, atol=1e-9)


def test_what_is_not_wanted_is_never_drawn():
    shift = shifts(np.zeros((4, 3)), (3,), [np.array([1.0, 0.0, 1.0])])
    assert shift[1] == NEVER
    assert shift[0] == shift[2] == pytest.approx(0)


def test_a_code_that_was_lost_stays_finite():
    logits = np.tile([0.0, -1e5], (4, 1))
    assert np.isfinite(shifts(logits, (2,), [np.array([0.5, 0.5])])).all()


def test_numbers_get_the_wanted_distribution_in_their_order(rng):
    made, wanted = rng.normal(size=20_000) * 0.2 + 3, rng.exponential(size=15_000)
    moved = Map.learn(made, np.ones(len(made)), wanted)(made)
    assert stats.ks_2samp(moved, wanted).statistic < 0.02
    assert stats.spearmanr(made, moved).statistic > 0.999


def test_only_numbers_that_are_there_count(rng):
    """Numbers above 0 are there one time in four of those below."""
    made = rng.uniform(-1, 1, 40_000)
    chance = np.where(made > 0, 0.25, 1.0)
    map_ = Map.learn(made, chance, rng.uniform(0, 1, 40_000))
    assert map_(np.array([0.0])) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("wanted", [np.zeros(0), np.full(50, 2.0), np.array([1.0])])
def test_few_or_equal_numbers_stay_finite(rng, wanted):
    made = rng.normal(size=100)
    assert np.isfinite(Map.learn(made, np.ones(100), wanted)(made)).all()
    assert np.isfinite(Map.learn(np.zeros(100), np.zeros(100), wanted)(made)).all()


def test_maps_of_numbers_that_are_there(rng):
    made, wanted = rng.normal(size=1000), rng.normal(size=1000) + 3
    made[::2] = np.nan
    assert Map.learn_present(made, wanted)(made[1::2]).mean() == pytest.approx(3, abs=0.1)
    few = np.where(np.arange(1000) < 40, wanted, np.nan)
    np.testing.assert_allclose(Map.learn_present(made, few)(made[1::2]), made[1::2], atol=1e-6)


def test_maps_come_back_from_their_state(rng):
    maps = [Map.learn_present(rng.normal(size=500), rng.exponential(size=300)) for _ in range(2)]
    fine, arrays = state(maps)
    places = rng.normal(size=50)
    for before, after in zip(maps, restored(fine, arrays), strict=True):
        np.testing.assert_array_equal(before(places), after(places))
    arrays["made.1"] = arrays["made.1"][::-1]
    with pytest.raises(ValueError, match="ascend"):
        restored(fine, arrays)
