"""Contradictions found before fitting."""

import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.sampling.constraints import check_consistent, predicate
from reverie.schema.types import Constraint

TABLE = pa.table({"a": [1, 2, 3, 4], "b": [2, 3, 4, 1], "price": [1.0] * 4, "name": ["x", "y", "x", "y"]})


def rule(kind: str, *columns: str, **options: object) -> Constraint:
    return Constraint(kind=kind, columns=columns, options=options)


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ([rule("sorted", "a")], "no kind of constraint 'sorted'"),
        ([rule("range", "prise", low=0)], r"range\(prise\): no column 'prise'.*Did you mean: price"),
        ([rule("range", "a", low=3, high=2)], "low is above high"),
        ([rule("range", "a", low=3), rule("range", "a", high=2)], "no room"),
        ([rule("inequality", "a", "b"), rule("inequality", "b", "a")], "circle"),
        (
            [rule("formula", "a", "b", operation="sum"), rule("formula", "b", "a", operation="sum")],
            "needs itself",
        ),
    ],
)
def test_contradictions(describe, constraints: list[Constraint], message: str) -> None:
    with pytest.raises(ConstraintError, match=message):
        check_consistent(constraints, describe(TABLE))


@pytest.mark.parametrize(
    ("constraint", "count"),
    [
        (rule("inequality", "a", "b"), "1 of 4 rows .25.00%"),
        (rule("unique", "name"), "2 of 4"),
        (rule("range", "a", high=1), "3 of 4"),
        (predicate(["a"], lambda t: t["a"].to_numpy() > 2, "large"), "2 of 4"),
        (rule("fixed_combinations", "price", "a", determined="a"), "3 of 4"),
    ],
)
def test_rules_that_the_data_break(describe, constraint: Constraint, count: str) -> None:
    check_consistent([constraint], describe(TABLE))
    with pytest.raises(ConstraintError, match=f"the data breaks it in {count}"):
        check_consistent([constraint], describe(TABLE), TABLE)
    check_consistent([constraint.model_copy(update={"enforced": False})], describe(TABLE), TABLE)


def test_text_cannot_be_compared(describe) -> None:
    with pytest.raises(ConstraintError, match="'name' holds neither numbers nor times"):
        check_consistent([rule("inequality", "a", "name")], describe(TABLE), TABLE)


def test_errors_show_no_values(describe) -> None:
    with pytest.raises(ConstraintError) as caught:
        check_consistent(
            [rule("conditional", "name", "a", when={"values": ["x"]}, then={"high": 2})],
            describe(TABLE),
            TABLE,
        )
    assert "x" not in str(caught.value).replace("fix", "")
    assert "\n" not in str(caught.value)


def test_rules_that_hold(describe) -> None:
    good = [rule("range", "a", low=0), rule("unique", "a"), rule("inequality", "price", "a")]
    check_consistent(good, describe(TABLE), TABLE)
