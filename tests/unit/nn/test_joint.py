"""Rows, grids and texts in one network: what is known of each, and what is learned from."""

import numpy as np
import pytest
import torch

from reverie.nn.diffusion import RowNet
from reverie.nn.joint import ALONE, DRAWS, WRITTEN, Joint, JointNet, _varied, emerge_grid
from reverie.nn.plan import Form, Plan
from reverie.nn.texts import Scale, Text
from reverie.nn.towers import Grid

FORM = Form((3, 2), np.array([0]), np.array([-1]), np.array([0]))
GRIDS = (Grid(1, 8, 8), Grid(2, 8, 4, gate=1, code=1))


@pytest.fixture
def task():
    torch.manual_seed(0)
    rows = RowNet(FORM.sizes, 1, 16, 1, 8, 0.0)
    return Joint(JointNet(rows, GRIDS, (8, 16), 16), FORM, Plan.of(FORM, 4, 1.5), 0.5, GRIDS)


def batch(rows=6):
    draw = torch.Generator().manual_seed(1)
    codes = torch.stack([torch.arange(rows) % 3, torch.arange(rows) % 2], dim=1)
    return {
        "codes": codes,
        "numbers": torch.randn(rows, 1, generator=draw),
        "grid0": torch.randn(rows, 1, 8, 8, generator=draw),
        "grid1": torch.randn(rows, 2, 8, 4, generator=draw),
    }


def test_every_row_has_its_own_cost(task):
    found = task.losses("net", batch(), torch.Generator().manual_seed(0))
    assert found.shape == (6,)
    assert torch.isfinite(found).all()


