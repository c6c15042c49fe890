"""Margins put right after training."""

import numpy as np
import pytest

from reverie.models.base import Budget
from reverie.models.families import diffusion
from reverie.models.families.diffusion import Config, fit, from_state
from reverie.models.righting import put_right
from reverie.schema.blocks import Blocks, Category, Real, RealEvidence

SPECS = (Category("a", 3), Real("x"))
CONFIG = Config(width=32, depth=1, dropout=0.0, batch=128, rate=5e-3, epochs=1)


def made(rows=600):
    rng = np.random.default_rng(0)
    a = rng.integers(3, size=rows).astype(np.int32)
    return Blocks(SPECS, {"a": a, "x": (a - 1 + 0.5 * rng.normal(size=rows)).reshape(-1, 1, 1)}, rows)


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(diffusion, "LEAST_UPDATES", 100)
    return fit(made(), config=CONFIG, rng=np.random.default_rng(1), budget=Budget(threads=1))


def draw(model, n, **options):
    return model.sample(n, rng=np.random.default_rng(2), **options)


def test_margins_are_those_wanted_and_known_numbers_are_left_alone(model):
    """Put right for rows of which one code is rarer and one number is far from where it was."""
    rows = made(4000)
    mass = np.where(rows["a"] == 0, 0.6, 1.0)
    moved = Blocks(SPECS, {**rows.arrays, "x": np.exp(rows["x"])}, rows.rows)
    put_right(model, moved, mass, np.random.default_rng(0))
    drawn = draw(model, 4000)
    wanted = np.bincount(rows["a"], mass) / mass.sum()
    np.testing.assert_allclose(np.bincount(drawn["a"]) / 4000, wanted, atol=0.03)
    x = np.exp(rows["x"].reshape(-1))
    theirs = np.average(np.log(x), weights=mass)
    assert np.log(drawn["x"]).mean() == pytest.approx(theirs, abs=0.08)
    again = from_state(SPECS, model.state())
    np.testing.assert_array_equal(draw(again, 4000)["x"], drawn["x"])
    known = draw(model, 3, given={"x": RealEvidence(values=np.array([0.5, 1.0, 2.0]))})
    np.testing.assert_allclose(known["x"].reshape(-1), [0.5, 1.0, 2.0])


def test_putting_margins_right_ends_in_time(model, monkeypatch):
    drawn = []
    before = type(model).fill
    monkeypatch.setattr(type(model), "fill", lambda *a, **k: drawn.append(1) or before(*a, **k))
    put_right(model, made(), np.ones(600), np.random.default_rng(0), lambda: len(drawn) >= 2)
    assert len(drawn) == 3
