"""Rows and grids in one network: what is known of each, and what is learned from."""

import numpy as np
import pytest
import torch

from reverie.nn.diffusion import RowNet
from reverie.nn.joint import Grid, Joint, JointNet, emerge_grid
from reverie.nn.plan import Form, Plan

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


def test_patches_keep_a_networks_grid_small():
    assert [Grid(3, side, side).patch for side in (8, 16, 28, 64, 128)] == [1, 1, 2, 4, 8]
    assert Grid(1, 30, 22).patch == 2
    assert Grid(1, 17, 5).patch == 1


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


def test_what_is_not_seen_is_told_apart_from_what_is(task):
    views = task.net.look([batch()["grid0"], batch()["grid1"]])
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


@torch.no_grad()
def test_guidance_moves_away_from_what_is_not_known(task):
    for weight in task.net.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    known, unknown = torch.ones(2, 16), torch.zeros(2, 16)

    def made(other, guidance):
        noise = torch.Generator().manual_seed(0)
        return emerge_grid(task, 0, known, other, noise, 3, guidance)

    plain = made(None, 0.0)
    assert plain.shape == (2, 1, 8, 8)
    assert torch.allclose(plain, made(unknown, 0.0), atol=1e-5)
    assert not torch.allclose(plain, made(unknown, 2.0), atol=1e-3)
    assert torch.allclose(plain, made(known, 2.0), atol=1e-5)
