"""Columns reckoned from others."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition
from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.kinds.formula import Formula
from reverie.schema.types import Constraint


def formula(*columns: str, operation: str = "sum", **options: object) -> Constraint:
    return Constraint(kind="formula", columns=columns, options={"operation": operation, **options})


TOTAL = formula("total", "price", "quantity", operation="product")
SALES = pa.table({"price": [1.25, 0.33, None], "total": [2.5, 0.99, None], "quantity": [2, 3, 1]})


def test_valid_to_the_decimals_of_the_column() -> None:
    rule = Formula.fit(
        formula("c", "a", "b", operation="ratio"), pa.table({"a": [1.0], "b": [3.0], "c": [0.33]}), 1
    )
    table = pa.table({"a": [1.0, 1.0, 1.0, None], "b": [3.0, 3.0, 0.0, 1.0], "c": [0.33, 0.34, 5.0, 2.0]})
    assert rule.valid(table).tolist() == [True, False, True, True]


def test_valid_within_a_tolerance() -> None:
    table = pa.table({"a": [1.0, 1.0], "b": [1.4, 1.6]})
    assert Formula.fit(formula("b", "a", tolerance=0.5), table, 1).valid(table).tolist() == [True, False]


def test_derives_a_result_that_is_missing_with_its_operands() -> None:
    rule = Formula.fit(TOTAL, SALES, 1)
    assert rule.reduce(SALES).column_names == ["price", "quantity"]
    assert rule.restore(rule.reduce(SALES)).select(SALES.column_names).equals(SALES)
    assert Formula.from_state(TOTAL, rule.state()) == rule


def test_rewrites_a_result_with_missing_cells_of_its_own() -> None:
    table = pa.table({"price": [1.0, 2.0, None], "quantity": [2, 3, 4], "total": [2.0, None, 7.0]})
    rule = Formula.fit(TOTAL, table, 1)
    assert rule.drops == ()
    assert rule.rewrites == ("total",)
    assert rule.restore(rule.reduce(table)).equals(table)
    generated = pa.table({"price": [1.0, 2.0], "quantity": [5, 5], "total": [4.0, None]})
    assert rule.restore(generated)["total"].to_pylist() == [5.0, None]


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        (formula("c", "a", "b"), {"a": [1, 2], "b": [3, 4], "c": [4, 6]}),
        (formula("c", "a", "b", operation="difference"), {"a": [1, 2], "b": [3, 4], "c": [-2, -2]}),
        (formula("c", "a", weights=[1.2], constant=5), {"a": [1.0, 2.0], "c": [6.2, 7.4]}),
        (formula("c", "a", "b"), {"a": [Decimal("1.10")], "b": [Decimal("2.25")], "c": [Decimal("3.35")]}),
        (formula("c", "a", "b"), {"a": [dt.date(2020, 2, 28)], "b": [2], "c": [dt.date(2020, 3, 1)]}),
        (
            formula("c", "a", "b", operation="difference"),
            {"a": [dt.datetime(2020, 1, 2)], "b": [dt.datetime(2020, 1, 1)], "c": [dt.timedelta(days=1)]},
        ),
    ],
)
def test_restores_in_the_type_of_the_result(constraint: Constraint, columns: dict) -> None:
    table = pa.table(columns)
    rule = Formula.fit(constraint, table, 1)
    assert rule.valid(table).all()
    assert rule.drops == ("c",)
    assert rule.restore(rule.reduce(table)).equals(table)


def test_translate() -> None:
    copy = Formula.fit(formula("c", "a"), pa.table({"a": [1, None], "c": [1, None]}), 1)
    assert copy.translate(Condition("c", missing=True)) == [Condition("a", missing=True)]
    assert Formula.fit(TOTAL, SALES, 1).translate(Condition("total", low=1)) == []


@pytest.mark.parametrize(
    "constraint",
    [
        formula("c", "a", operation="magic"),
        formula("c", "a", operation="ratio"),
        formula("c", "a", "b", weights=[1]),
        formula("c", "a", "b", operation="product", weights=[1, 1]),
        formula("c", "a", "c"),
    ],
)
def test_refuses_wrong_forms(constraint: Constraint) -> None:
    with pytest.raises(ConstraintError):
        Formula.verify(constraint)


def test_refuses_two_formulas_for_one_column_and_circles() -> None:
    with pytest.raises(ConstraintError, match="has a formula already"):
        Formula.agree([formula("c", "a", "b"), formula("c", "d", "e")])
    with pytest.raises(ConstraintError, match="needs itself: "):
        Formula.agree([formula("c", "a", "b"), formula("a", "c", "d")])
    Formula.agree([formula("c", "a", "b"), formula("d", "c", "b")])


def test_whole_results_stay_whole() -> None:
    table = pa.table({"a": [1.5, 2.5], "c": pa.array([3, 5], pa.int16())})
    rule = Formula.fit(formula("c", "a", weights=[2.0]), table, 1)
    assert rule.restore(rule.reduce(table))["c"].type == pa.int16()
    assert np.array_equal(rule.restore(rule.reduce(table))["c"].to_numpy(), [3, 5])
