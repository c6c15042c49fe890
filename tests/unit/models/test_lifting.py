"""Rare codes weigh more, and thinned rows are as if they never had."""

import numpy as np
import pytest

from reverie.models.lifting import KEPT, MOST, SHARE, Lifts
from reverie.schema.blocks import Blocks, Category, Real

SPECS = (Category("class", 2), Category("many", 9), Real("x"))


def made(rows, rare=0.01, seed=0):
    rng = np.random.default_rng(seed)
    classes = (rng.random(rows) < rare).astype(np.int32)
    arrays = {"class": classes, "many": rng.integers(9, size=rows).astype(np.int32)}
    return Blocks(SPECS, arrays | {"x": (classes + rng.normal(size=rows)).reshape(-1, 1, 1)}, rows)


def learn(blocks):
    return Lifts.learn(blocks, np.ones(blocks.rows))


def test_a_rare_class_is_lifted_and_nothing_else():
    lifts = learn(made(50_000))
    assert list(lifts.factors) == ["class"]
    assert lifts.factors["class"][0] == 1
    assert MOST / 2 < lifts.factors["class"][1] <= MOST


def test_what_is_common_enough_is_left_alone():
    assert learn(made(5_000, rare=2 * SHARE)).factors == {}


def test_enough_rows_are_kept():
    rng = np.random.default_rng(0)
    specs = tuple(Category(f"flag{i}", 2) for i in range(30))
    flags = Blocks(specs, {spec.name: (rng.random(9000) < 0.02).astype(np.int32) for spec in specs}, 9000)
    assert 1 / learn(flags).of(flags).mean() >= KEPT


def test_codes_that_never_are_and_weights_count():
    specs = (Category("class", 3),)
    blocks = Blocks(specs, {"class": np.repeat([0, 1], 500).astype(np.int32)}, 1000)
    lifts = Lifts.learn(blocks, np.repeat([1.0, 0.02], 500))
    assert lifts.factors["class"][1] > 4
    assert lifts.factors["class"][2] == 1


def test_thinned_rows_are_as_if_nothing_was_lifted():
    """A generator of the lifted distribution, thinned, gives the share and the number of before."""
    real, rng = made(40_000), np.random.default_rng(1)
    lifts = learn(real)
    chance = lifts.of(real) / lifts.of(real).sum()
    lifted = real.take(rng.choice(real.rows, 40_000, p=chance))
    assert lifted["class"].mean() > 4 * real["class"].mean()
    rows = lifts.thinned(lambda n: lifted.take(rng.integers(lifted.rows, size=n)), 30_000, rng)
    assert rows.rows == 30_000
    assert rows["class"].mean() == pytest.approx(real["class"].mean(), abs=0.003)
    assert rows["x"].mean() == pytest.approx(real["x"].mean(), abs=0.03)


def test_no_rows_and_no_lifts():
    lifts = learn(made(50_000))
    assert lifts.thinned(made, 0, np.random.default_rng(0)).rows == 0
    assert Lifts({}).thinned(made, 7, np.random.default_rng(0)).rows == 7


def test_arrays_and_back():
    lifts = learn(made(50_000))
    arrays = lifts.arrays()
    np.testing.assert_array_equal(Lifts.restored(SPECS, arrays).factors["class"], lifts.factors["class"])
    (name,) = arrays
    for damaged in (np.ones(3), np.array([1.0, 0.5]), np.array([1.0, np.nan])):
        with pytest.raises(ValueError, match="factors"):
            Lifts.restored(SPECS, {name: damaged})
    assert Lifts.restored(SPECS, {}).factors == {}
