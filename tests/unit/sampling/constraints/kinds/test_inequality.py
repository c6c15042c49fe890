"""One column below another."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.kinds.inequality import Inequality
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

RNG = np.random.default_rng(1)
BELOW = Constraint(kind="inequality", columns=("a", "b"))
STRICT = Constraint(kind="inequality", columns=("a", "b"), options={"strict": True})


def detected(describe, table: pa.Table) -> dict[tuple[str, ...], bool]:
    found = Inequality.detect(Observed(table, describe(table)))
    assert all(constraint.enforced and constraint.evidence for constraint in found)
    return {constraint.columns: constraint.options.get("strict", False) for constraint in found}


def test_valid() -> None:
    table = pa.table({"a": [1, 2, 3, None, 1], "b": [2, 2, 2, 2, None]})
    assert Inequality(BELOW).valid(table).tolist() == [True, True, False, True, True]
    assert Inequality(STRICT).valid(table).tolist() == [True, False, False, True, True]


def test_valid_on_dates() -> None:
    day = dt.date(2020, 1, 1)
    table = pa.table({"a": [day, day], "b": [day, day - dt.timedelta(days=1)]})
    assert Inequality(BELOW).valid(table).tolist() == [True, False]


def test_detects_numbers_and_dates(describe) -> None:
    start = RNG.integers(0, 1000, 500)
    table = pa.table(
        {
            "net": RNG.uniform(1, 100, 500),
            "start": pa.array(start, pa.int32()).cast(pa.date32()),
            "end": pa.array(start + RNG.integers(0, 300, 500), pa.int32()).cast(pa.date32()),
        }
    )
    table = table.append_column("gross", pa.array(table["net"].to_numpy() + RNG.uniform(0.1, 50, 500)))
    assert detected(describe, table) == {("net", "gross"): True, ("start", "end"): False}


def test_leaves_out_what_chance_would_keep_too(describe) -> None:
    table = pa.table({"small": RNG.uniform(0, 1, 500), "large": RNG.uniform(0.98, 2, 500) + 0.0})
    assert detected(describe, table) == {}


def test_leaves_out_what_follows(describe) -> None:
    low = RNG.normal(size=500)
    table = pa.table({"low": low, "mid": low + RNG.exponential(size=500), "other": RNG.normal(size=500)})
    table = table.append_column("high", pa.array(table["mid"].to_numpy() + RNG.exponential(size=500)))
    assert set(detected(describe, table)) == {("low", "mid"), ("mid", "high")}


def test_one_exception_in_the_whole_table_is_enough(describe) -> None:
    low = RNG.normal(size=10_000)
    high = low + RNG.exponential(size=10_000)
    high[1] = low[1] - 1
    assert detected(describe, pa.table({"low": low, "high": high})) == {}


def test_needs_a_hundred_rows_with_both(describe) -> None:
    low = np.where(np.arange(500) < 90, RNG.normal(size=500), np.nan)
    assert detected(describe, pa.table({"low": low, "high": low + 0.1})) == {}


def test_refuses_a_column_below_itself() -> None:
    with pytest.raises(ConstraintError, match="with itself"):
        Inequality.verify(Constraint(kind="inequality", columns=("a", "a")))


def test_refuses_circles() -> None:
    back = Constraint(kind="inequality", columns=("b", "a"))
    Inequality.agree([BELOW])
    with pytest.raises(ConstraintError, match="circle: "):
        Inequality.agree([BELOW, back])
