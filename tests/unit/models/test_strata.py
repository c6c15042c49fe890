import numpy as np
import pytest

from reverie.models.strata import Strata


@pytest.fixture
def strata():
    return Strata(np.random.default_rng(0), 16)


def test_every_row_gets_one_number_from_each_part(strata):
    numbers = strata.random(48).reshape(3, 16)
    np.testing.assert_array_equal(np.sort((numbers * 16).astype(int), axis=1), [range(16)] * 3)


def test_rows_share_their_numbers_and_calls_do_not(strata):
    first, second = strata.random(32), strata.random(32)
    np.testing.assert_array_equal(first[:16], first[16:])
    assert abs(np.corrcoef(first[:16], second[:16])[0, 1]) < 0.9


def test_normal_numbers_have_the_moments_of_a_normal(strata):
    numbers = np.concatenate([strata.standard_normal(16) for _ in range(200)])
    assert numbers.mean() == pytest.approx(0, abs=0.01)
    assert numbers.std() == pytest.approx(1, abs=0.02)


def test_an_average_varies_less_than_over_independent_draws(strata):
    means = [np.mean(np.exp(strata.random(16))) for _ in range(300)]
    free = [np.mean(np.exp(np.random.default_rng(i).random(16))) for i in range(300)]
    assert np.mean(means) == pytest.approx(np.e - 1, abs=0.005)
    assert np.std(means) < np.std(free) / 5
