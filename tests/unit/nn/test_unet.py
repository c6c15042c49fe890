"""The network over grids: its shapes, and that it tells levels and what it is told apart."""

import pytest
import torch

from reverie.nn.schedules import NOISE
from reverie.nn.unet import UNet


@pytest.mark.parametrize(("high", "wide", "patch"), [(28, 28, 2), (7, 5, 1), (16, 12, 4)])
def test_grids_keep_their_shape(high, wide, patch):
    net = UNet(3, (8, 16, 16), told=5, patch=patch)
    out = net(torch.randn(2, 3, high, wide), torch.tensor([0.3, 1.2]), torch.randn(2, 5))
    assert out.shape == (2, 3, high, wide)


def trained():
    torch.manual_seed(0)
    net = UNet(1, (8, 16), told=2)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return net


@torch.no_grad()
def test_it_is_told_levels_and_vectors():
    net, grid, told = trained(), torch.randn(1, 1, 8, 8), torch.zeros(1, 2)
    plain = net(grid, torch.tensor([0.5]), told)
    assert not torch.allclose(plain, net(grid, torch.tensor([1.0]), told))
    assert not torch.allclose(plain, net(grid, torch.tensor([0.5]), told + 1))
    ends = net(grid.repeat(2, 1, 1, 1), torch.tensor([0.0, NOISE]), told.repeat(2, 1))
    assert torch.isfinite(ends).all()


@torch.no_grad()
def test_every_place_sees_all_others():
    """What is seen at a corner changes with the opposite corner, through the coarsest grid."""
    net, grid = trained(), torch.zeros(1, 1, 16, 16)
    moved = grid.clone()
    moved[0, 0, -1, -1] = 5.0
    told, angle = torch.zeros(1, 2), torch.tensor([0.5])
    assert not torch.allclose(
        net(grid, angle, told)[..., 0, 0], net(moved, angle, told)[..., 0, 0], atol=1e-6
    )


def test_it_gives_nothing_to_begin_with():
    net = UNet(2, (8, 16), told=2)
    assert not net(torch.randn(1, 2, 8, 8), torch.tensor([0.5]), torch.zeros(1, 2)).any()


def test_patches_of_fewer_numbers_have_no_way_past():
    assert UNet(4, (8, 8), 4, 1).past is None


def test_noise_of_patches_with_more_numbers_than_channels_is_told():
    torch.manual_seed(0)
    net, told = UNet(1, (8, 8), 4, 8), torch.zeros(32, 4)
    optimizer, lost = torch.optim.Adam(net.parameters(), lr=1e-2), []
    for _ in range(60):
        drawn, angle = torch.randn(32, 1, 16, 16), torch.full((32,), 0.5)
        # Of a picture that is always the same, the slope is that of the noise alone.
        loss = (net(drawn * angle.sin()[0], angle, told) - drawn * angle.cos()[0]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lost.append(loss.item())
    assert lost[-1] < 0.2 * lost[0]
