"""Rules written in Python."""

import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.sampling.constraints.kinds.predicate import Predicate, predicate
from reverie.schema.types import Constraint

TABLE = pa.table({"a": [1, 2, 3], "b": [1, 1, 1]})


def is_odd(table: pa.Table) -> np.ndarray:
    assert table.column_names == ["a"]
    return table["a"].to_numpy() % 2 == 1


def test_valid() -> None:
    constraint = predicate(["a"], is_odd)
    Predicate.verify(constraint)
    assert Predicate(constraint).valid(TABLE).tolist() == [True, False, True]


def test_json_keeps_the_name_and_is_then_refused() -> None:
    constraint = predicate(["a"], is_odd)
    read = Constraint.model_validate_json(json.dumps(constraint.model_dump()))
    assert read.options == {"function": "is_odd"}
    with pytest.raises(ConstraintError, match=r"without its Python function"):
        Predicate.verify(read)
    with pytest.raises(ConstraintError, match=r"without its Python function"):
        Predicate(read).valid(TABLE)


@pytest.mark.parametrize("result", [np.ones(3), np.ones(2, dtype=bool), True])
def test_refuses_a_wrong_result(result: object) -> None:
    constraint = predicate(["a"], lambda table: result, name="odd")  # type: ignore[arg-type, return-value]
    with pytest.raises(ConstraintError, match="Return one bool a row"):
        Predicate(constraint).valid(TABLE)


def test_a_function_that_fails_is_named() -> None:
    constraint = predicate(["a"], lambda table: table["b"], name="odd")  # type: ignore[arg-type, return-value]
    with pytest.raises(ConstraintError, match="its function 'odd' raised KeyError") as caught:
        Predicate(constraint).valid(TABLE)
    assert "\n" not in str(caught.value)
