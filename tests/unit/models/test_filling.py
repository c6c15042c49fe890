"""Conditions answered by completing rows, against a known joint distribution."""

import numpy as np
import pytest

from reverie.core.errors import ConditionError
from reverie.models import filling
from reverie.models.filling import Wish, answer
from reverie.models.layout import Known, Layout
from reverie.schema.blocks import Category, CategoryEvidence, Real, RealEvidence

SPECS = (Category("a", 3), Category("b", 3, muted=(2,)), Real("x"))
JOINT = np.array([[0.55, 0.02, 0.0], [0.2, 0.1, 0.0], [0.03, 0.1, 0.0]])


class Exact:
    """Knows `JOINT` of a and b; x is normal around a with scale 0.5, and is not looked at for a and b."""

    def __init__(self):
        self.layout = Layout(SPECS, np.zeros(1), np.ones(1))
        self.rows = 0

    def fill(self, known: Known, rng: np.random.Generator, wish: Wish = Wish()):  # noqa: B008
        rows, merit = len(known), np.zeros(len(known))
        self.rows += rows
        codes, wanted = known.codes.copy(), wish.only or ("a", "b", "x")
        for at, name in enumerate("ab"):
            if name in wanted:
                merit += self._draw(codes, at, rng, wish.allowed.get(name, np.ones(3, bool)))
        x = codes[:, 0] + 0.5 * rng.normal(size=rows)
        return self.layout.blocks(codes, x[:, None], known.numbers), merit

    def _draw(self, codes, at, rng, allowed):
        joint, other = (JOINT, JOINT.T)[at], codes[:, 1 - at]
        chances = np.where(other[:, None] < 0, joint.sum(1), joint.T[other])
        chances = chances / chances.sum(1, keepdims=True)
        heap = np.cumsum(chances * allowed, axis=1)
        drawn = (heap <= rng.random((len(codes), 1)) * heap[:, -1:]).sum(1).clip(0, 2)
        free = codes[:, at] < 0
        codes[free, at] = drawn[free]
        return np.where(free, np.log(heap[:, -1]), 0.0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def allow(*codes):
    return CategoryEvidence(allowed=np.isin(np.arange(3), codes))


def test_frequent_condition_is_met_by_keeping_rows(rng):
    model = Exact()
    rows = answer(model, 4000, rng, {"a": allow(0, 1), "x": RealEvidence(low=0.5)})
    assert rows.rows == 4000
    assert np.isin(rows["a"], [0, 1]).all()
    assert (rows["x"] >= 0.5).all()
    mass = JOINT.sum(1)[:2] * np.array([0.1587, 0.8413])
    assert np.mean(rows["a"] == 1) == pytest.approx(mass[1] / mass.sum(), abs=0.03)


def test_rare_condition_is_led_to_and_weighed(rng, monkeypatch):
    """a in {1, 2}, b = 1 and x over 2.3: codes are drawn as allowed, and kept by how likely that was."""
    monkeypatch.setattr(filling, "OFTEN", 1.0)
    model = Exact()
    given = {"a": allow(0, 2), "b": allow(1), "x": RealEvidence(low=1.0)}
    rows = answer(model, 3000, rng, given)
    assert np.isin(rows["a"], [0, 2]).all()
    assert (rows["b"] == 1).all()
    assert (rows["x"] >= 1.0).all()
    mass = JOINT[[0, 2], 1] * np.array([0.02275, 0.97725])
    assert np.mean(rows["a"] == 2) == pytest.approx(mass[1] / mass.sum(), abs=0.01)
    assert model.rows < 60_000


def test_weights_undo_what_allowed_codes_favour(rng, monkeypatch):
    monkeypatch.setattr(filling, "OFTEN", 1.0)
    rows = answer(Exact(), 6000, rng, {"a": allow(0, 1, 2), "b": allow(1)})
    wanted = JOINT[:, 1] / JOINT[:, 1].sum()
    np.testing.assert_allclose(np.bincount(rows["a"], minlength=3) / 6000, wanted, atol=0.025)


def test_rows_keep_their_own_values(rng):
    own = np.array([0, -1, 2] * 200, np.int32)
    values = np.where(own == 2, np.nan, 1.25)
    given = {"a": CategoryEvidence(codes=own), "x": RealEvidence(values=values)}
    rows = answer(Exact(), 600, rng, given)
    np.testing.assert_array_equal(rows["a"][own >= 0], own[own >= 0])
    np.testing.assert_array_equal(rows["x"].reshape(-1)[own != 2], 1.25)
    assert np.mean(rows["b"][own == 2]) == pytest.approx(0.1 / 0.13, abs=0.1)


def test_own_values_and_a_condition_on_all_rows(rng):
    own = np.array([0, 1, 2] * 100, np.int32)
    rows = answer(Exact(), 300, rng, {"a": CategoryEvidence(codes=own), "b": allow(1)})
    np.testing.assert_array_equal(rows["a"], own)
    assert (rows["b"] == 1).all()


def test_a_value_of_its_own_outweighs_a_condition(rng):
    own = np.array([1, -1], np.int32)
    rows = answer(Exact(), 2, rng, {"b": CategoryEvidence(allowed=np.array([True, False, True]), codes=own)})
    assert rows["b"].tolist() == [1, 0]


@pytest.mark.parametrize(
    "given",
    [
        {"c": allow(0)},
        {"a": allow()},
        {"b": allow(2)},
        {"x": RealEvidence(low=99.0)},
        {"a": CategoryEvidence(codes=np.zeros(5, np.int32))},
        {"a": CategoryEvidence(codes=np.zeros(9, np.int32)), "x": RealEvidence(low=99.0)},
    ],
)
def test_what_cannot_be_met_is_refused(given, rng, monkeypatch):
    monkeypatch.setattr(filling, "WORK", 1 << 17)
    with pytest.raises(ConditionError):
        answer(Exact(), 9, rng, given)
