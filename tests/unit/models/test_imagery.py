"""Grids in a latent space of rows: any part given, rows varied, ways between two."""

import json

import numpy as np
import pytest

from reverie.core.errors import ArtifactError, ConfigError
from reverie.dp.account import Account, Privacy
from reverie.models import imagery
from reverie.models.base import Budget, State, Varying
from reverie.models.families.vae import Config, fit, from_state
from reverie.models.secret import Secret
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence, Tokens

GRID = Real("g", 64, 1, Gate("there", 1), (8, 8))
SPECS = (Category("a", 2), GRID, Category("there", 2), Real("x"))
CONFIG = Config(
    width=32, depth=1, bins=16, parts=4, components=4, grid_latents=6, channels=(8, 16), grid_updates=120,
    grid_training={
        "batch": 64, "least_batch": 32, "rate": 8e-3, "clip": 100.0, "average": 0.97, "judged": 64,
    },
)  # fmt: skip


def pictures(codes, rng):
    """Light above where the code is 0, and below where it is 1."""
    light = np.zeros((len(codes), 8, 8))
    light[codes == 0, :4], light[codes == 1, 4:] = 2.0, 2.0
    return (light - 1 + 0.1 * rng.normal(size=light.shape)).reshape(-1, 64, 1).astype(np.float32)


def made(rows, seed):
    """Pictures of the code, some of which are missing, and a number that is above 0 for code 1."""
    rng = np.random.default_rng(seed)
    a, there = rng.integers(2, size=rows).astype(np.int32), (rng.random(rows) < 0.9).astype(np.int32)
    grid = pictures(a, rng)
    grid[there == 0] = np.nan
    x = (2.0 * a - 1 + 0.3 * rng.normal(size=rows)).reshape(-1, 1, 1)
    return Blocks(SPECS, {"a": a, "there": there, "x": x, "g": grid}, rows)


@pytest.fixture(scope="module")
def model():
    return fit(made(400, 0), config=CONFIG, rng=np.random.default_rng(1), budget=Budget(threads=1))


def draw(model, n=200, **given):
    return model.sample(n, rng=np.random.default_rng(2), given=given)


def above(grid):
    """Which pictures are lighter above, of those that are there."""
    halves = grid.reshape(-1, 2, 32).mean(2)
    return halves[:, 0] > halves[:, 1]


def gap(one, other):
    return float(np.nanmean(np.abs(one["g"] - other["g"])))


def codes(*allowed):
    return CategoryEvidence(allowed=np.isin(np.arange(2), allowed))


def test_grids_show_what_rows_say(model):
    rows = draw(model)
    there = rows["there"] == 1
    assert rows.specs == SPECS
    assert set(rows.arrays) == {spec.name for spec in SPECS}
    assert rows["g"].dtype == np.float32
    assert 0.8 < there.mean() < 0.98
    assert np.isnan(rows["g"][~there]).all()
    assert np.isfinite(rows["g"][there]).all()
    assert (above(rows["g"][there]) == (rows["a"][there] == 0)).mean() > 0.95
    assert ((rows["x"].ravel() > 0) == (rows["a"] == 1)).mean() > 0.9


def test_a_label_gives_grids(model):
    rows = draw(model, a=codes(1), there=codes(1))
    assert above(rows["g"]).mean() < 0.05
    wanted = (np.arange(200) % 2).astype(np.int32)
    rows = draw(model, a=CategoryEvidence(codes=wanted), there=codes(1))
    assert (above(rows["g"]) == (wanted == 0)).mean() > 0.95


def test_given_grids_tell_the_rest_of_the_row(model):
    wanted = np.arange(100) % 2
    grid = pictures(wanted, np.random.default_rng(3))
    rows = draw(model, 100, g=RealEvidence(values=grid), there=codes(1))
    assert (rows["a"] == wanted).mean() > 0.95
    assert ((rows["x"].ravel() > 0) == (wanted == 1)).mean() > 0.9
    np.testing.assert_array_equal(rows["g"], grid)


def test_one_grid_can_be_given_for_all_rows_with_other_conditions(model):
    grid = pictures(np.array([1]), np.random.default_rng(3))
    rows = draw(model, 60, g=RealEvidence(values=grid), there=codes(1), x=RealEvidence(low=1.0))
    assert (rows["a"] == 1).mean() > 0.95
    assert (rows["g"] == grid).all()
    assert (rows["x"] >= 1.0).all()


