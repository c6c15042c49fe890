"""A scale translates between values and normal scores, exactly where values are atoms or on a grid."""

import numpy as np
import pytest
from scipy.special import ndtri

from reverie.codecs.scale import Scale


@pytest.fixture
def grid():
    """A tenth of the rows at 0, half of them evenly on 5..9, the rest at 2^60."""
    return Scale(np.array([0, 0.1, 0.6, 1]), np.array([0, 5, 2**60]), np.array([0, 9, 2**60]))


@pytest.fixture
def plain():
    """Half of the rows at exactly 1, the other half evenly between 2 and 4."""
    return Scale(np.array([0, 0.5, 1]), np.array([1.0, 2.0]), np.array([1.0, 4.0]))


def test_scores_decode_by_share(grid, plain):
    assert grid.decode(ndtri([0.05, 0.11, 0.59, 0.61])).tolist() == [0, 5, 9, 2**60]
    assert np.allclose(plain.decode(ndtri([0.2, 0.5, 0.75])), [1, 2, 3])


def test_extreme_scores_decode_to_the_ends(grid, plain):
    assert grid.decode(np.array([-40.0, 40.0])).tolist() == [0, 2**60]
    assert plain.decode(np.array([-40.0, 40.0])).tolist() == [1, 4]


def test_every_grid_value_comes_back_exactly(grid):
    values = np.repeat([0, 5, 6, 7, 8, 9, 2**60], 1_000)
    assert np.array_equal(grid.decode(grid.encode(values, np.random.default_rng(0))), values)
    assert not grid.tolerance(values).any()


def test_scores_of_repeated_values_fill_their_interval(grid):
    scores = grid.encode(np.full(10_000, 6), np.random.default_rng(0))
    low, high = ndtri([0.2, 0.3])
    assert low < scores.min() < low + 0.01
    assert high - 0.01 < scores.max() < high


def test_values_off_the_scale_take_the_nearest_place_and_tolerance_says_how_far(grid, plain):
    values = np.array([-3, 2, 4, 12])
    assert grid.decode(grid.encode(values, np.random.default_rng(0))).tolist() == [0, 0, 5, 9]
    assert grid.tolerance(values).tolist() == [3, 2, 1, 3]
    assert np.allclose(
        plain.decode(plain.encode(np.array([1.4, 1.6, 9]), np.random.default_rng(0))), [1, 2, 4]
    )


def test_share_below_counts_atoms_on_either_side(grid, plain):
    assert grid.share_below(0, inclusive=False) == 0
    assert grid.share_below(0, inclusive=True) == pytest.approx(0.1)
    assert grid.share_below(6, inclusive=False) == pytest.approx(0.2)
    assert grid.share_below(6, inclusive=True) == pytest.approx(0.3)
    assert grid.share_below(100, inclusive=False) == pytest.approx(0.6)
    assert grid.share_below(2**61, inclusive=False) == 1
    assert plain.share_below(1.0, inclusive=False) == 0
    assert plain.share_below(1.0, inclusive=True) == 0.5
    assert plain.share_below(3.0, inclusive=False) == 0.75


def test_the_whole_range_of_int64_does_not_overflow():
    ends = np.iinfo(np.int64)
    scale = Scale(np.array([0.0, 1.0]), np.array([ends.min]), np.array([ends.max]))
    values = scale.decode(ndtri(np.array([1e-9, 0.25, 0.75, 1 - 1e-9])))
    assert np.allclose(values / 2.0**63, [-1, -0.5, 0.5, 1], atol=1e-8)


def test_state_round_trip(grid):
    again = Scale.from_state(grid.state())
    assert np.array_equal(again.low, grid.low)
    assert again.grid
