import numpy as np
import pyarrow as pa

from reverie.evaluation.overlap import without_known
from reverie.schema.types import Column, Table

from .tables import SCHEMA, people


def test_fresh_holdout_stays_as_it_is() -> None:
    kept, note = without_known(people(100, 2), people(100, 1), SCHEMA)
    assert kept.num_rows == 100
    assert note == ""


def test_training_rows_are_counted_and_removed() -> None:
    real = people(300, 1)
    holdout = pa.concat_tables([people(100, 2), real.slice(0, 40)])
    kept, note = without_known(holdout, real, SCHEMA)
    assert kept.equals(people(100, 2))
    assert "40 of 140" in note
    assert "removed" in note


def test_chance_repeats_are_kept() -> None:
    def coarse(seed: int) -> pa.Table:
        return pa.table({"a": np.random.default_rng(seed).integers(0, 9, 200)})

    kept, note = without_known(
        coarse(2), coarse(1), Table(name="t", columns=(Column(name="a", type="integer"),))
    )
    assert kept.num_rows == 200
    assert "kept" in note
