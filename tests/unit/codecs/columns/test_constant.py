"""Constants repeat, empties stay empty, and both refuse what varies."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Profile, Protection
from reverie.codecs.columns.constant import Constant
from reverie.core.errors import ConditionError, DataError
from reverie.schema.types import Column


def _fit(values, kind="constant"):
    column = Column(name="x", type=kind)
    return Constant.finish(column, Constant.sketch(column, values), Protection())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([7] * 3), "constant"),
        (pa.array(["a"] * 3), "constant"),
        (pa.array([None] * 3), "empty"),
        (pa.array([np.nan] * 3, from_pandas=False), "empty"),
        (pa.array([7, None]), None),
        (pa.array([7, 8]), None),
    ],
)
def test_claims(values, kind):
    match = Constant.matches(Profile("x", values, len(values), values.null_count, None))
    assert (match.type if match else None) == kind


@pytest.mark.parametrize(
    "value",
    [
        7,
        1.5,
        "text",
        True,
        dt.date(1500, 1, 2),
        dt.datetime(2020, 1, 2, 3, 4, 5),
        dt.time(3, 4),
        dt.timedelta(hours=2),
    ],
)
def test_the_value_repeats_in_its_own_type_and_survives_its_state(value):
    values = pa.array([value] * 5)
    codec = _fit(values)
    codec = Constant.from_state(codec.column, json.loads(json.dumps(codec.state())))
    assert codec.specs == ()
    assert codec.encode(values, np.random.default_rng(0)) == {}
    assert codec.decode({}, 2, np.random.default_rng(0)).equals(values[:2])


def test_zones_and_dictionaries_survive():
    zoned = pa.array([dt.datetime(2020, 1, 2)] * 5, pa.timestamp("us", tz="Europe/Madrid"))
    codec = _fit(zoned)
    assert (
        Constant.from_state(codec.column, codec.state()).decode({}, 5, np.random.default_rng(0)).equals(zoned)
    )
    assert _fit(pa.array(["a"] * 5).dictionary_encode()).decode(
        {}, 1, np.random.default_rng(0)
    ).to_pylist() == ["a"]


def test_empty_columns_keep_their_type():
    assert (
        _fit(pa.nulls(3, pa.float32()), "empty")
        .decode({}, 2, np.random.default_rng(0))
        .equals(pa.nulls(2, pa.float32()))
    )


def test_what_varies_is_refused_within_and_across_parts():
    column = Column(name="x", type="constant")
    with pytest.raises(DataError, match="x: is not constant"):
        Constant.sketch(column, pa.array([1, 2]))
    with pytest.raises(DataError, match="x: is not constant"):
        Constant.merge(column, Constant.sketch(column, pa.array([1])), Constant.sketch(column, pa.array([2])))
    with pytest.raises(DataError, match="x: is not empty"):
        Constant.sketch(Column(name="x", type="empty"), pa.array([1]))


@pytest.mark.parametrize(
    "condition",
    [
        {"values": (7,)},
        {"values": ("8", "7")},
        {"low": 7},
        {"high": "7"},
        {"missing": False},
        {"values": (8,), "negate": True},
    ],
)
def test_conditions_that_hold(condition):
    assert _fit(pa.array([7] * 5)).evidence(Condition("x", **condition)) == {}


@pytest.mark.parametrize(
    "condition",
    [{"values": (8,)}, {"low": 7, "strict_low": True}, {"high": 6}, {"missing": True}, {"values": ("abc",)}],
)
def test_conditions_that_never_hold(condition):
    with pytest.raises(ConditionError):
        _fit(pa.array([7] * 5)).evidence(Condition("x", **condition))


def test_an_empty_column_is_missing_and_nothing_else():
    codec = _fit(pa.nulls(3), "empty")
    assert codec.evidence(Condition("x", missing=True)) == {}
    with pytest.raises(ConditionError):
        codec.evidence(Condition("x", values=(1,)))


@pytest.mark.parametrize("rows", [1, 4])
def test_a_value_of_fewer_rows_than_k_is_not_kept(rows):
    codec = _fit(pa.array(["secret"] * rows))
    assert "secret" not in json.dumps(codec.state())
    assert codec.decode({}, 2, np.random.default_rng(0)).equals(pa.nulls(2, pa.string()))
    with pytest.raises(ConditionError):
        codec.evidence(Condition("x", values=("secret",)))


def test_rows_of_all_parts_count():
    column, part = Column(name="x", type="constant"), pa.array(["a"] * 3)
    both = Constant.merge(column, Constant.sketch(column, part), Constant.sketch(column, part))
    assert Constant.finish(column, both, Protection()).value.to_pylist() == ["a"]
