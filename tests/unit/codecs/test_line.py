"""Lines: kinds, gates and positions as promised, and every value back."""

import numpy as np
import pytest

from reverie.codecs.counts import Counts
from reverie.codecs.line import Line, find_spikes
from reverie.core.errors import DataError
from reverie.schema.blocks import Category, Gate, Real


def _learn(values, nulls=0, k=5):
    return Line.learn("x", Counts.of(np.asarray(values)), nulls, k, (0, np.inf))


def _smooth(rows=2_000):
    return np.random.default_rng(0).integers(1_000, 10**6, rows)


def test_smooth_values_are_one_ungated_real():
    assert _learn(_smooth()).specs == (Real("x", 1, 1, None),)


def test_codes_are_continuous_missing_then_spikes():
    line = _learn(np.concatenate([_smooth(), np.zeros(500, dtype=int), np.full(500, 2_000_000)]), nulls=7)
    kind, real = line.specs
    assert isinstance(kind, Category)
    assert (kind.name, kind.k) == ("x#kind", 4)
    assert kind.positions is not None
    assert kind.positions[:2] == (None, None)
    assert kind.positions[2] == -5
    assert kind.positions[3] == 5
    assert real == Real("x", 1, 1, Gate("x#kind", 0))


def test_few_values_are_all_spikes_without_a_real():
    line = _learn(np.repeat([3, 1, 2], [30, 20, 10]))
    (kind,) = line.specs
    assert kind.k == 3
    assert list(kind.positions) == sorted(kind.positions)
    assert np.allclose(kind.positions, [-0.9674, 0, 0.9674], atol=1e-4)


def test_a_single_value_or_nothing_has_no_blocks():
    assert _learn(np.full(9, 4)).specs == ()
    empty = _learn(np.zeros(0, dtype=int), nulls=9)
    assert empty.specs == ()
    assert not empty.decode({}, 3)[1].any()


def test_every_value_and_every_hole_comes_back():
    values = np.concatenate([_smooth(), np.zeros(500, dtype=int), np.full(60, 77)])
    present = np.random.default_rng(1).random(len(values)) < 0.8
    line = Line.learn("x", Counts.of(values[present]), int((~present).sum()), 5)
    arrays = line.encode(values, present, np.random.default_rng(2))
    again, there = line.decode(arrays, len(values))
    assert np.array_equal(there, present)
    assert np.all(np.abs(again - values)[present] <= line.tolerance(values)[present])
    assert np.array_equal(again[present & (values == 77)], values[present & (values == 77)])


def test_scores_are_nan_where_there_is_no_continuous_value():
    values = np.concatenate([_smooth(), np.zeros(500, dtype=int)])
    arrays = _learn(values).encode(values, np.ones(len(values), dtype=bool), np.random.default_rng(3))
    assert arrays["x"].shape == (2_500, 1, 1)
    assert np.array_equal(np.isnan(arrays["x"][:, 0, 0]), values == 0)


def test_a_rest_of_fewer_than_k_rows_joins_the_nearest_spike():
    values = np.array([0] * 50 + [10] * 50 + [9, 1])
    line = _learn(values)
    again, _ = line.decode(line.encode(values, values >= 0, np.random.default_rng(4)), len(values))
    assert again[-2:].tolist() == [10, 0]
    assert line.tolerance(np.array([9, 1, 0])).tolist() == [1, 1, 0]


def test_a_few_values_among_many_holes_go_missing():
    line = _learn(np.array([123, 456]), nulls=100)
    assert line.specs == ()
    assert not line.decode({}, 5)[1].any()
    assert np.isinf(line.tolerance(np.array([123]))).all()


def test_missing_values_are_refused_if_none_ever_was():
    with pytest.raises(DataError, match="1 values are missing"):
        _learn(_smooth()).encode(np.array([5]), np.array([False]), np.random.default_rng(5))


def test_spikes_need_mass():
    counts = Counts(np.arange(200), np.r_[1_000, 19, np.full(198, 4)])
    assert np.flatnonzero(find_spikes(counts, 5)).tolist() == [0]


def test_spikes_in_one_gap_keep_their_order():
    smooth = np.concatenate([np.arange(1, 500), np.arange(9_000, 9_500)])
    line = _learn(np.concatenate([np.repeat(smooth, 2), np.full(300, 3_000), np.full(300, 4_000)]))
    low, high = line.specs[0].positions[1:]
    assert low < high
    assert abs(low) < 0.1


def test_the_reach_spans_spikes_and_scale():
    low, high = _learn(np.concatenate([_smooth(), np.zeros(500, dtype=int)])).reach()
    assert low == 0
    assert 900_000 < high < 1_200_000


def test_state_round_trip():
    line = _learn(np.concatenate([_smooth(), np.zeros(500, dtype=int)]), nulls=3)
    again = Line.from_state("x", line.state())
    assert again.specs == line.specs
    spikes = _learn([1] * 9 + [2] * 9)
    assert Line.from_state("x", spikes.state()).specs == spikes.specs


@pytest.mark.parametrize(("room", "spikes"), [(80, 0), (240, 80)])
def test_values_scattered_over_a_grid_are_kinds(room, spikes):
    """Numbers of areas, of which a third are taken, are no scale; ages are."""
    rng = np.random.default_rng(0)
    places = 98_000 + rng.choice(room, 80, replace=False)
    line = _learn(rng.permutation(np.repeat(places, 30)))
    assert len(line.spikes) == spikes
