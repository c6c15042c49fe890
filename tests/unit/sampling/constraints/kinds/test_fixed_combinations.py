"""Limited combinations, and columns that others determine."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError, ConstraintError
from reverie.sampling.constraints.kinds.fixed_combinations import FixedCombinations
from reverie.schema.types import Constraint

PAIR = Constraint(kind="fixed_combinations", columns=("make", "model"))
FIXED = Constraint(kind="fixed_combinations", columns=("model", "make"), options={"determined": "make"})
CARS = pa.table(
    {
        "make": ["Fiat"] * 8 + ["Saab"] * 4 + ["Lada"],
        "year": list(range(13)),
        "model": ["500"] * 5 + ["Panda"] * 3 + ["900"] * 4 + ["Niva"],
    }
)


def test_lookup_restores_the_determined_column() -> None:
    rule = FixedCombinations.fit(FIXED, CARS, 1)
    reduced = rule.reduce(CARS)
    assert reduced.column_names == ["year", "model"]
    assert rule.restore(reduced).select(CARS.column_names).equals(CARS)


def test_fusing_restores_all_columns() -> None:
    rule = FixedCombinations.fit(PAIR, CARS, 1)
    reduced = rule.reduce(CARS)
    assert reduced.column_names == [rule.adds[0].name, "year"]
    assert rule.restore(reduced).select(CARS.column_names).equals(CARS)


@pytest.mark.parametrize("constraint", [PAIR, FIXED])
def test_rare_values_are_not_kept(constraint: Constraint) -> None:
    rule = FixedCombinations.fit(constraint, CARS, 3)
    assert "Lada" not in str(rule.state())
    assert "Niva" not in str(rule.state())
    again = FixedCombinations.from_state(constraint, rule.state())
    assert again.reduce(CARS).equals(rule.reduce(CARS))
    kept = CARS.slice(0, 12)
    assert again.restore(again.reduce(kept)).select(CARS.column_names).equals(kept)
    assert again.valid(CARS).tolist() == [True] * 12 + [False]


def test_rare_combinations_get_labels_of_their_own() -> None:
    rule = FixedCombinations.fit(PAIR, CARS, 3)
    labels = rule.reduce(CARS)[rule.adds[0].name].to_pylist()
    assert labels.count(labels[-1]) == 1
    assert rule.restore(rule.reduce(CARS))["make"].to_pylist()[-1] is None


def test_valid() -> None:
    table = pa.table({"make": ["Fiat", "Saab", "Fiat", None], "model": ["500", "500", "Golf", "500"]})
    assert FixedCombinations.fit(PAIR, CARS, 1).valid(table).tolist() == [True, False, False, True]
    assert FixedCombinations.fit(FIXED, CARS, 1).valid(table).tolist() == [True, False, False, True]


def test_a_dependency_is_judged_by_the_most_frequent_answer() -> None:
    table = pa.table({"model": ["500", "500", "500"], "make": ["Fiat", "Fiat", "Saab"]})
    rule = FixedCombinations.fit(FIXED, table, 1)
    assert rule.valid(table).tolist() == [True, True, False]
    assert rule.drops == ()


def test_a_missing_key_is_a_key() -> None:
    table = pa.table({"model": ["500", None, None], "make": ["Fiat", None, None]})
    rule = FixedCombinations.fit(FIXED, table, 1)
    assert rule.restore(rule.reduce(table)).select(["model", "make"]).equals(table)


def test_lenient_where_most_is_rare() -> None:
    table = pa.table({"make": [str(i // 2) for i in range(100)], "model": [str(i) for i in range(100)]})
    for constraint in (PAIR, FIXED):
        rule = FixedCombinations.fit(constraint, table, 5)
        assert rule.drops == ()
        assert rule.valid(table).all()


def test_two_keys() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 4, 300), rng.integers(0, 5, 300)
    table = pa.table({"a": a, "b": b, "c": a * b % 7})
    both = Constraint(kind="fixed_combinations", columns=("a", "b", "c"), options={"determined": "c"})
    rule = FixedCombinations.fit(both, table, 1)
    assert rule.restore(rule.reduce(table)).equals(table)
    assert rule.translate(Condition("c", values=(1,))) == []


def test_translate() -> None:
    (lookup,) = FixedCombinations.fit(FIXED, CARS, 1).translate(Condition("make", values=("Fiat",)))
    assert (lookup.column, set(lookup.values or ())) == ("model", {"500", "Panda"})
    rule = FixedCombinations.fit(PAIR, CARS, 1)
    (fused,) = rule.translate(Condition("make", values=("Fiat",), negate=True))
    labels = rule.reduce(CARS)[fused.column].to_pylist()
    assert set(fused.values or ()) == set(labels[8:])


def test_translate_what_no_row_can_meet() -> None:
    for constraint in (PAIR, FIXED):
        with pytest.raises(ConditionError, match="no combination"):
            FixedCombinations.fit(constraint, CARS, 3).translate(Condition("make", values=("Lada",)))


def test_reduce_known() -> None:
    known = pa.table(
        {"make": ["Saab", "Fiat", None, None], "year": [1, 2, 3, 4], "model": [None, None, "900", None]}
    )
    rule = FixedCombinations.fit(FIXED, CARS, 1)
    assert rule.reduce_known(known)["model"].to_pylist() == ["900", None, "900", None]
    rule = FixedCombinations.fit(PAIR, CARS, 1)
    labels = rule.reduce_known(known)[rule.adds[0].name].to_pylist()
    assert labels[0] == labels[2] is not None
    assert labels[1] is labels[3] is None


def test_dictionary_columns() -> None:
    table = pa.table({name: CARS[name].dictionary_encode() for name in ("make", "model")})
    rule = FixedCombinations.fit(PAIR, table, 1)
    assert rule.restore(rule.reduce(table))["make"].to_pylist() == CARS["make"].to_pylist()


def test_too_many_to_fuse() -> None:
    table = pa.table({"make": np.arange(1200) % 600, "model": np.arange(1200) % 600})
    rule = FixedCombinations.fit(PAIR, table, 1)
    assert rule.drops == ()
    assert not rule.valid(pa.table({"make": [1], "model": [2]})).any()


def test_refuses_a_determined_column_from_elsewhere() -> None:
    with pytest.raises(ConstraintError, match="'colour' is not among"):
        FixedCombinations.verify(PAIR.model_copy(update={"options": {"determined": "colour"}}))
