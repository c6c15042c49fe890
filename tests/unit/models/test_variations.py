"""Rows near to given ones and between two, of any family."""

import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models.variations import between, check_way, vary
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Gate, Real

SPECS = (Category("c", 3, muted=(2,)), Real("x", gate=Gate("c", 0)))


def rows(codes: list[int], numbers: list[float]) -> Blocks:
    arrays = {"c": np.array(codes, np.int32), "x": np.array(numbers, float).reshape(-1, 1, 1)}
    return Blocks(SPECS, arrays, len(codes))


def draw(n: int, given: Evidence) -> Blocks:
    """What is not given is code 0 and number 1."""
    known = given["c"]
    assert isinstance(known, CategoryEvidence)
    assert known.codes is not None
    codes = np.where(known.codes < 0, 0, known.codes)
    return rows(codes.tolist(), np.where(codes == 0, 1.0, np.nan).tolist())


def test_codes_are_kept_or_drawn_and_numbers_move() -> None:
    many = rows([0, 1] * 2_000, [3.0, np.nan] * 2_000)
    made = vary(draw, many, 0.6, np.random.default_rng(0))
    np.testing.assert_allclose(made["x"][::2, 0, 0], 0.8 * 3 + 0.6)
    assert np.mean(made["c"][1::2] == 1) == pytest.approx(0.4, abs=0.04)
    # Where there was no number there is the one that was drawn.
    fresh = made["c"][1::2] == 0
    np.testing.assert_allclose(made["x"][1::2][fresh], 1.0)


def test_without_strength_rows_stay() -> None:
    some = rows([0, 1], [3.0, np.nan])
    made = vary(draw, some, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(made["c"], some["c"])
    np.testing.assert_array_equal(made["x"], some["x"])


def test_codes_that_are_protected_are_drawn_anew() -> None:
    made = vary(draw, rows([2], [np.nan]), 0.0, np.random.default_rng(0))
    assert made["c"].tolist() == [0]


def test_ways_have_both_ends() -> None:
    made = between(rows([0, 0], [1.0, 3.0]), np.linspace(0, 1, 5))
    np.testing.assert_allclose(made["x"][:, 0, 0], [1, 1.5, 2, 2.5, 3])
    made = between(rows([0, 1], [1.0, np.nan]), np.linspace(0, 1, 3))
    assert made["c"].tolist() == [0, 1, 1]
    np.testing.assert_array_equal(np.isnan(made["x"][:, 0, 0]), [False, True, True])


def test_ways_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="fewer than 2"):
        check_way(rows([0], [1.0]), rows([0], [1.0]), 1)
    with pytest.raises(ConfigError, match="cannot be paired"):
        check_way(rows([0], [1.0]), rows([0, 0], [1.0, 1.0]), 2)