def test_where_grids_are_not_known_known_cells_tell(model):
    """Of each row another part is known; none is drawn against what was known of it."""
    wanted = (np.arange(80) % 2).astype(np.int32)
    grid = pictures(wanted, np.random.default_rng(3))
    grid[40:] = np.nan
    given = np.where(np.arange(80) < 40, -1, wanted).astype(np.int32)
    rows = draw(model, 80, g=RealEvidence(values=grid), a=CategoryEvidence(codes=given), there=codes(1))
    np.testing.assert_array_equal(rows["g"][:40], grid[:40])
    assert (above(rows["g"]) == (wanted == 0)).mean() > 0.9
    assert (rows["a"] == wanted).mean() > 0.95


def test_what_is_known_of_a_row_is_not_counted_twice(model):
    """Drawn near cells that are known, latents weigh as if they had been drawn without."""
    space, partial = model.rows, model.rows.begin(20_000, np.random.default_rng(0))
    mean, scale = np.zeros(6), np.ones(6)
    moved = np.stack([mean + 0.5, 0.9 * scale, mean, scale])
    evidence = imagery.Posterior(values=np.broadcast_to(moved, (20_000, 4, 6)))
    drawn, logp = space.draw(partial, imagery.LATENT, np.random.default_rng(1), evidence)
    weight = np.exp(logp)
    assert weight.mean() == pytest.approx(1.0, abs=0.1)
    assert np.average(drawn[:, 0], weights=weight, axis=0) == pytest.approx(mean, abs=0.1)
    blind = np.stack([mean, scale, np.full(6, np.nan), np.full(6, np.nan)])
    evidence = imagery.Posterior(values=np.broadcast_to(blind, (20_000, 4, 6)))
    drawn, logp = space.draw(partial, imagery.LATENT, np.random.default_rng(1), evidence)
    found = model.prior.log_density(drawn[:, 0])
    normal = -0.5 * np.square(drawn[:, 0]).sum(1) - 3 * np.log(2 * np.pi)
    np.testing.assert_allclose(logp, found - normal, rtol=1e-6)


def test_variations_go_farther_the_stronger_they_are(model):
    some = made(60, 5)
    assert isinstance(model, Varying)
    near, mid, far = (model.vary(some, strength, np.random.default_rng(2)) for strength in (0.0, 0.3, 1.0))
    assert gap(near, some) < 0.15
    assert gap(near, some) < gap(far, some)
    assert gap(mid, near) < gap(far, near)
    assert (near["a"] == some["a"]).mean() > 0.95
    assert np.array_equal(np.isnan(near["g"]).any((1, 2)), near["there"] == 0)


def test_ways_go_from_end_to_end(model):
    some = made(60, 5)
    some = some.take(some["there"] == 1)
    left, right = (some.take(np.flatnonzero(some["a"] == code)[:4]) for code in (0, 1))
    way = model.interpolate(left, right, 7, np.random.default_rng(0))
    assert way.rows == 28
    assert gap(way.take(np.arange(0, 28, 7)), left) < 0.15
    assert gap(way.take(np.arange(6, 28, 7)), right) < 0.15
    light = way["g"].reshape(4, 7, 2, 32).mean(3)
    lean = np.nanmean(light[:, :, 0] - light[:, :, 1], axis=0)
    assert lean[0] > 1 > -1 > lean[-1]
    assert (np.diff(lean) < 0.2).all()


def test_rows_of_which_nothing_is_there(model):
    assert draw(model, 0)["g"].shape == (0, 64, 1)
    given = RealEvidence(values=pictures(np.array([1]), np.random.default_rng(3)))
    assert draw(model, 0, g=given)["g"].shape == (0, 64, 1)
    missing = draw(model, 30, there=codes(0))
    assert np.isnan(missing["g"]).all()


def test_no_density_and_no_guidance_are_claimed(model):
    with pytest.raises(ConfigError, match="no probabilities of rows with pictures"):
        model.log_prob(made(3, 0))
    with pytest.raises(ConfigError, match="not guided"):
        model.guided(1.0)


