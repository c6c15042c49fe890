"""What all kinds share."""

import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.base import add_column, circle, kinds, rule_for, title
from reverie.schema.types import Constraint


def test_kinds_are_discovered() -> None:
    assert set(kinds()) >= {"conditional", "fixed_combinations", "formula", "inequality"}
    assert set(kinds()) >= {"one_hot", "predicate", "range", "unique"}


@pytest.mark.parametrize(
    "kind", ["conditional", "fixed_combinations", "formula", "inequality", "one_hot", "range"]
)
def test_every_kind_refuses_unknown_options(kind: str) -> None:
    rule = rule_for(Constraint(kind=kind, columns=("a", "b")))
    with pytest.raises(ConstraintError, match="unknown option 'colour'"):
        rule.verify(Constraint(kind=kind, columns=("a", "b"), options={"colour": 1}))


def test_unknown_kind() -> None:
    with pytest.raises(ConstraintError, match=r"no kind of constraint 'sorted'.*inequality"):
        rule_for(Constraint(kind="sorted", columns=("a",)))


def test_number_of_columns() -> None:
    constraint = Constraint(kind="inequality", columns=("a", "b", "c"))
    with pytest.raises(ConstraintError, match=r"inequality\(a, b, c\): has 3 columns. It takes 2"):
        rule_for(constraint).verify(constraint)
    constraint = Constraint(kind="one_hot", columns=("a",))
    with pytest.raises(ConstraintError, match="at least 2"):
        rule_for(constraint).verify(constraint)


def test_title() -> None:
    assert title(Constraint(kind="unique", columns=("a", "b"))) == "constraint unique(a, b)"


def test_circle() -> None:
    assert circle({"a": ["b"], "b": ["c"]}) == []
    loop = circle({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert loop[0] == loop[-1]
    assert set(loop) == {"a", "b", "c"}


def test_add_column() -> None:
    table = pa.table({"a": [1], "b": [2]})
    assert add_column(table, "c", pa.array([3]), before=1).column_names == ["a", "c", "b"]
    assert add_column(table, "b", pa.array([9]), before=0).to_pydict() == {"a": [1], "b": [9]}
