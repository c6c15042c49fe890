"""What every measure promises, tried on all of them by discovery."""

import json
import math
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison, Measure, Measurement, measures
from reverie.io.pictures import write
from reverie.schema.types import Column, Table

SCHEMA = Table(
    name="t",
    columns=(
        Column(name="x", type="decimal"),
        Column(name="y", type="integer"),
        Column(name="a", type="category"),
        Column(name="note", type="text"),
        Column(name="photo", type="image"),
    ),
)


def table(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pa.table(
        {
            "x": x,
            "y": pa.array((x * 3).astype(int), mask=rng.random(n) < 0.1),
            "a": np.array(["p", "q", "r"])[(x > 0) * 1 + (x > rng.random(n))],
            "note": pa.array([f"secret-{seed}-{row}" for row in range(n)]),
            "photo": pa.array(
                [write(one) for one in rng.integers(0, 256, (n, 8, 8, 1), np.uint8)], pa.binary()
            ),
        }
    )


def compare(rows: int = 200, holdout: bool = True, seed: int = 0) -> Comparison:
    return Comparison(table(rows, 1), table(rows, 2), table(rows, 3) if holdout else None, SCHEMA, "a", seed)


def every(comparison: Comparison) -> Iterator[Measurement]:
    for measure in measures():
        yield from measure.measure(comparison)


@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
def test_figures_keep_the_contract(measure: Measure) -> None:
    found = measure.measure(compare())
    assert found
    assert measure.aspect in ("faithful", "useful", "private")
    for one in found:
        assert one.low <= one.value <= one.high
        assert one.floor is not None
        assert math.isfinite(one.floor)
        assert one.n > 0
        assert len(one.explanation) > 20
        json.dumps(one.detail, allow_nan=False)
        assert "secret" not in json.dumps(one.detail)


@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
def test_same_seed_same_figures(measure: Measure) -> None:
    assert measure.measure(compare(seed=5)) == measure.measure(compare(seed=5))


@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
@pytest.mark.parametrize("rows", [1, 3, 60])
def test_few_rows_give_fewer_figures_not_failures(measure: Measure, rows: int) -> None:
    for one in measure.measure(compare(rows)):
        assert math.isfinite(one.value)


@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
def test_without_holdout_there_is_no_floor(measure: Measure) -> None:
    found = measure.measure(compare(holdout=False))
    assert all(one.floor is None for one in found if measure.aspect != "useful")


def test_names_are_unique() -> None:
    names = [one.name for one in every(compare())]
    assert len(names) == len(set(names))