def test_a_model_is_rebuilt_with_its_grids(model):
    state = model.state()
    again = from_state(SPECS, State(json.loads(json.dumps(state.json)), state.arrays))
    given = {"g": RealEvidence(values=pictures(np.array([0]), np.random.default_rng(3)))}
    for one in ({}, given):
        np.testing.assert_array_equal(draw(again, 20, **one)["g"], draw(model, 20, **one)["g"])
    assert not [name for name, array in state.arrays.items() if 400 in array.shape]


@pytest.mark.parametrize(
    ("json_", "arrays"),
    [
        ({"channels": [-8, 16]}, {}),
        ({"channels": [8, 24]}, {}),
        ({"channels": [8] * 9}, {}),
        ({"channels": ["x"]}, {}),
        ({"channels": 8}, {}),
        ({"channels": []}, {}),
        ({"sizes": [10**9, 32, 1]}, {}),
        ({"sizes": [6, 32, 10**9]}, {}),
        ({}, {"net.imagery.absent": np.full((1, 32), np.nan)}),
        ({}, {"net.imagery.showers.0.start.weight": np.zeros((3, 6))}),
    ],
)
def test_states_that_make_no_sense_are_no_model(model, json_, arrays):
    state = model.state()
    with pytest.raises(ArtifactError):
        from_state(SPECS, State({**state.json, **json_}, {**state.arrays, **arrays}))
    del state.json["channels"]
    with pytest.raises(ArtifactError):
        from_state(SPECS, state)


def test_grids_alone_are_learned():
    rng, specs = np.random.default_rng(0), (Real("g", 64, 1, None, (8, 8)), Real("h", 16, 2, None, (4, 4)))
    arrays = {"g": pictures(np.zeros(80, int), rng), "h": rng.normal(size=(80, 16, 2)).astype(np.float32)}
    config = Config(**{**vars(CONFIG), "grid_updates": 30})
    model = fit(Blocks(specs, arrays, 80), config=config, rng=rng, budget=Budget(threads=1))
    rows = draw(model, 20)
    assert set(rows.arrays) == {"g", "h"}
    assert above(rows["g"]).mean() > 0.8
    known = draw(model, 20, h=RealEvidence(values=arrays["h"][:20]))
    np.testing.assert_array_equal(known["h"], arrays["h"][:20])
    assert from_state(specs, model.state()).specs == specs


def test_hardly_any_time_still_makes_rows():
    budget = Budget(seconds=0.2, threads=1)
    model = fit(made(60, 0), config=CONFIG, rng=np.random.default_rng(1), budget=budget)
    rows = draw(model, 5)
    assert rows.rows == 5
    assert np.array_equal(np.isnan(rows["g"]).any((1, 2)), rows["there"] == 0)


def test_rows_are_told_from_grids():
    assert imagery.own_specs(SPECS) == (SPECS[0], SPECS[2], SPECS[3])
    assert imagery.own_specs((GRID,)) == (Category(imagery.NOTHING, 1),)
    own = imagery.own_blocks(made(5, 0))
    assert [spec.name for spec in own.specs] == ["a", "there", "x"]
    assert imagery.own_blocks(Blocks((GRID,), {"g": np.zeros((5, 64, 1))}, 5)).rows == 5
    variables = Variables.learn(own, 16, 4)
    (form,) = imagery.forms(SPECS, variables)
    assert (form.gate, form.code) == (variables.first["there"], 1)


def test_grids_are_not_learned_privately():
    secret = Secret(made(20, 0), Account(Privacy(1.0)))
    with pytest.raises(ConfigError, match="vectors or tokens"):
        fit(made(20, 0), config=CONFIG, rng=np.random.default_rng(0), budget=Budget(secret=secret))


@pytest.mark.parametrize("spec", [Real("v", 2, 3), Tokens("t", 300, 4)])
def test_vectors_without_places_and_texts_are_refused(spec):
    blocks = made(20, 0)
    array = np.zeros((20, 4), np.int32) if isinstance(spec, Tokens) else np.zeros((20, 2, 3))
    more = Blocks((*SPECS, spec), {**blocks.arrays, spec.name: array}, 20)
    with pytest.raises(ConfigError, match="vectors or tokens"):
        fit(more, config=CONFIG, rng=np.random.default_rng(0))
