"""Blocks as matrices and back, and what is known of rows."""

import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models.layout import Known, Layout
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence, Tokens

SPECS = (
    Category("a", 3),
    Real("x"),
    Category("kind", 3),
    Real("z", gate=Gate("kind", 2)),
    Real("v", n=2, d=2),
)
ROWS = 400


@pytest.fixture
def blocks():
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=ROWS).astype(np.int32)
    z = np.where(kind == 2, 5 + 2 * rng.normal(size=ROWS), np.nan)
    arrays = {
        "a": rng.integers(3, size=ROWS).astype(np.int32),
        "x": rng.normal(size=(ROWS, 1, 1)),
        "kind": kind,
        "z": z.reshape(-1, 1, 1),
        "v": 10 + 3 * rng.normal(size=(ROWS, 2, 2)),
    }
    return Blocks(SPECS, arrays, ROWS)


def test_matrices_and_back(blocks):
    layout = Layout.learn(blocks, None)
    codes, numbers = layout.matrices(blocks)
    assert codes.shape == (ROWS, 2)
    assert numbers.shape == (ROWS, 6)
    again = layout.blocks(codes, numbers)
    for spec, array in blocks:
        assert again[spec.name].shape == array.shape
        np.testing.assert_allclose(again[spec.name], array, atol=1e-5)


def test_numbers_have_variance_one_where_present_and_are_zero_elsewhere(blocks):
    numbers = Layout.learn(blocks, None).matrices(blocks)[1]
    there = blocks["kind"] == 2
    assert (numbers[~there, 1] == 0).all()
    for column in (numbers[:, 0], numbers[there, 1], numbers[:, 3]):
        assert column.mean() == pytest.approx(0, abs=1e-5)
        assert column.std() == pytest.approx(1, abs=1e-4)


def test_weights_count(blocks):
    weights = np.where(blocks["a"] == 1, 5.0, 1.0)
    found = Layout.learn(blocks, weights)
    assert found.mean[0] == pytest.approx(np.average(blocks["x"].reshape(-1), weights=weights))


def test_what_each_number_is_of(blocks):
    layout = Layout.learn(blocks, None)
    assert layout.owner.tolist() == [0, 1, 2, 2, 2, 2]
    category, code = layout.gates
    assert category.tolist() == [-1, 1, -1, -1, -1, -1]
    assert code[1] == 2
    assert layout.gates_of(["x", "z"]) == ["kind"]


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_constant_or_absent_number(value):
    specs = (Category("kind", 2), Real("same"), Real("none", gate=Gate("kind", 1)))
    arrays = {
        "kind": np.zeros(5, np.int32),
        "same": np.full((5, 1, 1), value),
        "none": np.full((5, 1, 1), np.nan),
    }
    layout = Layout.learn(Blocks(specs, arrays, 5), None)
    numbers = np.random.default_rng(0).normal(size=(5, 2))
    again = layout.blocks(np.zeros((5, 1), np.int32), numbers)
    np.testing.assert_allclose(again["same"], value, atol=1e-6)
    assert np.isnan(again["none"]).all()


def test_tokens_are_refused():
    blocks = Blocks((Tokens("t", 9, 4),), {"t": np.zeros((3, 4), np.int32)}, 3)
    with pytest.raises(ConfigError, match="tokens"):
        Layout.learn(blocks, None)


def test_known_numbers_open_their_gates(blocks):
    layout = Layout.learn(blocks, None)
    given = {
        "z": RealEvidence(values=np.array([4.0, np.nan, 4.0])),
        "kind": CategoryEvidence(codes=np.array([-1, -1, 0], np.int32)),
        "v": RealEvidence(),
    }
    known = Known.of(layout, 3, given)
    assert known.codes[:, 1].tolist() == [2, -1, 0]
    # Where the gate is known to be closed there is no number.
    np.testing.assert_array_equal(known.numbers[:, 1], [4.0, np.nan, np.nan])
    assert known.holds("z").tolist() == [True, False, False]
    assert known.holds("kind").tolist() == [True, False, True]
    assert not known.holds("v").any()


def test_known_numbers_come_back_to_the_last_digit(blocks):
    layout = Layout.learn(blocks, None)
    known = Known.of_blocks(layout, blocks, ["x", "kind", "z"])
    codes, numbers = layout.matrices(blocks)
    again = layout.blocks(codes, numbers + 1, known.numbers)
    np.testing.assert_array_equal(again["x"], blocks["x"])
    np.testing.assert_array_equal(again["z"], blocks["z"])
    assert not np.allclose(again["v"], blocks["v"])
