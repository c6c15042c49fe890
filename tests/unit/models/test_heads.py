import numpy as np
import pytest

from reverie.models.heads import Heads, centres, numbers, scores
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, Gate, Real

ROWS = 2000


@pytest.fixture
def heads():
    rng = np.random.default_rng(0)
    specs = (Real("x"), Category("kind", 2), Real("z", gate=Gate("kind", 1)))
    kind = rng.integers(0, 2, ROWS).astype(np.int32)
    z = np.where(kind == 1, rng.normal(size=ROWS), np.nan)
    arrays = {"x": rng.normal(size=(ROWS, 1, 1)), "kind": kind, "z": z.reshape(-1, 1, 1)}
    variables = Variables.learn(Blocks(specs, arrays, ROWS), 8, 4)
    sizes = [variables.sizes[variables.first[name]] for name in variables.order]
    return Heads(variables, rng.normal(size=(sum(sizes), 4)), rng.normal(size=(4, 4))), arrays


def test_each_block_has_its_own_logits(heads):
    heads, _ = heads
    hidden = np.random.default_rng(1).normal(size=(5, 3))
    told = np.concatenate([heads.told(hidden, name) for name in heads.variables.order], axis=1)
    np.testing.assert_allclose(told, hidden @ heads.logits[:, :3].T + heads.logits[:, 3])


@pytest.mark.parametrize("name", ["x", "z"])
def test_density_of_a_number_integrates_to_one(heads, name):
    heads, _ = heads
    line = np.linspace(-12, 12, 4001)
    found = heads.histograms(np.tile([[0.3, -0.2, 0.9]], (len(line), 1)), name)
    assert np.trapezoid(np.exp(found.log_density(line)), line) == pytest.approx(1, abs=0.02)


def test_sharp_bell_picks_the_part_it_lies_in(heads):
    heads, _ = heads
    middles = centres(heads.variables.scales["x"])
    number = heads.numbers.index("x")
    heads.bells[2 * number] = [0, 0, 0, middles[3, 2]]
    heads.bells[2 * number + 1] = [0, 0, 0, 99.0]
    parts = heads.histograms(np.zeros((1, 3)), "x").parts(np.array([0]), np.array([3]))
    assert parts.argmax() == 2
    heads.bells[2 * number + 1] = [0, 0, 0, -99.0]
    parts = heads.histograms(np.zeros((1, 3)), "x").parts(np.array([0]), np.array([3]))
    np.testing.assert_allclose(parts, 0.25, atol=1e-3)


def test_scores_are_bounded_and_0_where_absent(heads):
    heads, arrays = heads
    arrays["x"][0] = 99.0
    found = scores(heads.variables, arrays, ROWS)
    assert numbers(heads.variables) == heads.numbers
    assert found[0, heads.numbers.index("x")] == 4.0
    assert (found[arrays["kind"] == 0, heads.numbers.index("z")] == 0).all()
