"""Grids and texts in one model: each given the others."""

import numpy as np
import pytest

from reverie.models import media
from reverie.models.base import Budget
from reverie.models.families.diffusion import Config, fit
from reverie.schema.blocks import (
    Blocks,
    Category,
    CategoryEvidence,
    Gate,
    Real,
    RealEvidence,
    Tokens,
    TokensEvidence,
)

GRID, TEXT = Real("g", 64, 1, None, (8, 8)), Tokens("t", 300, 6)
SPECS = (TEXT, Category("a", 2), GRID)
CONFIG = Config(
    width=32, depth=1, dropout=0.0, rate=5e-3, channels=(8, 16), grid_updates=350, grid_steps=8,
    text_width=32, text_depth=1,
)  # fmt: skip


def shown(codes, rng):
    light = np.zeros((len(codes), 8, 8))
    light[codes == 0, :4], light[codes == 1, 4:] = 2.0, 2.0
    return (light - 1 + 0.1 * rng.normal(size=light.shape)).reshape(-1, 64, 1).astype(np.float32)


def written(codes, rng):
    return (100 + 100 * codes[:, None] + rng.integers(10, size=(len(codes), 6))).astype(np.int32)


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    a = rng.integers(2, size=300).astype(np.int32)
    blocks = Blocks(SPECS, {"t": written(a, rng), "a": a, "g": shown(a, rng)}, 300)
    return fit(blocks, config=CONFIG, rng=rng, budget=Budget(threads=1))


def above(grid):
    halves = grid.reshape(-1, 2, 32).mean(2)
    return halves[:, 0] > halves[:, 1]


def draw(model, **given):
    return model.sample(60, rng=np.random.default_rng(2), given=given)


def test_all_parts_of_a_row_go_together(model):
    rows = draw(model)
    assert rows.specs == SPECS
    assert (above(rows["g"]) == (rows["a"] == 0)).mean() > 0.85
    assert ((rows["t"][:, 0] >= 200) == (rows["a"] == 1)).mean() > 0.85


def test_a_text_gives_a_grid_and_a_grid_a_text(model):
    wanted, rng = np.arange(60) % 2, np.random.default_rng(3)
    rows = draw(model, t=TokensEvidence(values=written(wanted, rng)))
    assert (above(rows["g"]) == (wanted == 0)).mean() > 0.85
    rows = draw(model, g=RealEvidence(values=shown(wanted, rng)))
    assert ((rows["t"][:, 0] >= 200) == (wanted == 1)).mean() > 0.85


def test_blocks_are_divided():
    blocks = Blocks(SPECS, {"t": np.zeros((2, 6)), "a": np.zeros(2), "g": np.zeros((2, 64, 1))}, 2)
    assert [spec.name for spec in media.media_of(SPECS)] == ["g", "t"]
    assert [spec.name for spec in media.rows_of(blocks).specs] == ["a"]
    assert set(media.arrays_of(blocks)) == {"grid0", "text0"}


def test_parts_are_there_where_their_gate_is_open():
    gated = Tokens("u", 300, 6, Gate("a", 1))
    blocks = Blocks((SPECS[1], gated), {"a": np.array([0, 1, 1])}, 3)
    assert media.present(gated, blocks).tolist() == [False, True, True]
    assert media.present(GRID, blocks).all()


def test_what_is_known_is_divided():
    given = {
        "a": None,
        "t": TokensEvidence(begins=np.array([3, 4])),
        "g": RealEvidence(values=np.zeros((1, 64, 1))),
    }
    rest, known = media.divided(given, SPECS, 5)
    assert list(rest) == ["a"]
    assert known.values["g"].shape == (5, 64, 1)
    assert known.seen(SPECS, 5)["t"].tolist() == [[3, 4, -1, -1, -1, -1]] * 5
    assert not media.divided({}, SPECS, 5)[1]


def test_values_of_one_row_are_of_all():
    given = {
        "a": CategoryEvidence(allowed=np.array([True, False])),
        "x": RealEvidence(values=np.array([0.5])),
        "y": RealEvidence(low=0.0),
        "g": RealEvidence(values=np.zeros((1, 64, 1))),
    }
    rest, known = media.divided(given, (*SPECS, Real("x"), Real("y")), 3)
    assert rest["x"].values.tolist() == [0.5] * 3
    assert (rest["a"], rest["y"]) == (given["a"], given["y"])
    assert known.values["g"].shape == (3, 64, 1)
