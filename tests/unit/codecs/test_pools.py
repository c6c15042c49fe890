"""Pools: k rows or more in each, fixed values between them, moments as numpy has them."""

import numpy as np

from reverie.codecs.pools import MOST_ATOMS, MOST_POOLS, pool


def _pool(values, rows, apart=None, k=5):
    values, rows = np.asarray(values, dtype=float), np.asarray(rows)
    return pool(values, rows, np.zeros(len(values), dtype=bool) if apart is None else np.asarray(apart), k)


def test_shared_values_are_atoms_and_others_are_pooled():
    pools = _pool([1, 2, 3, 10, 11, 12, 13, 14, 15], [9, 2, 4, 7, 1, 1, 1, 1, 1])
    assert pools.mean.tolist() == [1, (2 * 2 + 3 * 4) / 6, 10, 13]
    assert pools.rows.tolist() == [9, 6, 7, 5]
    assert pools.atom.tolist() == [True, False, True, False]
    assert pools.floor.tolist() == [-np.inf, 1, 1, 10]
    assert pools.ceiling.tolist() == [10, 10, np.inf, np.inf]


def test_moments_are_those_of_the_rows():
    rng = np.random.default_rng(0)
    values, rows = np.sort(rng.normal(size=9)), rng.integers(1, 3, 9)
    pools = _pool(values, rows, k=20)
    whole = np.repeat(values, rows)
    assert np.isclose(pools.mean[0], whole.mean())
    assert np.isclose(pools.spread[0], whole.std())


def test_every_pool_of_a_long_stretch_has_k_rows_and_nearly_equal_mass():
    rng = np.random.default_rng(1)
    values = np.unique(rng.normal(size=20_000))
    pools = _pool(values, rng.integers(1, 5, len(values)))
    assert len(pools.rows) <= MOST_POOLS + 1
    assert pools.rows.min() >= 5
    assert pools.rows.max() <= 3 * np.median(pools.rows)


def test_values_apart_belong_to_no_pool_and_no_pool_spans_them():
    pools = _pool([1, 2, 3, 4, 5], [3, 3, 500, 3, 3], [False, False, True, False, False])
    assert pools.rows.tolist() == [6, 6]
    assert pools.mean.tolist() == [1.5, 4.5]
    assert pools.run[0] != pools.run[1]


def test_a_smooth_grid_of_many_shared_values_needs_no_atoms_but_values_that_stand_out_stay():
    rows = np.full(3 * MOST_ATOMS, 10)
    rows[700] = 1_000
    pools = _pool(np.arange(len(rows)), rows)
    assert pools.mean[pools.atom & (pools.rows == 1_000)].tolist() == [700]
    assert len(pools.rows) <= MOST_POOLS + MOST_ATOMS


def test_huge_values_do_not_overflow():
    pools = _pool([-1e300, 1e300], [3, 3])
    assert pools.mean[0] == 0
    assert np.isclose(pools.spread[0], 1e300)
