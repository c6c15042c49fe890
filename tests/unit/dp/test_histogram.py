import numpy as np
import pytest
from scipy.stats import ks_2samp

from reverie.dp.histogram import Cells, learn


def spread(numbers, deviation, seed=0):
    numbers = np.asarray(numbers, np.int64)
    return learn(numbers, [deviation] * 4, np.random.default_rng(seed)).spread(len(numbers))


def test_a_bell_of_any_size_and_place():
    rng = np.random.default_rng(1)
    for centre, width in ((0, 10), (-5_000, 300), (10**12, 10**9)):
        numbers = rng.normal(centre, width, 20_000).astype(np.int64)
        assert ks_2samp(numbers, spread(numbers, 40.0)).statistic < 0.04


def test_numbers_that_many_rows_share_are_found():
    numbers = np.concatenate([np.full(8_000, 40), np.random.default_rng(1).integers(1, 99, 8_000)])
    made = spread(numbers, 30.0)
    assert np.mean(made == 40) == pytest.approx(0.5, abs=0.03)


def test_zero_is_a_number_of_its_own():
    numbers = np.concatenate([np.zeros(9_000, int), np.random.default_rng(1).integers(500, 4_000, 1_000)])
    made = spread(numbers, 30.0)
    assert np.mean(made == 0) == pytest.approx(0.9, abs=0.02)
    assert np.mean((made > 0) & (made < 200)) < 0.02


def test_the_range_does_not_end_at_a_power_of_two():
    made = spread(np.random.default_rng(1).integers(17, 80, 20_000), 60.0)
    assert 14 <= made.min() <= 19
    assert 76 <= made.max() <= 84


def test_one_far_row_is_not_seen():
    numbers = np.append(np.random.default_rng(1).integers(0, 1_000, 10_000), 10**9)
    assert spread(numbers, 20.0).max() < 5_000


def test_nothing_is_found_in_noise():
    assert len(spread(np.arange(5), 50.0)) == 0


def test_each_round_counts_a_row_once():
    # Two neighbours differ by one row: without noise, each round's counts differ by one in all.
    numbers = np.random.default_rng(1).integers(0, 1_000, 3_000)
    with_row = learn(np.append(numbers, 77), [1e-9], np.random.default_rng(0))
    without = learn(numbers, [1e-9], np.random.default_rng(0))
    assert with_row.counts.sum() - without.counts.sum() == pytest.approx(1.0)


def test_cells_are_filled_evenly():
    cells = Cells(np.array([0, 10]), np.array([10, 11]), np.array([1.0, 1.0]))
    assert cells.spread(20).tolist() == [*range(10), *[10] * 10]
