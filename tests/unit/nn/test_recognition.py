"""A network that tells columns from grids."""

import numpy as np
import torch

from reverie.nn.recognition import FEATURES, Recogniser, Recognition
from reverie.nn.rows import Rows
from reverie.nn.train import Training, train


def rows(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    codes, bright = rng.integers(0, 2, n), rng.normal(size=n)
    grid = rng.normal(size=(n, 1, 8, 8)) * 0.1 + bright[:, None, None, None]
    grid[:, :, :4] += 3 * codes[:, None, None, None]
    numbers = np.where(rng.random(n) < 0.1, np.nan, bright)[:, None]
    codes = np.where(rng.random(n) < 0.1, -1, codes)[:, None]
    return {"grid": grid.astype(np.float32), "codes": codes.astype(np.int32), "numbers": numbers}


def test_codes_and_numbers_are_told_where_they_are_known() -> None:
    torch.manual_seed(0)
    known = rows(300)
    net = Recogniser(1, [2], 1)
    training = Training(batch=32, least_batch=32, steps=60, epochs=60, cosine=True, average=0.9, holdout=0.0)
    train(Recognition(net), Rows(known), training, seed=0, threads=1)
    with torch.inference_mode():
        logits, numbers = net(torch.from_numpy(known["grid"]))
        assert net.features(torch.from_numpy(known["grid"])).shape == (300, FEATURES)
    there = known["codes"][:, 0] >= 0
    assert np.mean(logits[0].argmax(1).numpy()[there] == known["codes"][there, 0]) > 0.9
    there = ~np.isnan(known["numbers"][:, 0])
    assert np.corrcoef(numbers[there, 0].numpy(), known["numbers"][there, 0])[0, 1] > 0.9


def test_what_is_not_known_costs_nothing() -> None:
    known = {name: torch.from_numpy(array) for name, array in rows(4).items()}
    known |= {"codes": torch.full((4, 1), -1), "numbers": torch.full((4, 1), float("nan"))}
    task = Recognition(Recogniser(1, [2], 1)).eval()
    assert torch.equal(task.losses("net", known, torch.Generator()), torch.zeros(4))
