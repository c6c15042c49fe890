from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison
from reverie.reports.views import LevelView, NumberView, OpaqueView, views
from reverie.schema.types import Column, Table


def see(kind: str, real: pa.Array, fake: pa.Array | None = None):
    schema = Table(name="t", columns=(Column(name="c", type=kind),))
    tables = [pa.table({"c": values}) for values in (real, real if fake is None else fake)]
    (found,) = views(Comparison(*tables, None, schema))
    return found


def test_numbers_keep_their_values_and_holes():
    found = see("decimal", pa.array([1.5, None, 2.5, 4.0]))
    assert isinstance(found, NumberView)
    assert found.unit == "number"
    assert np.array_equal(found.values["real"], [1.5, np.nan, 2.5, 4.0], equal_nan=True)


def test_whole_numbers_are_known():
    assert see("integer", pa.array([1, 2, 3])).unit == "integer"


def test_dates_are_seconds():
    found = see("date", pa.array([date(1970, 1, 2), date(1600, 1, 1)]))
    assert found.unit == "date"
    assert found.values["real"][0] == pytest.approx(86_400)


def test_levels_share_codes():
    found = see("category", pa.array(["b", "a", None]), pa.array(["a", "c", "a"]))
    assert isinstance(found, LevelView)
    assert [found.labels[code] for code in found.codes["fake"]] == ["a", "c", "a"]
    assert found.counts("real").sum() == 2


def test_personal_data_is_seen_by_its_length():
    found = see("email", pa.array(["ab@c.de", None, "abc@d.ef"]))
    assert isinstance(found, NumberView)
    assert found.unit == "characters"
    assert np.array_equal(found.values["real"], [7, np.nan, 8], equal_nan=True)


def test_nested_columns_are_left_alone():
    assert isinstance(see("text", pa.array([[1], [2]])), OpaqueView)
    photos = see("image", pa.array([b"x", None], pa.binary()))
    assert isinstance(photos, OpaqueView)
    assert photos.missing["real"] == (1, 2)
