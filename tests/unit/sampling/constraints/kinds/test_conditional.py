"""If one column meets a condition, another does too."""

import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.kinds.conditional import Conditional
from reverie.schema.types import Constraint


def implies(when: dict, then: dict) -> Constraint:
    return Constraint(kind="conditional", columns=("a", "b"), options={"when": when, "then": then})


TABLE = pa.table({"a": ["x", "x", "y", None, "x"], "b": [1, 5, 1, 1, None]})


@pytest.mark.parametrize(
    ("when", "then", "expected"),
    [
        ({"values": ["x"]}, {"low": 3}, [False, True, True, True, True]),
        ({"values": ["x"]}, {"values": [5]}, [False, True, True, True, True]),
        ({"values": ["x"]}, {"missing": False}, [True, True, True, True, False]),
        ({"values": ["x"]}, {"missing": True}, [False, False, True, True, True]),
        ({"missing": True}, {"high": 0}, [True, True, True, False, True]),
        ({"values": ["x"], "negate": True}, {"low": 2}, [True, True, False, True, True]),
    ],
)
def test_valid(when: dict, then: dict, expected: list[bool]) -> None:
    assert Conditional(implies(when, then)).valid(TABLE).tolist() == expected


def test_restore_empties_what_must_be_missing() -> None:
    rule = Conditional(implies({"values": ["x"]}, {"missing": True}))
    restored = rule.restore(TABLE)
    assert restored["b"].to_pylist() == [None, None, 1, 1, None]
    assert rule.valid(restored).all()
    assert rule.rewrites == ("b",)


def test_restore_keeps_dictionaries_and_changes_nothing_else() -> None:
    table = pa.table({"a": ["x", "y"], "b": pa.array(["p", "q"]).dictionary_encode()})
    restored = Conditional(implies({"values": ["x"]}, {"missing": True})).restore(table)
    assert restored.schema == table.schema
    assert restored["b"].to_pylist() == [None, "q"]
    other = Conditional(implies({"values": ["x"]}, {"missing": False}))
    assert other.restore(table) is table
    assert other.rewrites == ()


@pytest.mark.parametrize(
    "options",
    [{}, {"when": {"low": 1}}, {"when": {}, "then": {"low": 1}}, {"when": {"below": 1}, "then": {"low": 1}}],
)
def test_refuses_what_is_no_condition(options: dict) -> None:
    with pytest.raises(ConstraintError, match="is not a condition"):
        Conditional.verify(Constraint(kind="conditional", columns=("a", "b"), options=options))


def test_a_value_that_the_column_cannot_hold() -> None:
    with pytest.raises(ConstraintError, match=r"conditional\(a, b\): 'b'"):
        Conditional(implies({"values": ["x"]}, {"low": "tall"})).valid(TABLE)
