"""Grids in a latent space: networks, costs and posteriors of some parts."""

import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from reverie.nn.imagery import (
    LEAST,
    Imagery,
    Pictured,
    PicturedBound,
    Shower,
    Viewer,
    divergence,
    grid_costs,
)
from reverie.nn.rows import Rows
from reverie.nn.towers import Grid
from reverie.nn.train import Training, train
from reverie.nn.vae import Decoder, Encoder

GRID = Grid(1, 8, 8, 1, 1)
"""Present where the second category has code 1."""


def net(latents=3):
    torch.manual_seed(0)
    parts = Encoder((2, 2), 0, latents, 16, 1), Decoder((2, 2), [], latents, 16, 1, (-6.0, 3.0))
    return Pictured(*parts, Imagery([GRID], (8, 16), latents, 16))


def bound(made):
    return PicturedBound(made, [0, 1], [], [], beta=1.0, anneal=1)


def rows(n, seed=0):
    """Light above where the first code is 0, below where it is 1; there in three of four rows."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(2, size=n), rng.random(n) < 0.75], axis=1).astype(np.int32)
    light = np.where((np.arange(8) < 4) == (codes[:, :1] == 0), 1.0, -1.0)[:, None, :, None]
    grid = (light + 0.1 * rng.normal(size=(n, 1, 8, 8))).astype(np.float32)
    grid[codes[:, 1] == 0] = 0.0
    return {"codes": codes, "scores": np.zeros((n, 0), np.float32), "grid0": grid}


def batch(n, seed=0):
    return {name: torch.from_numpy(array) for name, array in rows(n, seed).items()}


def noise():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("grid", [Grid(2, 9, 5), Grid(3, 28, 28), Grid(4, 16, 8)])
def test_grids_of_any_shape_are_seen_and_shown(grid):
    torch.manual_seed(0)
    shape = (3, grid.channels, grid.high, grid.wide)
    assert Viewer(grid, (8, 16), 12)(torch.randn(shape)).shape == (3, 12)
    assert Shower(grid, (8, 16), 5)(torch.randn(3, 5)).shape == shape


def test_places_are_told_apart():
    torch.manual_seed(0)
    view, grid = Viewer(Grid(1, 16, 16), (8, 16), 12), torch.zeros(2, 1, 16, 16)
    grid[0, :, 4:6, 4:6], grid[1, :, 8:10, 8:10] = 3.0, 3.0
    one, other = view(grid).detach()
    assert (one - other).norm() > 0.1 * one.norm()


def test_costs_are_those_of_the_likeliest_variance():
    shown, grid = torch.zeros(50, 1, 8, 8), 0.5 * torch.randn(50, 1, 8, 8, generator=noise())
    found = grid_costs(shown, grid, torch.ones(50, dtype=torch.bool)).sum()

    def cost(scale):
        return float(-Normal(0.0, scale).log_prob(grid).sum() - 50 * 64 * 0.5 * np.log(2 * np.pi))

    best = float(grid.square().mean().sqrt())
    assert float(found) == pytest.approx(cost(best), rel=1e-4)
    assert cost(best) < min(cost(0.9 * best), cost(1.1 * best))


def test_grids_that_are_absent_cost_nothing():
    there, grid = torch.tensor([True, False]), torch.ones(2, 1, 8, 8)
    costs = grid_costs(torch.zeros(2, 1, 8, 8), grid, there)
    assert costs[1] == 0
    assert costs[0] == pytest.approx(32)
    assert torch.isfinite(grid_costs(grid, grid, ~there & there)).all()
    assert grid_costs(grid, grid, there)[0] == pytest.approx(32 * np.log(LEAST), rel=1e-5)


def test_divergence_is_that_of_normals():
    mean, scale, other, wide = torch.randn(4, 6, 3, generator=noise()).unbind()
    one, two = (Independent(Normal(*pair), 1) for pair in ((mean, scale.exp()), (other, wide.exp())))
    torch.testing.assert_close(divergence(mean, scale, other, wide), kl_divergence(one, two))


def test_what_is_not_seen_tells_nothing():
    made, some = net(), batch(6)
    views = made.imagery.views([some["grid0"]])
    none = torch.zeros(6, 1, dtype=torch.bool)
    told = made.imagery.told(views, none)
    torch.testing.assert_close(told, made.imagery.absent.expand(6, -1))
    assert not torch.equal(made.imagery.told(views, ~none), told)


def test_posteriors_of_some_parts_see_no_others(monkeypatch):
    """Where the row alone is known the grid changes nothing, and the row nothing where the grid is."""
    task, some = bound(net()), batch(40)
    codes, there = some["codes"].long(), torch.ones(40, 1, dtype=torch.bool)
    views = task.net.imagery.views([some["grid0"]])

    def posterior(codes, views):
        return task._of_some(codes, some["scores"], views, there, noise())[0]

    for low, high, same, moved in ((1.0, 1.0, "grid", "row"), (0.0, 1.0, "row", "grid")):
        monkeypatch.setattr("reverie.nn.imagery.ROWS", low)
        monkeypatch.setattr("reverie.nn.imagery.GRIDS", high)
        base = posterior(codes, views)
        found = {
            "grid": posterior(codes, views + torch.randn_like(views)),
            "row": posterior(1 - codes, views),
        }
        torch.testing.assert_close(found[same], base)
        assert (found[moved] - base).abs().amax(1).min() > 0


def test_posteriors_of_some_parts_move_no_posterior_of_all():
    """They are taught by it, and do not teach it."""
    task, some = bound(net()), batch(8)

    def slope(other):
        mean, log_scale = torch.zeros(8, 3, requires_grad=True), torch.zeros(8, 3, requires_grad=True)
        told = iter([(mean, log_scale), (other, torch.zeros(8, 3))])
        task.net.encoder.forward = lambda *_: next(told)
        task.losses("net", some, noise()).sum().backward()
        return mean.grad, log_scale.grad

    near, far = slope(torch.zeros(8, 3)), slope(torch.full((8, 3), 3.0))
    torch.testing.assert_close(near, far)
    assert float(near[0].abs().sum()) > 0


def test_latents_tell_rows_and_grids_together():
    made = net()
    history = train(
        bound(made), Rows(rows(512)), Training(epochs=2, batch=64, rate=1e-2, clip=100.0, cosine=True),
        seed=0, device="cpu",
    )  # fmt: skip
    assert history.epochs[-1].held_out < -60
    fresh = batch(200, 1)
    codes, there = fresh["codes"].long(), fresh["codes"][:, 1:] == 1
    unknown = torch.full_like(codes, -1)
    with torch.no_grad():
        views = made.imagery.told(made.imagery.views([fresh["grid0"]]), there)
        latent = made.encoder(unknown, fresh["scores"], views)[0]
        logits = made.decoder.logits(made.decoder(latent))[:, :2]
        shown = made.imagery.showers[0](latent)
    right = (logits.argmax(1) == codes[:, 0])[there[:, 0]]
    assert right.float().mean() > 0.95
    assert float((shown - fresh["grid0"]).square().mean((1, 2, 3))[there[:, 0]].mean()) < 0.1
