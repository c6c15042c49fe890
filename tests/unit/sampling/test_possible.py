"""Values of a column beside what is asked of it."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.possible import Levels, compatible
from reverie.schema.types import Column

SIZES = Levels.of(
    Column(name="x", type="ordinal", options={"levels": ["low", "mid", "high"]}),
    pa.array(["mid", "low", "high"]),
)


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (Condition("x", values=("low", "mid")), {"low", "mid"}),
        (Condition("x", values=("low",), negate=True), {"mid", "high"}),
        (Condition("x", low="low", strict_low=True), {"mid", "high"}),
        (Condition("x", low="low", high="mid"), {"low", "mid"}),
    ],
)
def test_a_condition_is_the_levels_that_meet_it(condition: Condition, met: set[str]) -> None:
    assert set(SIZES.among(condition).values or ()) == met


def test_levels_of_numbers() -> None:
    for count in (5, 400):
        levels = Levels.of(Column(name="x", type="integer"), pa.array(np.arange(count) * 2))
        assert levels.among(Condition("x", low=3, high=6)) == Condition("x", values=(4, 6))
        assert levels.among(Condition("x", values=(2, 8))) == Condition("x", values=(2, 8))
        with pytest.raises(ConditionError, match="has no value '3'"):
            levels.among(Condition("x", values=(2, 3)))


def test_unknown_levels_are_refused() -> None:
    with pytest.raises(ConditionError, match=r"x: has no value 'tiny'\. 3 levels are known"):
        SIZES.among(Condition("x", values=("low", "tiny")))


DAY = dt.date(2024, 1, 5)


@pytest.mark.parametrize(
    ("conditions", "kind", "expected"),
    [
        ([{"values": (1, 2)}, {"values": (2, 3)}], pa.int64(), True),
        ([{"values": (1, 2)}, {"values": (3,)}], pa.int64(), False),
        ([{"values": (1,)}, {"values": (1,), "negate": True}], pa.int64(), False),
        ([{"values": (1.5, 2)}, {"low": 1.7}], pa.float64(), True),
        ([{"values": ("a",)}, {"values": ("b",)}], pa.string(), False),
        ([{"low": 3}, {"high": 3}], pa.int64(), True),
        ([{"low": 3}, {"high": 3, "strict_high": True}], pa.int64(), False),
        ([{"low": 3, "high": 5}, {"low": 4, "high": 6}], pa.int64(), True),
        ([{"low": DAY}, {"high": dt.date(2023, 1, 1)}], pa.date32(), False),
        ([{"values": (DAY,)}, {"low": DAY}], pa.date32(), True),
        ([{"values": (DAY,)}, {"low": dt.datetime(2024, 1, 5, 12)}], pa.timestamp("s"), True),
        ([{"missing": True}, {"low": 3}], pa.int64(), False),
        ([{"missing": True}, {"missing": True}], pa.int64(), True),
        ([{"missing": True}, {"missing": False}], pa.int64(), False),
        ([{"missing": False}, {"low": 3}], pa.int64(), True),
    ],
)
def test_compatible(conditions: list[dict], kind: pa.DataType, expected: bool) -> None:
    assert compatible([Condition("x", **one) for one in conditions], kind) == expected
