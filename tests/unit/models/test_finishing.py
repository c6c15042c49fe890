"""Finishing: margins as they should be, a chooser only where it helps, and a state that is checked."""

import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError
from reverie.models import finishing, onehot
from reverie.models.finishing import Finish, Margins, put_right, with_chooser
from reverie.nn.drafts import Chooser
from reverie.nn.gan import Generator
from reverie.schema.blocks import Blocks, Category, Gate, Real

SPECS = (Category("a", 3, muted=(2,)), Category("kind", 2), Real("z", gate=Gate("kind", 1)))
FORM = onehot.form_of(SPECS)
ROWS = 2_000


def real(agree, seed=0):
    """`kind` is as `a` in that part of the rows; z is 5 and more."""
    rng = np.random.default_rng(seed)
    a = (rng.random(ROWS) < 0.3).astype(np.int32)
    kind = np.where(rng.random(ROWS) < agree, a, rng.random(ROWS) < 0.3).astype(np.int32)
    z = np.where(kind == 1, 5 + rng.exponential(size=ROWS), np.nan)
    return Blocks(SPECS, {"a": a, "kind": kind, "z": z.reshape(-1, 1, 1)}, ROWS)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Generator(FORM, latent=4, width=16, depth=1).eval()


def finished(net, blocks, train, drafts=8):
    rng, mass = np.random.default_rng(1), np.ones(blocks.rows)
    margins = Margins.of(blocks, mass, rng)
    first = put_right(net, FORM, margins, rng)
    torch.manual_seed(1)
    more = {"blocks": blocks, "mass": mass, "margins": margins, "train": train, "rng": rng}
    return with_chooser(first, net, Chooser(FORM, 2, 16, 1), drafts, **more)


def trained(task, arrays, weights):
    batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
    mass, optimizer = torch.from_numpy(weights), torch.optim.Adam(task.parameters(), lr=0.03)
    for _ in range(80):
        optimizer.zero_grad()
        loss = (task.losses("net", batch, torch.Generator()) * mass).sum() / mass.sum()
        loss.backward()
        optimizer.step()
    return float(loss.detach()) - np.log(2)


def drawn(finish, net, rows=8_000):
    return onehot.placed(SPECS, *finish.rows(net, rows, np.random.default_rng(2)))


@pytest.mark.parametrize("agree", [0.0, 0.8])
def test_margins_are_those_of_real_rows_with_and_without_a_chooser(net, agree):
    blocks = real(agree)
    finish = finished(net, blocks, trained if agree else lambda *_: -0.001)
    assert (finish.chooser is None) == (agree == 0.0)
    made = drawn(finish, net)
    for name in ("a", "kind"):
        wanted = np.bincount(blocks[name], minlength=3) / ROWS
        np.testing.assert_allclose(np.bincount(made[name], minlength=3) / 8_000, wanted, atol=0.03)
    assert 2 not in made["a"]
    ours, theirs = (rows["z"][~np.isnan(rows["z"])] for rows in (made, blocks))
    steps = [0.1, 0.5, 0.9]
    np.testing.assert_allclose(np.quantile(ours, steps), np.quantile(theirs, steps), rtol=0.04)


def test_choosing_makes_columns_agree(net):
    blocks = real(0.8)
    plain, chosen = (drawn(finished(net, blocks, train), net) for train in (lambda *_: -0.001, trained))
    wanted = np.mean(blocks["a"] == blocks["kind"])
    assert np.mean(chosen["a"] == chosen["kind"]) == pytest.approx(wanted, abs=0.05)
    assert np.mean(plain["a"] == plain["kind"]) < wanted - 0.15


def test_rows_without_weight_teach_nothing(net):
    seen = {}
    blocks, mass = real(0.8), np.arange(ROWS) % 2.0
    margins, rng = Margins.of(blocks, mass, np.random.default_rng(0)), np.random.default_rng(1)

    def train(_, arrays, weights):
        seen.update(arrays, weights=weights)
        return 0.0

    first = put_right(net, FORM, margins, rng)
    chooser = Chooser(FORM, 2, 16, 1)
    more = {"blocks": blocks, "mass": mass, "margins": margins, "train": train, "rng": rng}
    assert with_chooser(first, net, chooser, 4, **more) is first
    assert seen["real"].sum() == ROWS // 2
    assert seen["weights"][seen["real"] == 1].sum() == pytest.approx(seen["weights"][seen["real"] == 0].sum())


def test_no_rows_are_no_rows(net):
    codes, numbers = finished(net, real(0.8), trained).rows(net, 0, np.random.default_rng(0))
    assert codes.shape == (0, 2)
    assert numbers.shape == (0, 1)


def test_a_state_gives_the_same_rows(net, monkeypatch):
    monkeypatch.setattr(finishing, "CHUNK", 100)
    finish = finished(net, real(0.8), trained)
    again = Finish.restored(FORM, *finish.state())
    for ours, theirs in zip(
        finish.rows(net, 300, np.random.default_rng(3)),
        again.rows(net, 300, np.random.default_rng(3)),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("json", "arrays"),
    [
        ({"drafts": 1 << 20}, {}),
        ({"drafts": 0}, {}),
        ({"waves": -1}, {}),
        ({"fine": []}, {}),
        ({"fine": [[7, 8]]}, {}),
        ({}, {"shift": np.zeros(3)}),
        ({}, {"shift": np.full(5, np.nan)}),
        ({}, {"made.0": np.zeros(9)}),
        ({}, {"chooser.out.bias": np.full(1, np.inf)}),
    ],
)
def test_a_damaged_state_is_refused(net, json, arrays):
    about, held = finished(net, real(0.8), trained).state()
    with pytest.raises((ValueError, KeyError, ArtifactError)):
        Finish.restored(FORM, about | json, {**held, **arrays})
