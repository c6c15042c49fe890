"""Conditions on a line: the evidence holds what meets the condition, and nothing else."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.special import ndtri

from reverie.codecs.base import Condition
from reverie.codecs.counts import Counts
from reverie.codecs.line import Line
from reverie.codecs.ranges import find_evidence
from reverie.core.errors import ConditionError


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.integers(1, 400, 3_000), np.zeros(600, dtype=int), np.full(200, 150)])


@pytest.fixture(scope="module")
def line(values):
    return Line.learn("x", Counts.of(values), 100, 5)


def _ask(line, **condition):
    return find_evidence(line, Condition("x", **condition), lambda value: Fraction(str(value)))


def _codes(found):
    return np.flatnonzero(found["x#kind"].allowed).tolist()


def _decoded(line, found):
    """Values from all over the interval of normal scores."""
    real = found["x"]
    scores = np.clip(np.r_[(*real.intervals, ndtri(np.linspace(0.0005, 0.9995, 3_000)))], real.low, real.high)
    scores = scores[real.contains(scores)]
    arrays = {"x#kind": np.zeros(len(scores), dtype=np.int32), "x": scores.reshape(-1, 1, 1)}
    return line.decode(arrays, len(scores))[0]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"low": 65}, lambda x: x >= 65),
        ({"low": 65, "strict_low": True}, lambda x: x > 65),
        ({"high": 64.5}, lambda x: x <= 64),
        ({"high": 200, "strict_high": True}, lambda x: x < 200),
        ({"low": "30", "high": "40"}, lambda x: (x >= 30) & (x <= 40)),
        ({"low": 149.5, "high": 151}, lambda x: (x >= 150) & (x <= 151)),
    ],
)
def test_ranges_are_exact_on_a_grid(line, values, condition, holds):
    found = _ask(line, **condition)
    assert np.all(holds(_decoded(line, found)))
    inside = values[holds(values)]
    arrays = line.encode(inside, np.ones(len(inside), dtype=bool), np.random.default_rng(1))
    continuous = arrays["x#kind"] == 0
    assert np.isin(arrays["x#kind"], _codes(found)).all()
    scores = arrays["x"][continuous, 0, 0]
    assert np.all((scores >= found["x"].low - 1e-6) & (scores <= found["x"].high + 1e-6))


def test_a_range_without_continuous_values_is_of_spikes_alone(line):
    assert _codes(_ask(line, high=0)) == [2]
    assert "x" not in _ask(line, high=0)


def test_a_spike_is_its_own_code(line):
    assert _codes(_ask(line, values=(150,))) == [3]


def test_a_value_between_spikes_is_an_interval(line):
    found = _ask(line, values=(33,))
    assert _codes(found) == [0]
    assert set(_decoded(line, found)) == {33}


def test_several_values_are_an_interval_each_and_their_spikes(line):
    found = _ask(line, values=(37, 33, 0, 36))
    assert _codes(found) == [0, 2]
    assert set(_decoded(line, found)) == {33, 36, 37}
    assert len(found["x"].gaps) == 1  # neighbours share an interval


def test_negation_is_all_but_their_intervals(line):
    found = _ask(line, values=(33, 35, 0), negate=True)
    decoded = set(_decoded(line, found))
    assert {32, 34, 36} <= decoded
    assert not {33, 35} & decoded
    asked, others = (_ask(line, values=(33, 35), negate=negate)["x"] for negate in (False, True))
    assert asked.meet(others).low > asked.meet(others).high


def test_nothing_is_left_of_a_scale_whose_every_value_is_excluded():
    values = np.repeat(np.arange(100), 6)
    line = Line.learn("x", Counts.of(values), 9, 5)
    assert line.scale is not None
    with pytest.raises(ConditionError, match="no other value"):
        _ask(line, values=tuple(range(line.reach()[0], line.reach()[1] + 1)), negate=True)


def test_negation_leaves_out_spikes_and_the_missing(line):
    assert _codes(_ask(line, values=(0,), negate=True)) == [0, 3]
    assert _codes(_ask(line, values=(33,), negate=True)) == [0, 2, 3]


def test_missing_and_present(line):
    assert _codes(_ask(line, missing=True)) == [1]
    assert _codes(_ask(line, missing=False)) == [0, 2, 3]


@pytest.mark.parametrize(
    "condition", [{"low": 10**6}, {"high": -1}, {"values": (-7,)}, {"low": 5, "high": 4}]
)
def test_what_never_occurs_is_refused_and_the_reach_named(line, condition):
    with pytest.raises(ConditionError, match=r"x: .*Its values go from 0 to"):
        _ask(line, **condition)


@pytest.mark.parametrize(
    ("condition", "nearest"),
    [
        ({"values": (33.5,)}, "33 and 34"),
        ({"values": (33, 150.25)}, "150 and 151"),
        ({"low": 0, "high": 1, "strict_low": True, "strict_high": True}, "0 and 1"),
        ({"low": 33.2, "high": 33.8}, "33 and 34"),
    ],
)
def test_the_nearest_values_are_named_where_there_are_some_on_both_sides(line, condition, nearest):
    with pytest.raises(ConditionError, match=f"x: .*The nearest values are {nearest}$"):
        _ask(line, **condition)


def test_a_column_without_holes_or_with_nothing_else_says_so():
    full = Line.learn("x", Counts.of(np.repeat([1, 2], 9)), 0, 5)
    with pytest.raises(ConditionError, match="never missing"):
        _ask(full, missing=True)
    with pytest.raises(ConditionError, match="no other value"):
        _ask(full, values=(1, 2), negate=True)
    holes = Line.learn("x", Counts.of(np.zeros(0, dtype=int)), 9, 5)
    with pytest.raises(ConditionError, match="always missing"):
        _ask(holes, missing=False)


def test_off_the_grid_bounds_are_exact_and_a_value_is_its_close_neighbourhood():
    values = np.random.default_rng(2).normal(size=5_000)
    line = Line.learn("x", Counts.of(values), 0, 5)
    found = _ask(line, low=0.5, high=1.25)
    ends = line.decode({"x": np.array([found["x"].low, found["x"].high]).reshape(-1, 1, 1)}, 2)[0]
    assert np.allclose(ends, [0.5, 1.25], atol=1e-6)
    near = _ask(line, values=(0.3,))["x"]
    assert near.low < near.high
    assert line.decode({"x": np.array([near.low]).reshape(-1, 1, 1)}, 1)[0] == pytest.approx(0.3, abs=1e-3)
    with pytest.raises(ConditionError):
        _ask(line, low=50)
