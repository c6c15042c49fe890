"""Grids painted for finished rows: they show what rows say, and are judged together with them."""

from dataclasses import replace

import numpy as np
import pytest

from reverie.core.errors import ArtifactError, ConditionError, ConfigError
from reverie.models import grids, painting
from reverie.models.base import Budget, Discerning, State
from reverie.models.families.gan import Config, fit, from_state
from reverie.models.painting import Painted, Painter
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence, Tokens

GRID = Real("g", 64, 1, Gate("there", 1), (8, 8))
SPECS = (Category("a", 2), GRID, Real("x"), Category("there", 2))
CONFIG = Config(
    width=32, latent=8, batch=64, steps=120, epochs=4, least_steps=20, lessons=10, drafts=1,
    channels=(8, 16), grid_updates=200,
)  # fmt: skip
ONE = Budget(threads=1, device="cpu")


def pictures(codes, rng):
    """Light above where the code is 0, and below where it is 1."""
    light = np.zeros((len(codes), 8, 8))
    light[codes == 0, :4], light[codes == 1, 4:] = 2.0, 2.0
    return (light - 1 + 0.1 * rng.normal(size=light.shape)).reshape(-1, 64, 1).astype(np.float32)


def made(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    a, there = rng.integers(2, size=rows).astype(np.int32), (rng.random(rows) < 0.9).astype(np.int32)
    grid = pictures(a, rng)
    grid[there == 0] = np.nan
    x = rng.normal(size=(rows, 1, 1))
    return Blocks(SPECS, {"a": a, "g": grid, "x": x, "there": there}, rows)


@pytest.fixture(scope="module")
def model():
    return fit(made(), config=CONFIG, rng=np.random.default_rng(1), budget=ONE)


def draw(model, n=200, **options):
    return model.sample(n, rng=np.random.default_rng(2), **options)


def above(grid):
    """Which pictures are lighter above."""
    halves = grid.reshape(-1, 2, 32).mean(2)
    return halves[:, 0] > halves[:, 1]


def test_grids_show_what_rows_say(model):
    rows = draw(model)
    there = rows["there"] == 1
    assert rows.specs == SPECS
    assert 0.8 < there.mean() < 0.98
    assert np.isnan(rows["g"][~there]).all()
    assert np.isfinite(rows["g"][there]).all()
    assert (above(rows["g"][there]) == (rows["a"][there] == 0)).mean() > 0.9
    assert model.notes == ()


def test_grids_of_one_code_differ(model):
    rows = draw(model, given={"a": CategoryEvidence(allowed=np.array([True, False]))})
    shown = rows["g"][rows["there"] == 1]
    assert (rows["a"] == 0).all()
    assert above(shown).mean() > 0.9
    assert shown.std(axis=0).mean() > 0.03


def test_each_row_has_the_grid_of_its_own_code(model):
    codes = (np.arange(60) % 2).astype(np.int32)
    given = {"a": CategoryEvidence(codes=codes), "there": CategoryEvidence(codes=np.ones(60, np.int32))}
    rows = draw(model, 60, given=given)
    np.testing.assert_array_equal(rows["a"], codes)
    assert (above(rows["g"]) == (codes == 0)).mean() > 0.9


def test_a_given_grid_is_refused(model):
    values = pictures(np.zeros(20, int), np.random.default_rng(3))
    with pytest.raises(ConditionError, match="--model diffusion") as caught:
        draw(model, 20, given={"g": RealEvidence(values=values)})
    assert caught.value.where == "g"
    values[:19] = np.nan
    with pytest.raises(ConditionError, match="does not tell what goes with a picture"):
        draw(model, 20, given={"g": RealEvidence(values=values)})
    values[:] = np.nan
    assert draw(model, 20, given={"g": RealEvidence(values=values)}).rows == 20


def test_realism_is_of_rows_and_grids_together(model):
    rows = made(seed=5)
    real = model.realism(rows)
    assert isinstance(model, Discerning)
    assert ((real >= 0) & (real <= 1)).all()
    other = np.where(rows["a"] == 0, 1, 0)
    wrong = {**rows.arrays, "g": pictures(other, np.random.default_rng(6))}
    wrong["g"][rows["there"] == 0] = np.nan
    there = rows["there"] == 1
    fake = model.realism(Blocks(SPECS, wrong, rows.rows))
    assert (real[there] > fake[there]).mean() > 0.9
    alone = model.rows.realism(grids.rows_of(rows))
    np.testing.assert_allclose(real[~there], alone[~there], atol=1e-6)
    assert model.realism(rows.take(np.arange(0))).shape == (0,)


def test_a_model_is_rebuilt(model):
    again = from_state(SPECS, model.state())
    first, second = draw(model, 20), draw(again, 20)
    for name in ("a", "x", "g", "there"):
        np.testing.assert_array_equal(first[name], second[name])
    np.testing.assert_allclose(again.realism(first), model.realism(first))
    assert isinstance(again, Painted)
    assert not [array for array in model.state().arrays.values() if 300 in array.shape]


def test_the_same_seed_gives_the_same_rows(model):
    np.testing.assert_array_equal(draw(model, 30)["g"], draw(model, 30)["g"])
    assert draw(model, 0)["g"].shape == (0, 64, 1)


def test_no_density(model):
    with pytest.raises(ConfigError, match="no density"):
        model.log_prob(made(5))


def test_grids_alone_are_learned():
    grid = Real("g", 64, 1, None, (8, 8))
    codes = np.arange(120) % 2
    blocks = Blocks((grid,), {"g": pictures(codes, np.random.default_rng(0))}, 120)
    model = fit(blocks, config=replace(CONFIG, grid_updates=40), rng=np.random.default_rng(0), budget=ONE)
    again = from_state((grid,), model.state())
    np.testing.assert_array_equal(draw(again, 20)["g"], draw(model, 20)["g"])
    assert model.realism(blocks).shape == (120,)
    with pytest.raises(ConditionError, match="no block"):
        draw(model, 20, given={"a": CategoryEvidence(codes=np.zeros(20, np.int32))})


def test_texts_beside_grids_are_refused():
    blocks = made(20)
    specs, arrays = (*SPECS, Tokens("t", 5, 4)), {**blocks.arrays, "t": np.zeros((20, 4), np.int32)}
    with pytest.raises(ConfigError, match="does not model"):
        fit(Blocks(specs, arrays, 20), config=CONFIG, rng=np.random.default_rng(0), budget=ONE)


def test_what_is_heavy_weighs():
    blocks = made()
    weights = np.where(blocks["a"] == 1, 1.0, 1e-6)
    options = painting.Options((8,), 60, 1.0, 2, 2)
    painter, _ = Painter.learn(
        blocks, options, rng=np.random.default_rng(0), weights=weights, budget=ONE, on_progress=print
    )
    shown = painter.paint(grids.rows_of(blocks), np.random.default_rng(0))["g"]
    assert not above(shown[blocks["there"] == 1]).any()


def test_grids_that_are_alike_are_told():
    blocks = made()
    same = np.repeat(blocks["g"][blocks["there"] == 1][:1], blocks.rows, axis=0)
    (note,) = painting.alike(blocks, Blocks(SPECS, {**blocks.arrays, "g": same}, blocks.rows))
    assert "'g' vary 0% as much" in note
    assert painting.alike(blocks, made(seed=1)) == ()
    assert painting.alike(blocks.take(np.arange(9)), blocks) == ()


def test_blocks_are_divided():
    assert [spec.name for spec in grids.rest_of(SPECS)] == ["a", "x", "there"]
    assert set(grids.rows_of(made(5)).arrays) == {"a", "x", "there"}


@pytest.mark.parametrize(
    ("json", "arrays"),
    [
        ({"channels": []}, {}),
        ({"channels": [8, 10**6]}, {}),
        ({"channels": [8] * 9}, {}),
        ({"channels": ["x"]}, {}),
        ({"channels": None}, {}),
        ({"channels": [16, 16]}, {}),
        ({"waves": 0}, {}),
        ({"waves": 10**9}, {}),
        ({"looks": [0.0, -1.0]}, {}),
        ({"looks": [0.0]}, {}),
        ({}, {"grids.net.makers.0.leave.bias": np.full(1, np.nan, np.float32)}),
        ({}, {"grids.critic.alone.0.weight": np.zeros((1, 5), np.float32)}),
    ],
)
def test_a_damaged_state_is_refused(model, json, arrays):
    state = model.state()
    wrong = {**state.json, "grids": {**state.json["grids"], **json}}
    with pytest.raises(ArtifactError):
        from_state(SPECS, State(wrong, {**state.arrays, **arrays}))


def test_a_state_of_other_blocks_is_refused(model):
    state = model.state()
    for json in ({"rows": None}, {"notes": 3}, {"grids": None}):
        with pytest.raises(ArtifactError):
            from_state(SPECS, State({**state.json, **json}, state.arrays))
    with pytest.raises(ArtifactError):
        from_state((GRID,), state)
