import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.core.errors import ConditionError
from reverie.schema.blocks import Category, Gate

CELLS = pa.array(["a", "", None, "b", None])


def presence(values: pa.Array, *, empty: bool = False) -> Presence:
    return Presence.of("x", count_kinds(values, empty=empty))


def test_count_kinds_tells_missing_empty_and_value() -> None:
    assert count_kinds(CELLS, empty=True) == {"missing": 2, "empty": 1, "value": 2}
    assert count_kinds(CELLS) == {"missing": 2, "empty": 0, "value": 3}


def test_count_kinds_of_parts_add_up() -> None:
    parts = add_kinds(count_kinds(CELLS[:2], empty=True), count_kinds(CELLS[2:], empty=True))
    assert parts == count_kinds(CELLS, empty=True)


def test_specs_are_one_category_only_if_kinds_vary() -> None:
    assert presence(CELLS).specs == (Category("x#present", 2),)
    assert presence(CELLS, empty=True).specs == (Category("x#present", 3),)
    assert presence(pa.array(["a", "b"])).specs == ()


def test_gate_points_at_the_code_of_a_value() -> None:
    assert presence(CELLS, empty=True).gate == Gate("x#present", 2)
    assert presence(pa.array(["a"])).gate is None


def test_encode_place_round_trip() -> None:
    kinds = presence(CELLS, empty=True)
    arrays = kinds.encode(CELLS)
    assert arrays["x#present"].tolist() == [2, 1, 0, 2, 0]
    assert kinds.place(pa.array(["a", "b"]), arrays, 5).to_pylist() == CELLS.to_pylist()


def test_place_leaves_full_columns_alone() -> None:
    kinds = presence(pa.array([1, 2]))
    assert kinds.place(pa.array([3, 4]), {}, 2).to_pylist() == [3, 4]


def test_place_of_an_all_missing_column() -> None:
    kinds = presence(pa.array([None, None], pa.string()))
    assert kinds.place(pa.array([], pa.string()), {}, 2).to_pylist() == [None, None]


@pytest.mark.parametrize(("missing", "allowed"), [(True, [True, False, False]), (False, [False, True, True])])
def test_evidence_of_missing(missing: bool, allowed: list[bool]) -> None:
    evidence = presence(CELLS, empty=True).evidence(Condition("x", missing=missing), "is made up")
    assert evidence["x#present"].allowed.tolist() == allowed


def test_evidence_needs_nothing_where_no_cell_is_missing() -> None:
    assert presence(pa.array(["a"])).evidence(Condition("x", missing=False), "is made up") == {}


def test_evidence_refuses_the_impossible_and_the_unknown() -> None:
    full = presence(pa.array(["a"]))
    with pytest.raises(ConditionError, match="never missing"):
        full.evidence(Condition("x", missing=True), "is made up")
    with pytest.raises(ConditionError, match="x: is made up, so only"):
        full.evidence(Condition("x", values=("secret",)), "is made up")


def test_are_without_a_block() -> None:
    assert np.array_equal(presence(pa.array(["a"])).are("value", {}, 3), [True] * 3)


def test_cells_of_nothing_are_there_unless_missing() -> None:
    kinds = presence(CELLS, empty=True)
    arrays = kinds.encode(CELLS)
    found = kinds.blank(arrays, len(CELLS))
    assert found.is_null().to_pylist() == CELLS.is_null().to_pylist()
    assert set(found.drop_null().to_pylist()) == {""}
    assert presence(pa.array(["a"])).blank({}, 2).to_pylist() == ["", ""]
