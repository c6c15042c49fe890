import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison
from reverie.evaluation.privacy.rare_values import MEASURE
from reverie.schema.types import Column, Table

from ..tables import compared, people

REAL, HOLDOUT = people(800, 1), people(800, 3)


def test_fresh_rows_recall_no_value() -> None:
    (figure,) = MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT))
    assert figure.low <= 0 <= figure.high


def test_keys_that_come_out_are_found() -> None:
    fake = people(800, 2)
    leaking = fake.set_column(fake.column_names.index("id"), "id", REAL["id"])
    (figure,) = MEASURE.measure(compared(REAL, leaking, HOLDOUT))
    assert figure.low > 0.2
    recalled = {column["name"]: column["recalled"] for column in figure.detail["columns"]}
    assert recalled["id"] == [800, 0]


def test_none_without_a_holdout() -> None:
    assert MEASURE.measure(compared(REAL, people(800, 2))) == []


def test_running_numbers_coincide_by_design() -> None:
    columns = (Column(name="order", type="identifier"), Column(name="x", type="decimal"))
    schema = Table(name="t", columns=columns)

    def columns_of(real: np.ndarray, fake: np.ndarray, unseen: np.ndarray) -> list[str]:
        tables = (
            pa.table({"order": keys, "x": np.random.default_rng(place).random(800)})
            for place, keys in enumerate((real, fake, unseen))
        )
        (figure,) = MEASURE.measure(Comparison(*tables, schema))
        return [one["name"] for one in figure.detail["columns"] if one["recalled"][0]]

    assert columns_of(np.arange(1, 801), np.arange(1, 801), np.arange(801, 1601)) == []
    scattered = np.random.default_rng(0).permutation(10**6)
    assert columns_of(scattered[:800], scattered[:800], scattered[800:1600]) == ["order"]
