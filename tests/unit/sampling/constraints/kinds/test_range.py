"""Columns between two ends."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.kinds.range import Range
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint


def ranged(*columns: str, **options: object) -> Constraint:
    return Constraint(kind="range", columns=columns, options=options)


def test_valid() -> None:
    table = pa.table({"a": [-1, 0, 5, 11, None], "b": [1.0, 1.0, 99.0, 1.0, 1.0]})
    assert Range(ranged("a", low=0, high=10)).valid(table).tolist() == [False, True, True, False, True]
    assert Range(ranged("a", "b", high=20)).valid(table).tolist() == [True, True, False, True, True]


def test_valid_on_dates() -> None:
    table = pa.table({"a": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)]})
    assert Range(ranged("a", low="2020-06-01")).valid(table).tolist() == [False, True]


def test_an_end_that_the_column_cannot_hold() -> None:
    with pytest.raises(ConstraintError, match=r"range\(a\)"):
        Range(ranged("a", low="soon")).valid(pa.table({"a": [1]}))


@pytest.mark.parametrize(
    "constraint", [ranged("a"), ranged("a", low=2, high=1), ranged("a", low="2021", high="2020")]
)
def test_refuses_empty_ranges(constraint: Constraint) -> None:
    with pytest.raises(ConstraintError):
        Range.verify(constraint)


def test_refuses_ranges_that_leave_no_room() -> None:
    with pytest.raises(ConstraintError, match="no room"):
        Range.agree([ranged("a", low=5), ranged("a", high=4)])
    order = Constraint(kind="inequality", columns=("a", "b"))
    with pytest.raises(ConstraintError, match=r"inequality\(a, b\).*no room"):
        Range.agree([ranged("a", low=5), ranged("b", high=4), order])
    Range.agree([ranged("a", low=4), ranged("b", high=5), order])


def test_detects_only_what_a_normal_curve_would_break(describe) -> None:
    rng = np.random.default_rng(2)
    table = pa.table(
        {
            "price": rng.lognormal(size=500),
            "year": rng.integers(2014, 2016, 500),
            "balance": rng.normal(size=500),
            "flag": rng.integers(0, 2, 500),
            "huge": np.where(np.arange(500) == 0, 1e308, 1.0),
        }
    )
    (found,) = Range.detect(Observed(table, describe(table)))
    assert (found.columns, found.options) == (("price",), {"low": 0})
