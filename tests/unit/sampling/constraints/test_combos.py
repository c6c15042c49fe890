"""Combinations of values, counted and found again."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from reverie.sampling.constraints.combos import Combos

ROWS = pa.table({"a": ["x", "x", "y", None, None, "x"], "b": [1, 1, 2, None, None, 3]})


def test_learn_leaves_out_the_rare_and_puts_the_frequent_first() -> None:
    combos, counts = Combos.learn(ROWS, ("a", "b"), 2)
    assert combos.table.to_pylist() == [{"a": "x", "b": 1}, {"a": None, "b": None}]
    assert counts.tolist() == [2, 2]


def test_find() -> None:
    combos, _ = Combos.learn(ROWS, ("a", "b"), 2)
    assert combos.find(ROWS, ("a", "b")).tolist() == [0, 0, -1, 1, 1, -1]
    assert combos.find(ROWS, ("a",)).tolist() == [0, 0, -1, 1, 1, 0]
    assert combos.find(pa.table({"a": ["z"], "b": [9]}), ("a", "b")).tolist() == [-1]


def test_find_in_dictionary_columns() -> None:
    combos, _ = Combos.learn(ROWS, ("a", "b"), 1)
    encoded = pa.table({"a": ROWS["a"].dictionary_encode(), "b": ROWS["b"]})
    assert combos.find(encoded, ("a", "b")).tolist() == combos.find(ROWS, ("a", "b")).tolist()
    assert Combos.learn(encoded, ("a", "b"), 1)[0].table.equals(combos.table)


def test_nothing_is_frequent_enough() -> None:
    combos, _ = Combos.learn(ROWS, ("a", "b"), 100)
    assert len(combos) == 0
    assert combos.find(ROWS, ("a", "b")).tolist() == [-1] * 6


def test_first_by_takes_the_most_frequent() -> None:
    combos, _ = Combos.learn(ROWS, ("a", "b"), 1)
    kept = combos.take(combos.first_by(("a",)))
    assert {(row["a"], row["b"]) for row in kept.table.to_pylist()} == {("x", 1), ("y", 2), (None, None)}


def test_only_finds_what_partly_known_rows_must_be() -> None:
    combos, _ = Combos.learn(ROWS, ("a", "b"), 1)
    known = pa.table({"a": ["y", "x", None, None], "b": pa.array([None, None, 3, None], pa.int64())})
    places = combos.only(known)
    assert places[1] == places[3] == -1
    found = combos.table.take(pa.array(places[[0, 2]])).to_pylist()
    assert found == [{"a": "y", "b": 2}, {"a": "x", "b": 3}]


def test_state() -> None:
    combos, _ = Combos.learn(ROWS, ("a", "b"), 1)
    assert Combos.from_state(combos.state()).table.equals(combos.table)


@given(
    st.lists(st.tuples(st.sampled_from(["p", "q", None]), st.integers(0, 2)), min_size=1), st.integers(1, 4)
)
def test_what_is_found_is_the_row_itself(rows: list[tuple[str | None, int]], k: int) -> None:
    table = pa.table({"a": pa.array([a for a, _ in rows], pa.string()), "b": [b for _, b in rows]})
    combos, counts = Combos.learn(table, ("a", "b"), k)
    places = combos.find(table, ("a", "b"))
    for row, place in zip(rows, places, strict=True):
        assert (place >= 0) == (rows.count(row) >= k)
        if place >= 0:
            assert tuple(combos.table.take([place]).to_pylist()[0].values()) == row
            assert counts[place] == rows.count(row)
