"""Whole rows, with grids and texts, that are varied, guided and turned into each other."""

import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models import grids
from reverie.models.base import Budget, Varying
from reverie.models.families.diffusion import Config, Diffusion, fit
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Real, Tokens

SPECS = (Category("a", 2), Real("x"), Real("g", 64, 1, None, (8, 8)), Tokens("t", 300, 4))
CONFIG = Config(
    width=32, depth=1, dropout=0.0, rate=5e-3, channels=(8, 16), grid_updates=250, grid_steps=8,
    text_width=32, text_depth=1,
)  # fmt: skip


def rows(n, seed):
    """Light above, numbers below 0 and low codes in rows of code 0."""
    rng = np.random.default_rng(seed)
    a = rng.integers(2, size=n).astype(np.int32)
    light = np.zeros((n, 8, 8))
    light[a == 0, :4], light[a == 1, 4:] = 2.0, 2.0
    arrays = {
        "a": a,
        "x": (2.0 * a - 1 + 0.3 * rng.normal(size=n)).reshape(-1, 1, 1),
        "g": (light - 1 + 0.1 * rng.normal(size=light.shape)).reshape(-1, 64, 1).astype(np.float32),
        "t": (100 + 100 * a[:, None] + rng.integers(10, size=(n, 4))).astype(np.int32),
    }
    return Blocks(SPECS, arrays, n)


@pytest.fixture(scope="module")
def model():
    return fit(rows(300, 0), config=CONFIG, rng=np.random.default_rng(1), budget=Budget(threads=1))


def gap(one, other, name):
    return np.abs(one[name].astype(float) - other[name]).mean()


def test_variations_go_farther_the_stronger_they_are(model):
    some = rows(40, 5)
    assert isinstance(model, Varying)
    near, mid, far = (model.vary(some, strength, np.random.default_rng(2)) for strength in (0.0, 0.3, 1.0))
    for name in ("a", "x", "t"):
        np.testing.assert_allclose(near[name], some[name])
    assert gap(near, some, "g") < 0.01
    for name in ("x", "g", "t"):
        assert gap(near, some, name) < gap(mid, some, name) < gap(far, some, name)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        model.vary(some, 1.5, np.random.default_rng(2))


def test_ways_go_from_end_to_end(model):
    some = rows(40, 5)
    left, right = (some.take(np.flatnonzero(some["a"] == code)[:3]) for code in (0, 1))
    way = model.interpolate(left, right, 5, np.random.default_rng(0))
    assert way.rows == 15
    for name in ("a", "x", "t"):
        np.testing.assert_allclose(way.take(np.arange(0, 15, 5))[name], left[name])
        np.testing.assert_allclose(way.take(np.arange(4, 15, 5))[name], right[name])
    assert gap(way.take(np.arange(0, 15, 5)), left, "g") < 0.5
    assert gap(way.take(np.arange(4, 15, 5)), right, "g") < 0.5


def test_guidance_is_of_a_copy(model):
    guided = model.guided(3.0)
    assert isinstance(guided, Diffusion)
    assert (guided.beside.guidance, guided.beside.style.guidance) == (3.0, 3.0)
    assert model.beside.guidance == grids.GUIDANCE
    given = {"a": CategoryEvidence(codes=np.zeros(20, np.int32))}
    made = guided.sample(20, rng=np.random.default_rng(0), given=given)
    halves = made["g"].reshape(-1, 2, 32).mean(2)
    assert (halves[:, 0] > halves[:, 1]).mean() > 0.9


def test_rows_alone_are_varied_too():
    some = rows(200, 0)
    bare = Blocks(SPECS[:2], {name: some[name] for name in ("a", "x")}, 200)
    config = Config(width=16, depth=1, epochs=5)
    model = fit(bare, config=config, rng=np.random.default_rng(1), budget=Budget(1.0, threads=1))
    varied = model.vary(bare, 0.3, np.random.default_rng(0))
    assert 0 < gap(varied, bare, "x") < 1
    with pytest.raises(ConfigError, match="not guided"):
        model.guided(1.0)
