"""Latents of grids: their scale, what is judged, and states that are refused."""

import json

import numpy as np
import pytest

from reverie.codecs import latents
from reverie.codecs.base import Lesson
from reverie.codecs.latents import Latents
from reverie.core.errors import ArtifactError
from reverie.nn.autoencoder import Shape

SHAPE = Shape(1, 16, 16, 4, 2, width=16, blocks=1, fine=8)


def grids(rows: int) -> np.ndarray:
    levels = np.random.default_rng(0).normal(size=(rows, 1, 2, 2))
    return np.repeat(np.repeat(levels, 8, 2), 8, 3).astype(np.float32)


@pytest.fixture(scope="module")
def learned() -> Latents:
    told: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latents, "STEPS", 250)
        lesson = Lesson(np.random.default_rng(0), threads=1, tell=lambda _, done: told.append(done))
        found = Latents.learn(grids(200), SHAPE, lesson, "x")
    assert told[-1] == 1.0
    return found


def test_latents_have_one_scale_and_come_back(learned: Latents) -> None:
    found = learned.encode(grids(200))
    assert found.shape == (200, 16, 2)
    np.testing.assert_allclose(found.std((0, 1)), 1, atol=0.2)
    assert learned.judged == 10
    assert learned.unseen < 0.4
    assert np.square(learned.decode(found) - grids(200)).mean() < 0.4


def test_no_grids_have_no_latents(learned: Latents) -> None:
    assert learned.encode(grids(0)).shape == (0, 16, 2)
    assert learned.decode(np.zeros((0, 16, 2))).shape == (0, 1, 16, 16)


def test_latents_are_rebuilt(learned: Latents) -> None:
    state = learned.state()
    rest = json.loads(json.dumps({name: state[name] for name in ("shape", "unseen", "judged")}))
    again = Latents.from_state({**state, **rest})
    np.testing.assert_array_equal(again.encode(grids(9)), learned.encode(grids(9)))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"width": 1 << 20}, ValueError),
        ({"blocks": 0}, ValueError),
        ({"patch": 3}, ValueError),
        ({"latent": 3}, ValueError),
        ({"width": 24}, ArtifactError),
        ({"high": 1 << 30}, ValueError),
    ],
)
def test_states_that_make_no_sense_are_refused(learned: Latents, change: dict, error: type) -> None:
    state = learned.state()
    with pytest.raises(error):
        Latents.from_state({**state, "shape": {**state["shape"], **change}})


def test_time_is_kept_to() -> None:
    lesson = Lesson(np.random.default_rng(0), seconds=0.5, threads=1)
    assert Latents.learn(grids(30), SHAPE, lesson, "x").encode(grids(3)).shape == (3, 16, 2)
