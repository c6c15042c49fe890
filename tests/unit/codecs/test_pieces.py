"""Learned scales: faithful, private, and never past natural bounds."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest

from reverie.codecs.counts import Counts
from reverie.codecs.pieces import learn_scale

OPEN = (-np.inf, np.inf)


def _learn(values, k=5, bounds=OPEN):
    counts = Counts.of(values)
    return learn_scale(counts, np.zeros(len(counts.values), dtype=bool), k, bounds)


def _laws():
    rng = np.random.default_rng(0)
    return {
        "normal": rng.normal(size=8_000),
        "uniform": rng.random(8_000),
        "heavy": rng.pareto(1.5, 8_000),
        "two clusters": np.concatenate([rng.normal(size=4_000), rng.normal(1_000, 1, 4_000)]),
        "grid": rng.poisson(40, 8_000),
        "wide grid": rng.integers(0, 10**12, 8_000),
        "skewed grid": np.floor(rng.lognormal(8, 2, 8_000)).astype(np.int64),
    }


@pytest.mark.parametrize("name", _laws())
def test_scores_are_standard_normal_and_draws_follow_the_law(name):
    values = _laws()[name]
    scale, rng = _learn(values), np.random.default_rng(1)
    assert kstest(scale.encode(values, rng), "norm").statistic < 0.02
    drawn = scale.decode(rng.standard_normal(20_000))
    assert ks_2samp(values, drawn).statistic < 0.025
    assert np.all(scale.low <= scale.high)
    assert np.all(scale.high[:-1] <= scale.low[1:])


@pytest.mark.parametrize("name", ["normal", "uniform", "heavy", "two clusters"])
def test_no_end_of_a_piece_is_a_value_that_fewer_than_k_rows_hold(name):
    values = _laws()[name]
    scale = _learn(values)
    assert not np.isin([scale.low, scale.high], values).any()


def test_a_gap_stays_empty():
    drawn = _learn(_laws()["two clusters"]).decode(np.random.default_rng(2).standard_normal(50_000))
    assert not np.any((drawn > 100) & (drawn < 900))


def test_the_maximum_is_neither_copied_nor_cut_at_the_kth_largest():
    largest, reached = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = rng.exponential(size=5_000)
        scale = _learn(values)
        largest.append(values.max())
        reached.append(scale.decode(rng.standard_normal(5_000)).max())
        assert not np.isin(scale.high[-1], values)
    assert np.mean(reached) == pytest.approx(np.mean(largest), rel=0.15)


def test_natural_bounds_hold():
    values = np.random.default_rng(3).exponential(size=2_000)
    scale = _learn(values, bounds=(0, np.inf))
    assert scale.low[0] >= 0


def test_values_apart_are_never_drawn():
    counts = Counts.of(np.random.default_rng(4).integers(0, 30, 500))
    apart = counts.values == 13
    scale = learn_scale(counts, apart, 40, OPEN)
    assert not np.any(scale.decode(np.random.default_rng(5).standard_normal(50_000)) == 13)


def test_a_few_rows_between_atoms_leave_no_trace_of_their_values():
    one = Counts(np.array([0, 7, 100]), np.array([50, 2, 50]))
    other = Counts(np.array([0, 93, 100]), np.array([50, 2, 50]))
    none = np.zeros(3, dtype=bool)
    first, second = (learn_scale(counts, none, 5, OPEN) for counts in (one, other))
    assert np.array_equal(first.low, second.low)
    assert np.array_equal(first.high, second.high)


def test_atoms_beyond_doubles_stay_exact():
    values = np.concatenate([np.full(10, 2**62), np.full(10, 2**62 + 1), np.full(10, -(2**62))])
    scale = _learn(values)
    assert np.array_equal(scale.decode(scale.encode(values, np.random.default_rng(6))), values)


def test_the_largest_floats_do_not_overflow():
    values = np.concatenate([np.full(10, 1.7e308), np.linspace(-1, 1, 50) * 1.7e308])
    scale = _learn(values)
    again = scale.decode(scale.encode(values, np.random.default_rng(7)))
    assert np.isfinite(again).all()
    assert np.all(again[:10] == 1.7e308)


@pytest.mark.parametrize("values", [[1.5], [1, 2, 9], [4.0, 4.0], [-3, -3, -2]])
def test_fewer_than_k_rows_work(values):
    scale = _learn(np.asarray(values))
    assert np.isfinite(scale.decode(np.array([-3.0, 0.0, 3.0]))).all()


@pytest.mark.parametrize(
    "values", [[2**61, -(2**61), 2**61 + 1], [-(2**63), 2**63 - 1, 5], [2**63 - 1, 2**63 - 2]]
)
def test_rare_integers_across_the_whole_range_leave_a_scale(values):
    scale = _learn(np.array(values))
    assert np.all(scale.low <= scale.high)
    assert scale.edges[-1] == 1