def test_grids_that_are_absent_cost_nothing_and_tell_nothing(task):
    """What stands in the cells of a grid behind a closed gate changes no cost."""
    task.eval()
    rows = batch()
    other = {**rows, "grid1": rows["grid1"].clone()}
    closed = rows["codes"][:, 1] == 0
    other["grid1"][closed] = 7.0
    costs = [task.losses("net", one, torch.Generator().manual_seed(0)) for one in (rows, other)]
    assert torch.equal(costs[0], costs[1])
    other["grid1"][~closed] = 7.0
    assert not torch.equal(costs[0], task.losses("net", other, torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("kind", ["task", "writer"])
def test_what_rows_are_told_of_is_not_judged(request, kind):
    """Rows are judged as if nothing were known of them, parts as they are learned."""
    task = request.getfixturevalue(kind).eval()
    rows = written() if kind == "writer" else batch()
    with torch.no_grad():
        task.net.absent.normal_(generator=torch.Generator().manual_seed(2))
    parts = task._part_costs
    task._part_costs = lambda *_: torch.zeros(6)
    alone = task.held_out(rows, torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        alone, task.told_losses(rows, torch.Generator().manual_seed(0), task.net.absent.sum(0).expand(6, -1))
    )
    task._part_costs = parts
    whole = task.held_out(rows, torch.Generator().manual_seed(0))
    assert (whole - alone).min() > 0


def test_grids_are_shown_moved_and_with_noise_while_learning(task):
    ramp = torch.arange(16.0).expand(4, 1, 16, 16)
    moves = set()
    for seed in range(60):
        shown = _varied(ramp + ramp.mT, torch.Generator().manual_seed(seed))
        assert shown.shape == ramp.shape
        moves.add(round(float(shown[0].mean() - 15)))
    assert len(moves) > 3
    grid, noise = batch()["grid0"], torch.Generator().manual_seed(0)
    plain = task.eval().net.look(0, grid)
    assert torch.equal(task.net.look(0, grid), plain)
    assert not torch.equal(task.net.look(0, grid, noise), plain)


def test_what_is_not_seen_is_told_apart_from_what_is(task):
    views = torch.stack([task.net.look(at, batch()[f"grid{at}"]) for at in range(2)], dim=1)
    assert views.shape == (6, 2, 16)
    with torch.no_grad():
        task.net.absent.fill_(3.0)
    nothing = task.net.told(views, torch.zeros(6, 2, dtype=torch.bool))
    assert torch.equal(nothing, torch.full((6, 16), 6.0))
    first = task.net.told(views, torch.tensor([[True, False]] * 6))
    assert torch.allclose(first, views[:, 0] + 3.0)


def test_all_parts_are_learned(task):
    task.losses("net", batch(), torch.Generator().manual_seed(0)).sum().backward()
    still = [name for name, weight in task.net.named_parameters() if weight.grad is None]
    assert still == []


def test_rows_are_learned_with_several_draws_of_noise(task, monkeypatch):
    shown, learn = [], task.told_losses

    def spy(batch, noise, told):
        shown.append((batch["codes"], learn(batch, noise, told)))
        return shown[-1][1]

    monkeypatch.setattr(task, "told_losses", spy)
    task.losses("net", batch(), torch.Generator().manual_seed(0))
    task.eval().losses("net", batch(), torch.Generator().manual_seed(0))
    (learned, costs), (judged, _) = shown
    assert torch.equal(learned, batch()["codes"].repeat(DRAWS, 1))
    assert torch.equal(judged, batch()["codes"])
    draws = costs.unflatten(0, (DRAWS, -1))
    assert not torch.equal(draws[0], draws[1])


@torch.no_grad()
def test_guidance_moves_away_from_what_is_not_known(task):
    for weight in task.net.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    known, unknown = torch.ones(2, 16), torch.zeros(2, 16)

    def made(other, guidance):
        noise = torch.Generator().manual_seed(0)
        state = torch.randn((2, 1, 8, 8), generator=noise)
        return emerge_grid(task, 0, known, other, state, 3, guidance)

    plain = made(None, 0.0)
    assert plain.shape == (2, 1, 8, 8)
    assert torch.allclose(plain, made(unknown, 0.0), atol=1e-5)
    assert not torch.allclose(plain, made(unknown, 2.0), atol=1e-3)
    assert torch.allclose(plain, made(known, 2.0), atol=1e-5)


TEXT = Text(300, 12, gate=1, code=1)


@pytest.fixture
def writer():
    """A task of a grid and a text."""
    torch.manual_seed(0)
    rows = RowNet(FORM.sizes, 1, 16, 1, 8, 0.0)
    net = JointNet(rows, GRIDS[:1], (8, 16), 16, (TEXT,), Scale(32, 1, 0.0))
    return Joint(net, FORM, Plan.of(FORM, 4, 1.5), 0.5, GRIDS[:1], (TEXT,))


def written(rows=6):
    codes = torch.arange(12).repeat(rows, 1) + torch.arange(rows)[:, None]
    return {**batch(rows), "text0": codes.masked_fill(torch.arange(12) >= 8, -1)}


def test_texts_and_grids_are_learned_together(writer):
    found = writer.losses("net", written(), torch.Generator().manual_seed(0))
    assert found.shape == (6,)
    found.sum().backward()
    assert [name for name, weight in writer.net.named_parameters() if weight.grad is None] == []


def test_rows_beside_texts_and_no_grids_have_steps_of_their_own(task, writer):
    def turns(rows, form):
        net = JointNet(rows, (), (8, 16), 16, (TEXT,), Scale(32, 1, 0.0))
        beside = Joint(net, form, Plan.of(form, 4, 1.5), 0.5, (), (TEXT,))
        return [(turn.module, turn.times) for turn in beside.turns]

    for one in (task, writer):
        assert [turn.module for turn in one.turns] == ["net"]
    assert turns(RowNet(FORM.sizes, 1, 16, 1, 8, 0.0), FORM) == [("row_net", ALONE), ("net", 1)]
    nothing = Form((), np.zeros(0, int), np.zeros(0, int), np.zeros(0, int))
    assert turns(RowNet((), 0, 16, 1, 8, 0.0), nothing) == [("net", 1)]


def test_a_step_of_rows_alone_looks_at_nothing_else(writer):
    writer.train()
    rows = written()
    other = {**rows, "text0": rows["text0"] + 1, "grid0": rows["grid0"] + 1}
    costs = [writer.losses("row_net", one, torch.Generator().manual_seed(0)) for one in (rows, other)]
    assert costs[0].shape == (6,)
    assert torch.equal(costs[0], costs[1])
    costs[0].sum().backward()
    learned = {name for name, weight in writer.net.named_parameters() if weight.grad is not None}
    assert learned == {f"rows.{name}" for name, _ in writer.row_net.named_parameters()}


def test_texts_that_are_absent_cost_nothing_and_tell_nothing(writer):
    writer.eval()
    rows = written()
    closed = rows["codes"][:, 1] == 0
    other = {**rows, "text0": rows["text0"].clone()}
    other["text0"][closed] = 99
    costs = [writer.losses("net", one, torch.Generator().manual_seed(0)) for one in (rows, other)]
    torch.testing.assert_close(costs[0], costs[1])
    other["text0"][~closed] = 99
    changed = writer.losses("net", other, torch.Generator().manual_seed(0))
    assert (changed - costs[0]).abs().max() > 0.1


def test_some_rows_stand_for_all_where_texts_cost_much(writer):
    """The mean cost of a batch is about the same, whichever rows are written."""
    rows = written(8 * WRITTEN)
    with torch.no_grad():
        writer.train()
        some = [
            float(writer.losses("net", rows, torch.Generator().manual_seed(seed)).mean()) for seed in range(8)
        ]
        assert len(writer._chosen(len(rows["codes"]), torch.Generator())) == WRITTEN
        writer.eval()
        whole = float(writer.losses("net", rows, torch.Generator().manual_seed(0)).mean())
    assert np.mean(some) == pytest.approx(whole, rel=0.15)
