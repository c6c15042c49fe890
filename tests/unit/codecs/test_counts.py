"""Weighted distinct numbers: exact while few, bounded when many."""

import numpy as np

from reverie.codecs.counts import LIMIT, Counts


def test_counts_are_those_of_the_values():
    counts = Counts.of(np.array([3, 1, 3, 3, 2]))
    assert counts.values.tolist() == [1, 2, 3]
    assert counts.counts.tolist() == [1, 1, 3]
    assert counts.rows == 5


def test_negative_zero_is_zero():
    counts = Counts.of(np.array([0.0, -0.0]))
    assert counts.counts.tolist() == [2]
    assert not np.signbit(counts.values[0])


def test_merging_partitions_is_counting_the_whole():
    values = np.random.default_rng(0).integers(0, 50, 1_000)
    merged = Counts.of(values[:300]).merge(Counts.of(values[300:]))
    whole = Counts.of(values)
    assert np.array_equal(merged.values, whole.values)
    assert np.array_equal(merged.counts, whole.counts)


def test_mapping_joins_values_that_become_equal():
    counts = Counts.of(np.array([1.01, 1.02, 2.0]))
    mapped = counts.map(np.rint(counts.values).astype(np.int64))
    assert mapped.values.tolist() == [1, 2]
    assert mapped.counts.tolist() == [2, 1]


def test_too_many_values_are_thinned_without_losing_rows_heavy_values_or_the_mean():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=3 * LIMIT), np.full(5_000, 0.25)])
    counts = Counts.of(values)
    assert len(counts.values) <= LIMIT
    assert counts.rows == len(values)
    assert counts.counts[np.searchsorted(counts.values, 0.25)] >= 5_000
    assert np.isclose(counts.counts @ counts.values / counts.rows, values.mean())
    assert np.all(np.diff(counts.values) > 0)


def test_thinned_integers_stay_integers_however_large():
    values = np.arange(3 * LIMIT) + 2**62
    counts = Counts.of(values)
    assert counts.values.dtype == np.int64
    assert counts.values.min() >= 2**62
    assert counts.values.max() < 2**62 + 3 * LIMIT
    assert counts.rows == 3 * LIMIT
