"""What is nearest: known neighbours, limits and rows."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison
from reverie.evaluation.likeness import Points, likeness, media_columns, nearest
from reverie.io.pictures import write
from reverie.schema.types import Column, Table

SCHEMA = Table(name="t", columns=(Column(name="x", type="decimal"), Column(name="p", type="image")))


def points(values: list[float]) -> Points:
    return Points(np.arange(len(values)) + 10, np.array(values, np.float32)[:, None])


def table(n: int, seed: int) -> pa.Table:
    """Plain pictures, each of its own colour."""
    rng = np.random.default_rng(seed)
    cells = [write(np.full((8, 8, 3), rng.integers(0, 256, 3), np.uint8)) for _ in range(n)]
    return pa.table({"x": rng.normal(size=n), "p": pa.array(cells, pa.binary())})


def test_the_nearest_of_each() -> None:
    found = nearest(points([0.1, 5.0]), points([4.0, 0.0, 9.0]))
    assert found.rows.tolist() == [10, 11]
    assert found.others.tolist() == [11, 10]
    assert found.distance == pytest.approx([0.1, 1.0])


def test_copies_are_near_to_the_rows_they_are_of() -> None:
    train, fresh = table(80, 1), table(60, 2)
    fake = pa.concat_tables([train.slice(5, 10), fresh])
    found = likeness(Comparison(train, fake, table(60, 3), SCHEMA), "p")
    assert found is not None
    copied = dict(zip(found.own.rows.tolist(), found.own.others.tolist(), strict=True))
    assert {row: copied[row] for row in range(10)} == {row: row + 5 for row in range(10)}
    assert found.near[found.own.rows < 10].all()
    assert found.near.sum() < 14
    assert len(found.other.distance) == len(found.even.distance) == 70
    assert found.share(0.0) == 0
    # All numbers as far apart as they can be.
    assert found.share(2 * found.width**0.5) == pytest.approx(1)


def test_too_few_or_no_holdout_tell_nothing() -> None:
    assert likeness(Comparison(table(80, 1), table(80, 2), None, SCHEMA), "p") is None
    assert likeness(Comparison(table(80, 1), table(80, 2), table(20, 3), SCHEMA), "p") is None
    assert media_columns(SCHEMA) == ["p"]
