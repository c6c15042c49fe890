"""Makers of grids against a judge of rows and grids: shapes, losses, shifts, and what is not there."""

import math

import numpy as np
import pytest
import torch

from reverie.nn import contest
from reverie.nn.contest import LATENT, Contest, Judge, Maker, Makers
from reverie.nn.gan import Features, Form
from reverie.nn.towers import Grid

FORM = Form((2, 3), np.zeros((5, 1)), np.ones(1), np.full((5, 1), np.nan))
GRIDS = (Grid(1, 8, 12), Grid(3, 20, 18, gate=1, code=2))


@pytest.fixture
def noise():
    return torch.Generator().manual_seed(0)


def batch(rows=8, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {
        "codes": np.stack([rng.integers(2, size=rows), rng.integers(3, size=rows)], axis=1).astype(np.int32),
        "numbers": rng.normal(size=(rows, 1)).astype(np.float32),
        "grid0": rng.normal(size=(rows, 1, 8, 12)).astype(np.float32),
        "grid1": rng.normal(size=(rows, 3, 20, 18)).astype(np.float32),
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def pair(grids=GRIDS, **options):
    torch.manual_seed(0)
    return Contest(Features(FORM, 2), grids, (8, 16), **options)


@pytest.mark.parametrize(
    "grid", [Grid(1, 8, 8), Grid(2, 28, 20), Grid(3, 64, 48), Grid(1, 17, 5), Grid(4, 128, 8)]
)
def test_grids_of_any_size_are_made_and_seen(grid):
    made = Maker(grid, (8, 8, 16), 5, 4)(torch.randn(3, 5), torch.randn(3, 4))
    assert made.shape == (3, grid.channels, grid.high, grid.wide)
    assert made.dtype == torch.float32
    (shown,) = Judge((grid,), (8, 8, 16), 5).look([made])
    assert shown.shape == (3, contest.FEATURES)
    assert shown.dtype == torch.float32


def test_all_grids_of_a_row_are_of_one_noise(noise):
    makers, told = Makers((GRIDS[0], GRIDS[0]), (8,), 3), torch.randn(4, 3)
    for maker in makers.makers:
        maker.load_state_dict(makers.makers[0].state_dict())
    one, other = makers(told, noise)
    torch.testing.assert_close(one, other)
    drawn = torch.randn(4, LATENT, generator=noise.manual_seed(0))
    torch.testing.assert_close(makers.makers[0](told, drawn), one)


def test_a_judge_multiplies_what_is_there():
    torch.manual_seed(1)
    judge, told = Judge(GRIDS, (8,), 4), torch.randn(2, 4)
    shown = [torch.randn(2, contest.FEATURES) for _ in GRIDS]
    both, first, none = (
        judge(told, shown, torch.tensor([marks, marks])) for marks in ([1, 1], [1, 0], [0, 0])
    )
    scale, (turned,) = contest.FEATURES**-0.5, judge.turned
    parts = [
        judge.alone[at](part)[:, 0] + scale * (part * judge.rows[at](told)).sum(1)
        for at, part in enumerate(shown)
    ]
    assert not none.any()
    torch.testing.assert_close(first, parts[0])
    torch.testing.assert_close(both, sum(parts) + scale * (turned(shown[0]) * shown[1]).sum(1))


def test_losses_are_of_rows_and_of_one_network_at_a_time(noise):
    task = pair(penalty=1.0)
    for turn, other in (("critic", task.net), ("net", task.critic)):
        task.zero_grad(set_to_none=True)
        task.begin(turn, noise)
        losses = task.losses(turn, batch(), noise)
        assert losses.shape == (8,)
        losses.mean().backward()
        assert all(weight.grad is None for weight in other.parameters())
        assert all(weight.grad is not None for weight in getattr(task, turn).parameters())
    assert task.learned == 1


def test_penalty_is_half_the_squared_slopes(noise, monkeypatch):
    """A linear judge of slope w pays |w|^2 / 2 at the real grid and as much at the one made."""
    monkeypatch.setattr(contest, "DOUBTED", 0.0)
    task, rows = pair(GRIDS[:1], penalty=3.0, lazy=2), batch()

    class Linear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = torch.nn.Parameter(torch.randn(96))

        def look(self, parts, *, exact=False):
            return [parts[0].flatten(1)]

        def forward(self, told, shown, there):
            return shown[0] @ self.slope

    task.critic = Linear()
    task.eval()
    told, there, real = task.told(rows), task.there(rows), task.parts(rows)[0]
    found = []
    for task.steep in (True, False):
        found.append(task._doubt(told, there, [(real, real.clone())], noise))
    torch.testing.assert_close(found[1], torch.full((8,), math.log(2.0)))
    slope = task.critic.slope.square().sum()
    torch.testing.assert_close(found[0] - found[1], (3.0 * 2 * slope).expand(8))


def test_rows_without_a_grid_cost_nothing_of_it(noise):
    task, rows = pair(GRIDS[1:]), batch(40)
    absent = rows["codes"][:, 1] != 2
    assert torch.equal(task.there(rows)[:, 0], ~absent)
    rows["grid0"] = rows["grid1"]
    losses = task.losses("net", rows, noise)
    torch.testing.assert_close(losses[absent], torch.full_like(losses[absent], math.log(2.0)))
    assert (losses[~absent] != math.log(2.0)).any()
    assert not task.held_out(rows, noise)[absent].any()


def test_a_wrong_row_is_doubted_where_both_have_the_grid(noise):
    task, rows = pair(GRIDS[1:]), batch(40)
    rows["grid0"] = rows["grid1"]
    told, there = task.told(rows), task.there(rows)
    shown = task.critic.look(task.parts(rows))
    looks = task.critic(told, shown, there)
    found = task._crossed(told, shown, there, looks, noise)
    assert not found[~there[:, 0]].any()
    assert found[there[:, 0]].any()


def test_real_and_made_grids_are_moved_alike_and_their_edge_is_repeated(noise):
    real = torch.arange(96.0).reshape(1, 1, 8, 12).repeat(400, 1, 1, 1)
    one, other = contest._moved((real, 2 * real), noise)
    torch.testing.assert_close(other, 2 * one)
    same = (one == real).flatten(1).all(1).float().mean()
    assert 1 - contest.SHIFTED < float(same) < 1 - contest.SHIFTED + 0.25
    down = one[:, 0, 0, 5] - one[:, 0, 7, 5]
    assert set(down.unique().tolist()) <= {-84.0, -72.0}
    task = pair()
    task.eval()
    assert task._shifted([(real, real)], noise)[0][0] is real


def test_what_is_told_is_never_nothing():
    nothing = {"codes": torch.zeros(3, 0, dtype=torch.int32), "numbers": torch.zeros(3, 0)}
    form = Form((), np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0)))
    assert Contest(Features(form, 2), GRIDS[:1], (8,)).told(nothing).tolist() == [[1.0]] * 3


def test_a_held_out_score_is_less_for_grids_like_the_real_ones_and_later(noise):
    task, rows = pair(GRIDS[:1]), batch(200)
    del task.net
    scores = []
    for scale in (1.0, 3.0):
        task.net = lambda told, noise, scale=scale: [
            scale * torch.randn(len(told), 1, 8, 12, generator=noise)
        ]
        scores.append(float(task.held_out(rows, noise).mean()))
    assert scores[0] < scores[1]
    first = task.held_out(rows, noise.manual_seed(1))
    task.learned += 1000
    late = task.held_out(rows, noise.manual_seed(1))
    torch.testing.assert_close(late, first * math.exp(-1000 * contest.FORGET))
