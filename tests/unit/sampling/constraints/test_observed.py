"""Columns as detection sees them."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.columns.number import CODECS
from reverie.sampling.constraints import observed
from reverie.sampling.constraints.observed import Observed


def test_columns_made_anew_are_left_out(describe, monkeypatch: pytest.MonkeyPatch) -> None:
    class Invented(CODECS[0]):
        INVENTED = True

    table = pa.table({"id": [1, 2], "email": ["a", "b"], "age": [3, 4]})
    schema = describe(table, primary_key="id")
    columns = [c.model_copy(update={"type": "email"}) if c.name == "email" else c for c in schema.columns]
    monkeypatch.setattr(observed, "types", lambda: {"email": Invented, "category": CODECS[0]})
    assert Observed(table, schema.model_copy(update={"columns": tuple(columns)})).names == ["age"]


def test_sample_is_short_and_even(describe) -> None:
    table = pa.table({"x": np.arange(100_000)})
    sample = Observed(table, describe(table)).sample
    assert sample.rows == 2_000
    assert sample.numbers("x")[[0, -1]].tolist() == [0, 99_999]
    assert sample.sample is sample


def test_levelled_and_numeric(describe) -> None:
    table = pa.table(
        {
            "constant": ["a"] * 3_000,
            "many": [str(i) for i in range(3_000)],
            "few": ["a", "b", None] * 1_000,
            "whole": [1, 2] * 1_500,
            "list": [[1]] * 3_000,
        }
    )
    found = Observed(table, describe(table))
    assert found.levelled == ["few", "whole"]
    assert found.numeric == {"whole": "number"}
    assert found.codes("few")[1].to_pylist() == ["a", "b", None]
