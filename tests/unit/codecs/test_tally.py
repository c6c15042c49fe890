"""Tallies: exact while few, bounded and never too high when many."""

import numpy as np
import pyarrow as pa

from reverie.codecs.tally import LIMIT, Tally


def test_levels_by_falling_count():
    tally = Tally.of(pa.array(["b", "a", None, "b"]))
    assert tally.levels.to_pylist() == ["b", "a"]
    assert tally.counts.tolist() == [2, 1]
    assert tally.rows == 3


def test_merging_partitions_is_tallying_the_whole():
    values = pa.array([f"level {i}" for i in np.random.default_rng(0).zipf(1.5, 3_000) % 200])
    merged, whole = Tally.of(values[:900]).merge(Tally.of(values[900:])), Tally.of(values)
    assert dict(zip(merged.levels.to_pylist(), merged.counts, strict=True)) == dict(
        zip(whole.levels.to_pylist(), whole.counts, strict=True)
    )


def test_many_distinct_values_stay_bounded_and_frequent_ones_are_kept_with_counts_never_too_high():
    tally = None
    for part in range(3):
        rare = pa.array([f"{part}-{i}" for i in range(LIMIT)])
        one = Tally.of(pa.concat_arrays([rare, pa.array(["often"] * 500)]))
        tally = one if tally is None else tally.merge(one)
        assert len(tally.levels) <= LIMIT
    assert tally.levels[0].as_py() == "often"
    assert 1_500 - 3 * 2 <= tally.counts[0] <= 1_500
    assert tally.rows == 3 * (LIMIT + 500)


def test_other_types_of_level():
    assert Tally.of(pa.array([True, False, True])).levels.to_pylist() == [True, False]
    assert Tally.of(pa.array([3, 3, 1])).merge(Tally.of(pa.array([1, 1]))).counts.tolist() == [3, 2]
