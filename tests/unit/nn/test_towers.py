"""A grid beside a row."""

import torch

from reverie.nn.towers import Grid, Tower


def test_patches_keep_a_networks_grid_small():
    assert [Grid(3, side, side).patch for side in (8, 16, 28, 64, 128)] == [1, 1, 2, 4, 8]
    assert Grid(1, 30, 22).patch == 2
    assert Grid(1, 17, 5).patch == 1


def test_a_tower_looks_at_grids_of_odd_shapes():
    torch.manual_seed(0)
    tower = Tower(Grid(2, 9, 5), (8, 16), 12)
    assert tower.look(torch.randn(3, 2, 9, 5)).shape == (3, 12)
