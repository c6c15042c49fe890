"""The diffusion family: its options, how rows emerge, guidance, and what a damaged state gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import Budget, State
from reverie.models.families import diffusion
from reverie.models.families.diffusion import Config, fit, from_state
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real

SPECS = (Category("a", 3), Real("x"), Category("kind", 2), Real("z", gate=Gate("kind", 1)), Real("v", 1, 2))
CONFIG = Config(width=32, depth=1, dropout=0.0, batch=128, rate=5e-3)


def made(rows=600):
    rng = np.random.default_rng(0)
    a, kind = rng.integers(3, size=rows), rng.integers(2, size=rows)
    z = np.where(kind == 1, a - 1 + 0.3 * rng.normal(size=rows), np.nan)
    arrays = {"a": a.astype(np.int32), "kind": kind.astype(np.int32), "z": z.reshape(-1, 1, 1)}
    arrays["x"] = (a - 1 + 0.5 * rng.normal(size=rows)).reshape(-1, 1, 1)
    arrays["v"] = 4 + rng.normal(size=(rows, 1, 1)) * np.ones((rows, 1, 2))
    return Blocks(SPECS, {spec.name: arrays[spec.name] for spec in SPECS}, rows)


def learn(blocks, updates, **options):
    before, torch_threads = diffusion.LEAST_UPDATES, torch.get_num_threads()
    diffusion.LEAST_UPDATES = updates
    torch.set_num_threads(1)
    try:
        settings = {"config": CONFIG, "rng": np.random.default_rng(1), "budget": Budget(threads=1)}
        return fit(blocks, **{**settings, **options})
    finally:
        diffusion.LEAST_UPDATES = before
        torch.set_num_threads(torch_threads)


@pytest.fixture(scope="module")
def fitted():
    return learn(made(), 400, config=replace(CONFIG, epochs=1))


def draw(model, n=2000, **options):
    return model.sample(n, rng=np.random.default_rng(2), **options)


def test_numbers_and_vectors_follow_what_they_depend_on(fitted):
    rows = draw(fitted)
    x, v = rows["x"].reshape(-1), rows["v"].reshape(-1, 2)
    for code in range(3):
        assert x[rows["a"] == code].mean() == pytest.approx(code - 1, abs=0.25)
    assert v.mean() == pytest.approx(4, abs=0.2)
    assert np.corrcoef(v.T)[0, 1] > 0.9


def test_rows_emerge_step_by_step(fitted):
    states = list(fitted.trace(50, np.random.default_rng(3)))
    hidden = [int((state["a"] < 0).sum() + (state["kind"] < 0).sum()) for state in states]
    assert len(states) == diffusion.FEW_STEPS
    assert hidden[:2] == [50, 0]  # the gate first
    again = fitted.sample(50, rng=np.random.default_rng(3))
    for name, array in again.arrays.items():
        np.testing.assert_array_equal(states[-1][name], array)
    # Until its gate is open a number is not there.
    assert np.isnan(states[0]["z"]).sum() == (states[0]["kind"] != 1).sum()


def test_guidance_makes_rows_more_typical_of_what_is_given(fitted):
    config = replace(fitted.config, guidance=2.0)
    guided = diffusion.Diffusion(fitted.layout, fitted.task, config)
    given = {"a": CategoryEvidence(codes=np.full(1000, 2, np.int32))}
    plain, more = (draw(model, 1000, given=given)["x"] for model in (fitted, guided))
    assert more.mean() > plain.mean() + 0.1


def test_few_evaluations_are_kept(fitted):
    few = diffusion.Diffusion(fitted.layout, fitted.task, replace(fitted.config, evaluations=3))
    assert len(list(few.trace(5, np.random.default_rng(0)))) == 3


def test_chunks_change_neither_rows_nor_their_number(fitted, monkeypatch):
    monkeypatch.setattr(diffusion, "CHUNK", 64)
    assert draw(fitted, 150).rows == 150
    assert draw(fitted, 0).rows == 0


def test_only_categories_or_only_numbers():
    for names in (("a", "kind"), ("x", "v")):
        specs = tuple(spec for spec in SPECS if spec.name in names)
        blocks = made(200)
        blocks = Blocks(specs, {name: blocks[name] for name in names}, 200)
        rows = draw(learn(blocks, 20, config=replace(CONFIG, epochs=1)), 10)
        assert rows.specs == specs
        assert all(np.isfinite(array).all() for array in rows.arrays.values())


def test_few_rows_are_passed_over_more_often():
    few, some, many = (diffusion._epochs(rows, 512) for rows in (500, 10_000, 100_000))
    assert many < some < few


def test_it_gives_no_probabilities(fitted):
    with pytest.raises(ConfigError, match="no probabilities"):
        fitted.log_prob(made(5))


@pytest.mark.parametrize(
    "change",
    [
        {"evaluations": 10**9},
        {"evaluations": 0},
        {"depth": 2},
        {"bend": float("nan")},
        {"unheard": 1},
        {"dropout": "x"},
    ],
)
def test_damaged_config_is_refused(fitted, change):
    state = fitted.state()
    damaged = State({**state.json, "config": {**state.json["config"], **change}}, state.arrays)
    with pytest.raises(ArtifactError):
        from_state(SPECS, damaged)


@pytest.mark.parametrize("name", ["mean", "net.last.weight", "net.waves"])
def test_damaged_arrays_are_refused(fitted, name):
    state = fitted.state()
    arrays = {**state.arrays, name: np.asarray(state.arrays[name]) * np.nan}
    with pytest.raises(ArtifactError):
        from_state(SPECS, State(state.json, arrays))
    with pytest.raises(ArtifactError):
        from_state(SPECS, State(state.json, {**state.arrays, name: np.zeros((2, 2))}))
