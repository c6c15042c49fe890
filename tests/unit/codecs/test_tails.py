"""Tails: the shape is recovered from samples of known laws, and the pieces keep rows and mean."""

import numpy as np
import pytest

from reverie.codecs.tails import shape_of_tail, tail_pieces


@pytest.mark.parametrize(
    ("shape", "draw"),
    [
        (-1.0, lambda rng: rng.random(100_000)),
        (0.0, lambda rng: rng.exponential(size=100_000)),
        (0.5, lambda rng: rng.pareto(2, 100_000)),
    ],
)
def test_known_laws_have_their_known_shape(shape, draw):
    found = []
    for seed in range(10):
        values = np.sort(draw(np.random.default_rng(seed)))
        found.append(shape_of_tail(values, np.ones(len(values), dtype=np.int64), 5)[0])
    assert np.mean(found) == pytest.approx(shape, abs=0.1)


@pytest.mark.parametrize("shape", [-1.0, -0.3, 0.0, 0.5])
def test_pieces_keep_rows_and_mean_excess(shape):
    rows, edges = tail_pieces(10.0, shape, 40)
    assert rows.sum() == pytest.approx(40)
    assert edges[0] == 0
    assert np.all(np.diff(edges) > 0)
    middle = (edges[1:] + edges[:-1]) / 2
    assert rows @ middle / 40 == pytest.approx(10, rel=0.05)


def test_a_bounded_tail_ends_and_a_heavy_one_goes_on():
    assert tail_pieces(1.0, -1.0, 50)[1][-1] == pytest.approx(2, rel=0.01)
    assert tail_pieces(1.0, 0.5, 50)[1][-1] > 10


def test_a_tail_of_equal_values_has_no_excess():
    assert shape_of_tail(np.array([3.0]), np.array([100]), 5)[1] == 0


def test_weights_count_as_rows():
    values = np.sort(np.random.default_rng(0).exponential(size=2_000))
    doubled = shape_of_tail(values, np.full(2_000, 2), 5)
    repeated = shape_of_tail(np.repeat(values, 2), np.ones(4_000, dtype=np.int64), 5)
    assert doubled[1] == pytest.approx(repeated[1], rel=0.05)
    assert doubled[0] == pytest.approx(repeated[0], abs=0.1)
