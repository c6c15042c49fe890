"""The GAN's own promises: realism, signs of collapse told in notes, and a state that is checked."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import Budget, State
from reverie.models.families import gan
from reverie.models.families.gan import Config, fit, from_state
from reverie.nn.gan import Generator
from reverie.schema.blocks import Blocks, Category, Gate, Real, Tokens

SPECS = (Category("a", 3), Real("x"), Category("kind", 2), Real("z", gate=Gate("kind", 1)))
SMALL = Config(width=48, latent=16, batch=128, epochs=15, steps=250, lessons=150)
ONE = Budget(threads=1, device="cpu")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(rows=800, seed=0):
    """x follows a closely, z follows x."""
    rng = np.random.default_rng(seed)
    a, kind = rng.integers(3, size=rows), rng.integers(2, size=rows)
    x = (a - 1) * 1.1 + 0.4 * rng.normal(size=rows)
    z = np.where(kind == 1, 0.8 * x + 0.5 * rng.normal(size=rows), np.nan)
    arrays = {"a": a.astype(np.int32), "kind": kind.astype(np.int32)}
    return Blocks(SPECS, arrays | {"x": x.reshape(-1, 1, 1), "z": z.reshape(-1, 1, 1)}, rows)


def learn(blocks, **changes):
    return fit(blocks, config=replace(SMALL, **changes), rng=np.random.default_rng(0), budget=ONE)


@pytest.fixture(scope="module")
def fitted():
    return learn(made())


def test_real_rows_look_more_real_than_shuffled_ones(fitted):
    fresh = made(seed=1)
    mixed = np.random.default_rng(2).permutation(fresh.rows)
    shuffled = Blocks(SPECS, {**fresh.arrays, "a": fresh["a"][mixed]}, fresh.rows)
    real, fake = fitted.realism(fresh), fitted.realism(shuffled)
    assert ((real >= 0) & (real <= 1)).all()
    assert np.median(real) == pytest.approx(0.5, abs=0.15)
    wrong = fresh["a"] != shuffled["a"]
    assert np.mean(real[wrong] > fake[wrong]) > 0.75
    assert fitted.realism(fresh.take(np.arange(0))).shape == (0,)


def test_a_healthy_generator_has_no_notes(fitted):
    assert fitted.notes == ()


def test_collapse_is_told(monkeypatch):
    """A generator that pays no heed to its noise makes one row over and over."""
    whole = Generator.forward
    monkeypatch.setattr(Generator, "forward", lambda net, latents: whole(net, 0 * latents))
    monkeypatch.setattr(gan, "SEEN", 1000)
    (note,) = learn(made()).notes
    assert "the generator has collapsed" in note
    assert "'x' varies" in note


def test_no_density(fitted):
    with pytest.raises(ConfigError, match="no density"):
        fitted.log_prob(made(5))


def test_vectors_and_tokens_are_refused():
    for spec, array in (
        (Real("v", 2, 3), np.zeros((9, 2, 3))),
        (Tokens("t", 5, 4), np.zeros((9, 4), np.int32)),
    ):
        with pytest.raises(ConfigError, match="does not model") as caught:
            learn(Blocks((spec,), {spec.name: array}, 9))
        assert caught.value.where == spec.name


def test_notes_are_in_the_state(fitted):
    state = fitted.state()
    again = from_state(SPECS, State({**state.json, "notes": ["told"]}, state.arrays))
    assert again.notes == ("told",)
    rows = made(20)
    np.testing.assert_allclose(again.realism(rows), fitted.realism(rows), rtol=1e-5)


def test_drafts_are_chosen_where_rows_are_enough_to_learn_it():
    rows = made(4_000)
    assert learn(rows).finish.drafts == SMALL.drafts
    assert learn(rows, drafts=1).finish.chooser is None


@pytest.mark.parametrize(
    ("json", "arrays"),
    [
        ({"waves": 0}, {}),
        ({"waves": 10**9}, {}),
        ({"looks": [0.0, 0.0]}, {}),
        ({"finish": {"fine": [[8, 8]], "drafts": 1}}, {}),
        ({}, {"shift": np.zeros(3)}),
        ({}, {"net.out.bias": np.full(7, np.nan, np.float32)}),
        ({}, {"made.0": np.zeros(9)}),
        ({}, {"wanted.1.tails": np.zeros(2)}),
        ({}, {"net.first.weight": np.zeros(4)}),
    ],
)
def test_a_damaged_state_is_refused(fitted, json, arrays):
    state = fitted.state()
    with pytest.raises(ArtifactError):
        from_state(SPECS, State(state.json | json, {**state.arrays, **arrays}))
