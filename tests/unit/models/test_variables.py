"""Blocks as sequences of categories."""

import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, Gate, Real, Spec, Tokens

ROWS, COARSE, FINE = 2000, 8, 4
SPECS = (
    Category("few", 3),
    Real("x", gate=Gate("kind", 1)),
    Category("many", 500),
    Real("y"),
    Category("kind", 2),
)


def made(rows: int = ROWS, share: float = 0.6) -> Blocks:
    rng = np.random.default_rng(0)
    kind = (rng.random(rows) < share).astype(np.int32)
    x = np.where(kind == 1, rng.normal(size=rows), np.nan).astype(np.float32)
    arrays = {
        "few": rng.integers(3, size=rows, dtype=np.int32),
        "x": x.reshape(-1, 1, 1),
        "many": rng.integers(500, size=rows, dtype=np.int32),
        "y": rng.normal(size=(rows, 1, 1)),
        "kind": kind,
    }
    return Blocks(SPECS, arrays, rows)


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return made()


@pytest.fixture(scope="module")
def variables(blocks: Blocks) -> Variables:
    return Variables.learn(blocks, COARSE, FINE)


def test_groups_of_most_codes_come_first_and_gates_before_what_they_gate(variables: Variables) -> None:
    assert variables.order == ("many", "kind", "x", "y", "few")
    assert variables.sizes == (500, 2, COARSE, FINE, COARSE, FINE, 3)
    assert dict(variables.first) == {"many": 0, "kind": 1, "x": 2, "y": 4, "few": 6}
    assert variables.columns.tolist() == [0, 1, 1, 1, 2, 2, 3]
    assert variables.names == ("many", "kind", "x", "x", "y", "y", "few")


def test_no_blocks() -> None:
    found = Variables.learn(Blocks((), {}, 3), COARSE, FINE)
    assert (found.sizes, found.names, len(found.columns)) == ((), (), 0)
    assert found.codes(Blocks((), {}, 3)).shape == (3, 0)


def test_a_second_number_behind_a_gate_is_on_its_own(blocks: Blocks) -> None:
    specs = (Category("kind", 2), Real("x", gate=Gate("kind", 1)), Real("z", gate=Gate("kind", 1)))
    both = Blocks(specs, {"kind": blocks["kind"], "x": blocks["x"], "z": blocks["x"]}, ROWS)
    found = Variables.learn(both, COARSE, FINE)
    assert found.order == ("kind", "x", "z")
    assert found.columns.tolist() == [0, 0, 0, 1, 1]
    assert found.parents == (-1, -1, 1, -1, 3)


def test_bases_say_which_codes_are_alike() -> None:
    specs = (
        Category("rank", 4, positions=(2.0, 0.0, 1.0, 3.0)),
        Category("none", 3),
        Category("one", 1),
        Real("x"),
    )
    arrays = {
        "rank": np.arange(400, dtype=np.int32) % 4,
        "none": np.arange(400, dtype=np.int32) % 3,
        "one": np.zeros(400, np.int32),
        "x": np.random.default_rng(0).normal(size=(400, 1, 1)),
    }
    found = Variables.learn(Blocks(specs, arrays, 400), COARSE, FINE)
    by_name = {name: found.bases[found.first[name]] for name in found.order}
    assert by_name["none"].shape == (3, 0)
    assert by_name["one"].shape == (1, 0)
    # The slowest wave falls along the order of the places.
    assert np.argsort(-by_name["rank"][:, 0]).tolist() == [1, 2, 0, 3]
    scores = by_name["x"][:, 0]
    assert (np.diff(scores) > 0).all()
    assert scores == pytest.approx(-scores[::-1])
    for basis, size in zip(found.bases, found.sizes, strict=True):
        assert len(basis) == size
        assert np.linalg.matrix_rank(np.column_stack([np.ones(size), basis])) >= min(size, basis.shape[1])


def test_codes_of_blocks(blocks: Blocks, variables: Variables) -> None:
    codes = variables.codes(blocks)
    assert codes.shape == (ROWS, 7)
    assert codes.dtype == np.int32
    assert np.array_equal(codes[:, 0], blocks["many"])
    assert np.array_equal(codes[:, 6], blocks["few"])
    assert (codes.max(axis=0) < variables.sizes).all()


def test_a_number_that_is_not_there_is_absent(blocks: Blocks, variables: Variables) -> None:
    codes, absent = variables.codes(blocks), blocks["kind"] == 0
    assert (codes[absent][:, 2:4] == -1).all()
    assert (codes[~absent][:, 2:4] >= 0).all()
    assert (codes[:, 4:] >= 0).all()


@pytest.mark.parametrize("name", ["x", "y"])
def test_codes_tell_a_number_to_a_part(blocks: Blocks, variables: Variables, name: str) -> None:
    values, scale = blocks[name].ravel().astype(float), variables.scales[name]
    bins, parts = variables.split(name, blocks[name])
    there = bins >= 0
    at = bins[there] * FINE + parts[there]
    inner = (at > 0) & (at < COARSE * FINE - 1)
    number = values[there]
    assert (number[inner] >= scale.knots[at][inner]).all()
    assert (number[inner] <= scale.knots[at + 1][inner]).all()
    middle = scale.value((at + 0.5) / FINE)
    assert (np.abs(middle - number)[inner] <= np.diff(scale.knots)[at][inner]).all()
    again = variables.split(name, middle.reshape(-1, 1, 1))
    assert np.array_equal(again, (bins[there], parts[there]))


def test_parts_are_equally_frequent(blocks: Blocks, variables: Variables) -> None:
    bins, parts = variables.split("y", blocks["y"])
    counts = np.bincount(bins * FINE + parts)
    assert np.ptp(counts) <= 2


@pytest.mark.parametrize("share", [0.0, 1 / 50])
def test_a_number_of_hardly_any_row_is_cut_as_a_normal_one(share: float) -> None:
    blocks = made(50, 0.0)
    count = round(share * 50)
    blocks["kind"][:count] = 1
    blocks["x"][:count] = 1.7
    variables = Variables.learn(blocks, COARSE, FINE)
    scale = variables.scales["x"]
    assert (np.diff(scale.knots) > 0).all()
    assert scale.knots[0] < -2
    assert scale.knots[-1] > 2
    codes = variables.codes(blocks)
    first = variables.first["x"]
    assert np.count_nonzero(codes[:, first] >= 0) == count
    assert (codes[:, first] < scale.bins).all()


@pytest.mark.parametrize("spec", [Real("v", 1, 3), Real("v", 2, 1), Tokens("v", 9, 3)])
def test_vectors_and_tokens_are_refused(spec: Spec) -> None:
    array = np.zeros((4, 3), np.int32) if isinstance(spec, Tokens) else np.zeros((4, spec.n, spec.d))
    with pytest.raises(ConfigError, match="vectors or tokens") as caught:
        Variables.learn(Blocks((spec,), {"v": array}, 4), COARSE, FINE)
    assert "v" in str(caught.value)
    assert "--model" in str(caught.value)


def test_scales_tell_all(blocks: Blocks, variables: Variables) -> None:
    again = Variables.of(blocks.specs, variables.scales)
    assert (again.order, again.first, again.sizes) == (variables.order, variables.first, variables.sizes)
    assert np.array_equal(again.columns, variables.columns)
    assert np.array_equal(again.codes(blocks), variables.codes(blocks))
