"""A grid beside a row."""

import torch

from reverie.nn.towers import Grid, Tower, present


def test_patches_keep_a_networks_grid_small():
    assert [Grid(3, side, side).patch for side in (8, 16, 28, 64, 128)] == [1, 1, 2, 4, 8]
    assert Grid(1, 30, 22).patch == 2
    assert Grid(1, 17, 5).patch == 1


def test_a_tower_looks_at_grids_of_odd_shapes():
    torch.manual_seed(0)
    tower = Tower(Grid(2, 9, 5), (8, 16), 12)
    assert tower.look(torch.randn(3, 2, 9, 5)).shape == (3, 12)


def test_sizes_halve_and_round_up():
    assert Grid(1, 28, 28).sizes(3) == [(14, 14), (7, 7), (4, 4)]
    assert Grid(1, 9, 5).sizes(2) == [(9, 5), (5, 3)]


def test_parts_are_present_where_their_gates_are_open():
    parts = [Grid(1, 8, 8), Grid(1, 8, 8, 1, 2)]
    found = present(parts, torch.tensor([[0, 2], [2, 1]]))
    assert found.tolist() == [[True, True], [True, False]]
