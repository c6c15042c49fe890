import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.quality.shape import MEASURE, count, distance
from reverie.evaluation.view import view
from reverie.schema.types import Column, Table

from ..tables import compared, named, people


def error(real: list, fake: list, kind: str) -> float:
    schema = Table(name="t", columns=(Column(name="x", type=kind),))
    seen = view(pa.table({"x": real}), pa.table({"x": fake}), None, schema)
    return distance(count(seen.fields[0], seen.real, seen.fake)).value


def test_known_answers() -> None:
    assert error([1, 2, 3, 4], [1, 2, 3, 4], "integer") == 0
    assert error([1, 2, 3, 4], [3, 4, 5, 6], "integer") == 0.5
    assert error([1, 2, 3, None], [7, 8, None, None], "integer") == 1
    assert error(["a", "a", "b", "c"], ["a", "b", "b", "d"], "category") == pytest.approx(0.5)
    assert error(["a", None], ["a", "a"], "category") == 0
    assert np.isnan(error(["a"], [None], "category"))


def test_figure_has_floor_interval_and_the_worst_column_first() -> None:
    fake = people(500, 2)
    fake = fake.set_column(2, "income", pa.array(np.asarray(fake["income"]) * 3))
    found = named(MEASURE.measure(compared(people(500, 1), fake, people(500, 3))))["shape"]
    assert found.low < found.value < found.high
    assert found.floor is not None
    assert found.floor < 6 < found.value
    assert found.detail["columns"][0]["name"] == "income"
    assert found.value == pytest.approx(np.mean([column["error"] for column in found.detail["columns"]]))


def test_interval_is_as_wide_as_the_spread_of_samples() -> None:
    values, widths = [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        real, fake = pa.table({"x": rng.normal(size=400)}), pa.table({"x": rng.normal(0.5, 1.3, 400)})
        schema = Table(name="t", columns=(Column(name="x", type="decimal"),))
        seen = view(real, fake, None, schema)
        found = distance(count(seen.fields[0], seen.real, seen.fake))
        values.append(found.value)
        widths.append((found.interval()[1] - found.value) / 1.96)
    assert np.mean(widths) == pytest.approx(np.std(values), rel=0.2)
