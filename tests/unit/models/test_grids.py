"""Grids beside rows: learned jointly, each given the other."""

import numpy as np
import pytest

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models import grids
from reverie.models.base import Budget, State
from reverie.models.families import marginals, trees
from reverie.models.families.diffusion import Config, fit, from_state
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence

GRID = Real("g", 64, 1, Gate("there", 1), (8, 8))
SPECS = (Category("a", 2), Category("there", 2), GRID)
CONFIG = Config(width=32, depth=1, dropout=0.0, rate=5e-3, channels=(8, 16), grid_updates=500, grid_steps=8)


def pictures(codes, rng):
    """Light above where the code is 0, and below where it is 1."""
    light = np.zeros((len(codes), 8, 8))
    light[codes == 0, :4], light[codes == 1, 4:] = 2.0, 2.0
    return (light - 1 + 0.1 * rng.normal(size=light.shape)).reshape(-1, 64, 1).astype(np.float32)


def made(rows=400):
    rng = np.random.default_rng(0)
    a, there = rng.integers(2, size=rows).astype(np.int32), (rng.random(rows) < 0.9).astype(np.int32)
    grid = pictures(a, rng)
    grid[there == 0] = np.nan
    return Blocks(SPECS, {"a": a, "there": there, "g": grid}, rows)


@pytest.fixture(scope="module")
def model():
    return fit(made(), config=CONFIG, rng=np.random.default_rng(1), budget=Budget(threads=1))


def draw(model, n=200, **options):
    return model.sample(n, rng=np.random.default_rng(2), **options)


def above(grid):
    """Which pictures are lighter above, of those that are there."""
    halves = grid.reshape(-1, 2, 32).mean(2)
    return halves[:, 0] > halves[:, 1]


def test_grids_show_what_rows_say(model):
    rows = draw(model)
    there = rows["there"] == 1
    assert rows.specs == SPECS
    assert 0.8 < there.mean() < 0.98
    assert np.isnan(rows["g"][~there]).all()
    assert (above(rows["g"][there]) == (rows["a"][there] == 0)).mean() > 0.9


def test_rows_say_what_given_grids_show(model):
    wanted = np.arange(100) % 2
    given = {"g": RealEvidence(values=pictures(wanted, np.random.default_rng(3)))}
    rows = draw(model, 100, given={**given, "there": CategoryEvidence(allowed=np.array([False, True]))})
    assert (rows["a"] == wanted).mean() > 0.9
    np.testing.assert_array_equal(rows["g"], given["g"].values)


def test_one_grid_can_be_given_for_all_rows(model):
    given = {"g": RealEvidence(values=pictures(np.array([1]), np.random.default_rng(3)))}
    rows = draw(model, 50, given=given)
    assert (rows["a"] == 1).mean() > 0.9
    assert (rows["g"][rows["there"] == 1] == given["g"].values).all()


def test_grids_are_made_where_some_are_free(model):
    values = pictures(np.zeros(20, int), np.random.default_rng(3))
    values[10:] = np.nan
    codes = CategoryEvidence(codes=np.ones(20, np.int32))
    rows = draw(model, 20, given={"g": RealEvidence(values=values), "there": codes})
    np.testing.assert_array_equal(rows["g"][:10], values[:10])
    assert np.isfinite(rows["g"][10:]).all()


def test_a_model_is_rebuilt_with_its_grids(model):
    again = from_state(SPECS, model.state())
    np.testing.assert_array_equal(draw(again, 10)["g"], draw(model, 10)["g"])


def test_no_rows(model):
    assert draw(model, 0)["g"].shape == (0, 64, 1)


def test_grids_alone_are_learned():
    grid = Real("g", 64, 1, None, (8, 8))
    blocks = Blocks((grid,), {"g": pictures(np.zeros(100, int), np.random.default_rng(0))}, 100)
    config = Config(width=16, depth=1, channels=(8, 16), grid_updates=60, grid_steps=6)
    model = fit(blocks, config=config, rng=np.random.default_rng(0), budget=Budget(threads=1))
    assert above(draw(model, 20)["g"]).mean() > 0.8


@pytest.mark.parametrize("family", [marginals, trees])
def test_families_without_grids_refuse_them(family):
    with pytest.raises(ConfigError, match="vectors"):
        family.fit(made(50), config=family.Config(), rng=np.random.default_rng(0))


def test_blocks_are_divided():
    assert [spec.name for spec in grids.grids_of(SPECS)] == ["g"]
    assert grids.arrays_of(made(5))["grid0"].shape == (5, 1, 8, 8)


@pytest.mark.parametrize(
    "options",
    [
        {"channels": [-8]},
        {"channels": [10**6]},
        {"channels": [8] * 9},
        {"channels": ["x"]},
        {"grid_steps": 10**9},
        {"grid_steps": 0},
        {"grid_guidance": float("nan")},
    ],
)
def test_options_that_make_no_sense_are_no_model(model, options):
    state = model.state()
    wrong = State({**state.json, "config": {**state.json["config"], **options}}, state.arrays)
    with pytest.raises(ArtifactError, match="not a model of this family"):
        from_state(SPECS, wrong)


def test_grids_of_many_numbers_have_wider_networks() -> None:
    small, large = Real("p", 784, 1, grid=(28, 28)), Real("q", 256, 4, grid=(16, 16))
    assert grids.usual((small,)) == grids.WIDTHS
    assert grids.guidance((small,)) < grids.guidance((small, large))
    assert grids.usual((small, large)) == grids.WIDER


def test_a_budget_of_time_ends_learning_and_not_a_number_of_steps() -> None:
    assert grids.updates(None, 100, Budget()) == 100
    assert grids.updates(None, 100, Budget(seconds=1.0)) > 100
    assert grids.updates(7, 100, Budget(seconds=1.0)) == 7
