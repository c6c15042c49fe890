import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.io import fingerprint as module
from reverie.io.fingerprint import fingerprint

BASE = pa.table({"n": [1, None, 3], "s": ["a", None, "bc"], "x": [0.5, None, 2.0], "b": [True, None, False]})


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 9), st.none() | st.text(max_size=3)), min_size=1), st.data()
)
def test_independent_of_chunks(rows, data):
    table = pa.table(
        {"n": pa.array([n for n, _ in rows], pa.int64()), "s": pa.array([s for _, s in rows], pa.string())}
    )
    cut = data.draw(st.integers(0, len(rows)))
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    assert fingerprint(pieces) == fingerprint(table)


@pytest.mark.parametrize(
    "other",
    [
        {"n": [1, None, 4]},
        {"n": [1, 0, 3]},
        {"s": ["a", "", "bc"]},
        {"s": ["ab", None, "c"]},
        {"x": [0.5, None, 2.5]},
        {"b": [True, False, False]},
        {"n": [1.0, None, 3.0]},
    ],
)
def test_every_change_shows(other):
    changed = BASE
    for name, values in other.items():
        changed = changed.set_column(changed.column_names.index(name), name, pa.array(values))
    assert fingerprint(changed) != fingerprint(BASE)


def test_names_and_order_show():
    assert fingerprint(BASE.rename_columns(["n", "s", "x", "c"])) != fingerprint(BASE)
    assert fingerprint(BASE.take([2, 1, 0])) != fingerprint(BASE)


def test_dictionary_is_its_values():
    coded = BASE.set_column(1, "s", BASE["s"].dictionary_encode())
    assert fingerprint(coded) == fingerprint(BASE)


def test_stable_from_run_to_run(monkeypatch):
    assert fingerprint(BASE) == "aadc3514a7004b24beab71af87ccf323"
    monkeypatch.setattr(module, "_ROWS", 2)
    assert len(fingerprint(BASE)) == 32


@pytest.mark.parametrize(
    "kind", [pa.date32(), pa.timestamp("us"), pa.duration("us"), pa.time64("us"), pa.null()]
)
def test_every_type(kind):
    first, second = (
        pa.table({"a": pa.array(values).cast(kind) if kind != pa.null() else pa.nulls(2)})
        for values in (
            pa.array([1, None], pa.int32() if kind == pa.date32() else pa.int64()),
            pa.array([2, None], pa.int32() if kind == pa.date32() else pa.int64()),
        )
    )
    assert (fingerprint(first) == fingerprint(second)) == (kind == pa.null())
