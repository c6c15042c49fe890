"""Batches cover every position once, and rows come with their own values and weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reverie.nn.rows import Rows, batches

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [
        (10, 5, [5, 5]), (11, 5, [5, 6]), (12, 5, [5, 7]), (13, 5, [5, 5, 3]), (3, 5, [3]), (2, 5, [2]),
        (1, 5, [1]), (4, 1, [1, 1, 1, 1]),
    ],
)  # fmt: skip
def test_batches_cover_every_position_once_and_join_a_short_rest(
    count: int, size: int, lengths: list[int]
) -> None:
    positions = np.random.default_rng(0).permutation(count) + 100
    parts = list(batches(positions, size))
    assert [len(part) for part in parts] == lengths
    assert np.array_equal(np.concatenate(parts), positions)


def test_values_and_weights_stay_together() -> None:
    values = np.arange(50)
    rows = Rows({"a": values, "b": np.stack([values, -values], 1)}, weights=values + 1.0)
    positions = np.random.default_rng(1).permutation(50)[:20]
    held, weights = rows.batch(positions, CPU)
    assert len(rows) == 50
    assert sorted(held["a"].tolist()) == sorted(positions.tolist())
    assert torch.equal(held["b"], torch.stack([held["a"], -held["a"]], 1))
    assert np.allclose(weights.numpy(), (held["a"].numpy() + 1.0) / 25.5)
    assert weights.dtype == torch.float32


def test_weights_have_mean_one_over_all_rows() -> None:
    values = np.arange(40)
    weighted = Rows({"a": values}, weights=np.random.default_rng(2).integers(1, 9, 40))
    assert float(weighted.batch(values, CPU)[1].mean()) == pytest.approx(1)
    assert Rows({"a": values}).batch(values[:7], CPU)[1].tolist() == [1.0] * 7


def test_rows_may_lie_in_a_file(tmp_path: Path) -> None:
    values = np.arange(60, dtype=np.int16).reshape(30, 2)
    values.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.int16, "r", shape=(30, 2))
    held, _ = Rows({"a": mapped}).batch(np.array([29, 3, 3, 11]), CPU)
    assert np.array_equal(held["a"].numpy(), values[[3, 3, 11, 29]])
    held["a"] += 1
    assert np.array_equal(mapped, values)


def test_copies_are_held_out_together():
    """A quarter of the rows thrice; NaN counts as equal."""
    codes = np.random.default_rng(0).integers(1000, size=(900, 3)).astype(np.int32)
    numbers = np.where(codes % 2, np.nan, codes / 7).astype(np.float32)
    thrice = np.r_[np.arange(900), np.repeat(np.arange(225), 2)]
    held, learned = Rows({"codes": codes[thrice], "numbers": numbers[thrice]}).divided(135, 3)
    assert np.sort(np.r_[held, learned]).tolist() == list(range(len(thrice)))
    assert 120 < len(held) <= 135
    assert np.mean(thrice[held] < 225) == pytest.approx(0.5, abs=0.15)
    assert not set(thrice[held]) & set(thrice[learned])


def test_rows_without_copies_are_held_out_at_random():
    held, learned = Rows({"a": np.arange(100)}).divided(10, 3)
    order = np.random.default_rng(3).permutation(100)
    np.testing.assert_array_equal(held, np.sort(order[:10]))
    assert len(learned) == 90


@pytest.mark.parametrize(("distinct", "held"), [(4, 10), (100, 0)])
def test_frequent_rows_and_none_held_out(distinct, held):
    parts = Rows({"a": np.arange(100) % distinct}).divided(held, 0)
    assert list(map(len, parts)) == [held, 100 - held]
    assert not held or len({*(parts[0] % distinct)}) > 1
