import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reverie.reports.protection import K, grid, may_show, merge, span, step


@pytest.mark.parametrize(
    ("width", "rounded"), [(1.0, 1.0), (1.01, 2.0), (2.2, 2.5), (0.03, 0.05), (7e5, 1e6), (0.0, 1.0)]
)
def test_step_is_the_next_round_number(width, rounded):
    assert step(width) == pytest.approx(rounded)


def test_whole_steps_are_whole():
    assert [step(width, whole=True) for width in (0.1, 2.2, 21.0)] == [1.0, 5.0, 25.0]


def test_span_leaves_out_the_k_extreme_values():
    values = np.concatenate([np.arange(100.0), [1e6, 1e7, 1e8, 1e9]])
    assert span(values) == (4.0, 99.0)
    assert span(values[: 2 * K - 1]) is None


def test_grid_covers_and_is_round():
    edges = grid(0.013, 0.97, 20)
    assert edges[0] <= 0.013
    assert edges[-1] >= 0.97
    assert np.allclose(edges / 0.05, np.round(edges / 0.05))


def test_grid_of_whole_numbers_centres_them():
    assert grid(1, 6, 30, whole=True).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


@given(hnp.arrays(np.int64, (st.integers(1, 40)), elements=st.integers(0, 9)), st.integers(0, 2**32 - 1))
def test_merged_bins_hold_none_or_enough(counts, seed):
    other = np.random.default_rng(seed).permutation(counts)
    starts = merge([counts, other])
    assert starts[0] == 0
    assert np.all(np.diff(starts) > 0)
    for table in (counts, other):
        if table.sum() >= K or table.sum() == 0:
            merged = np.add.reduceat(table, starts)
            assert np.all((merged == 0) | (merged >= K))
            assert merged.sum() == table.sum()


def test_bins_that_are_full_or_empty_stay():
    assert merge([np.array([9, 0, 7, 0, 5])]).tolist() == [0, 1, 2, 3, 4]


def test_a_count_may_be_shown_if_none_or_enough():
    assert [count for count in range(8) if may_show(count)] == [0, 5, 6, 7]
