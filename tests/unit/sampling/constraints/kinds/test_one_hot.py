"""Exactly one of several columns."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.constraints.kinds.one_hot import OneHot
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

RULE = Constraint(kind="one_hot", columns=("red", "green", "blue"))
TABLE = pa.table(
    {
        "n": [1, 2, 3, 4],
        "red": [1, 0, 0, 0],
        "green": pa.array([0, 1, 0, 0], pa.int8()),
        "blue": [False, False, True, True],
    }
)


def hot(n: int, names: list[str], seed: int = 0) -> dict[str, np.ndarray]:
    place = np.random.default_rng(seed).integers(0, len(names), n)
    return {name: (place == i).astype(int) for i, name in enumerate(names)}


def test_valid() -> None:
    table = pa.table({"red": [1, 1, 0, 1, None], "green": [0, 1, 0, None, 1], "blue": [0, 0, 0, 0, 1]})
    assert OneHot(RULE).valid(table).tolist() == [True, False, False, True, False]


def test_valid_refuses_other_values() -> None:
    assert not OneHot(RULE).valid(pa.table({"red": [2], "green": [0], "blue": [-1]})).any()


def test_reduce_and_restore() -> None:
    rule = OneHot.fit(RULE, TABLE, 1)
    reduced = rule.reduce(TABLE)
    assert reduced.column_names == ["n", rule.adds[0].name]
    assert reduced[rule.adds[0].name].to_pylist() == ["red", "green", "blue", "blue"]
    assert rule.restore(reduced).equals(TABLE)
    assert OneHot.from_state(RULE, rule.state()) == rule


def test_all_missing_together_is_kept() -> None:
    table = pa.table({"red": [1, None], "green": [0, None], "blue": [0, None]})
    rule = OneHot.fit(RULE, table, 1)
    assert rule.restore(rule.reduce(table)).equals(table)


def test_is_only_checked_where_the_data_break_it() -> None:
    assert OneHot.fit(RULE, pa.table({"red": [1], "green": [1], "blue": [0]}), 1).drops == ()


def test_reduce_known() -> None:
    rule = OneHot.fit(RULE, TABLE, 1)
    known = pa.table({"red": [1, 0, 0, None], "green": [None, 0, None, 0], "blue": [None, None, None, None]})
    assert rule.reduce_known(known)[rule.adds[0].name].to_pylist() == ["red", "blue", None, None]


@pytest.mark.parametrize(
    ("condition", "labels"),
    [
        (Condition("red", values=(1,)), {"red"}),
        (Condition("red", values=(0,)), {"green", "blue"}),
        (Condition("red", values=(1,), negate=True), {"green", "blue"}),
        (Condition("blue", values=(True,)), {"blue"}),
    ],
)
def test_translate(condition: Condition, labels: set[str]) -> None:
    (found,) = OneHot.fit(RULE, TABLE, 1).translate(condition)
    assert set(found.values or ()) == labels


def test_translate_what_no_row_can_meet() -> None:
    with pytest.raises(ConditionError):
        OneHot.fit(RULE, TABLE, 1).translate(Condition("red", values=(7,)))


def test_detects_groups(describe) -> None:
    data = hot(500, ["size_s", "size_m", "size_l"]) | hot(500, ["red", "green", "blue", "grey"], seed=1)
    data["flag"] = np.random.default_rng(2).integers(0, 2, 500)
    table = pa.table(data)
    found = OneHot.detect(Observed(table, describe(table)))
    assert [c.columns for c in found] == [("size_s", "size_m", "size_l"), ("red", "green", "blue", "grey")]


def test_detects_no_group_with_a_gap_or_of_two(describe) -> None:
    data = hot(500, ["yes", "no"]) | hot(500, ["a_1", "a_2", "a_3"], seed=1)
    data["a_1"][np.flatnonzero(data["a_1"])[0]] = 0
    table = pa.table(data)
    assert OneHot.detect(Observed(table, describe(table))) == []
