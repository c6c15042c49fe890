"""Autoencoders: shapes, what is learned, and what a loss counts."""

import numpy as np
import pytest
import torch

from reverie.nn.autoencoder import Autoencoder, Reconstruction, Shape, _difference
from reverie.nn.rows import Rows
from reverie.nn.train import Training, train


@pytest.mark.parametrize(("patch", "places"), [(2, (16, 8)), (4, (8, 4)), (8, (4, 2))])
def test_a_patch_is_a_place(patch: int, places: tuple[int, int]) -> None:
    shape = Shape(3, 32, 16, patch, 5, width=16, blocks=1, fine=8)
    net = Autoencoder(shape)
    mean, spread = net.encode(torch.randn(2, 3, 32, 16))
    assert shape.places == places
    assert mean.shape == spread.shape == (2, 5, *places)
    assert net.decode(mean).shape == (2, 3, 32, 16)


def waves(rows: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    angle, shift = rng.uniform(0, np.pi, (2, rows, 1, 1, 1))
    down, across = np.mgrid[:16, :16] / 2
    return np.sin(np.cos(angle) * down + np.sin(angle) * across + 2 * shift).astype(np.float32)


def test_unseen_grids_are_given_back() -> None:
    grids = waves(300)
    torch.manual_seed(0)
    task = Reconstruction(Autoencoder(Shape(1, 16, 16, 4, 4, width=16, blocks=1, fine=8)), mirrored=True)
    training = Training(batch=32, rate=3e-3, steps=300, epochs=300, cosine=True, average=0.9)
    train(task, Rows({"grid": grids[:250]}), training, seed=0, threads=1)
    test = torch.from_numpy(grids[250:])
    with torch.inference_mode():
        wrong = (task.net.decode(task.net.encode(test)[0]) - test).square().mean()
    assert wrong < 0.05 * test.var()


def test_each_row_costs_by_itself_and_edges_count() -> None:
    grid = torch.zeros(2, 1, 4, 4)
    even, edged = torch.ones(1, 1, 4, 4), torch.tensor([[0.0, 2.0]]).repeat(4, 2)[None, None]
    costs = _difference(torch.cat([even, edged]), grid)
    assert costs[0] == pytest.approx(1.0)
    assert costs[1] > 1.5
