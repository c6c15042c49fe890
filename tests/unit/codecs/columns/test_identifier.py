import re
import uuid

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.codecs.base import Condition, Match, Profile, Protection
from reverie.codecs.columns.identifier import Identifier
from reverie.core.errors import ConditionError, DataError
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
SPARSE = np.random.default_rng(3).choice(9 * 10**9, 999, replace=False) + 10**9
WORDS = np.random.default_rng(7)
UUIDS = pa.array([str(uuid.UUID(bytes=WORDS.bytes(16), version=4)) for _ in range(300)])


def claim(name: str, values: pa.Array) -> Match | None:
    present = values.drop_null()
    return Identifier.matches(Profile(name, values, len(values), values.null_count, len(present.unique())))


def fit(values: pa.Array, **options) -> Identifier:
    column = Column(name="key", type="identifier", options=options)
    sketch = Identifier.merge(column, *(Identifier.sketch(column, part) for part in (values[:7], values[7:])))
    return Identifier.finish(column, sketch, Protection())


def draw(codec: Identifier, rows: int, offset: int = 0) -> pa.Array:
    return codec.decode({}, rows, RNG, offset)


@pytest.mark.parametrize(
    ("name", "values", "style"),
    [
        ("customer_id", pa.array(range(1, 51)), "sequence"),
        ("PolicyNumber", pa.array(range(100_000, 100_050)), "sequence"),
        ("", pa.array(range(50)), "sequence"),
        ("row", pa.array(range(50)), "sequence"),
        ("id", pa.array([1.0, 2.0, None, 3.0, 4.0]), "sequence"),
        ("id", pa.array(RNG.choice(9 * 10**9, 50, replace=False) + 10**9), "pattern"),
        ("whatever", UUIDS, "pattern"),
        ("invoice", pa.array([f"INV-{n:05d}" for n in range(1, 60)]), "sequence"),
        ("ticket", pa.array([f"{'AXQ'[n % 3]}{n * 7919 % 9973}" for n in range(60)]), "pattern"),
    ],
)
def test_keys_are_claimed(name: str, values: pa.Array, style: str) -> None:
    match = claim(name, values)
    assert match is not None
    assert match.options == {"style": style, "unique": True, "repeats": 0.0}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("price", pa.array(RNG.permutation(10**6)[:500])),
        ("income_id_like", pa.array(RNG.permutation(10**6)[:500])),
        ("id", pa.array([1.5, 2.5, 3.5])),
        ("id", pa.array([1, 1, 2, 2] * 10)),
        ("amount", pa.array([f"{n}.25" for n in range(60)])),
        ("day", pa.array([f"2020-01-{n:02d}" for n in range(1, 29)])),
        ("comment", pa.array([f"this is number {n}" for n in range(60)])),
        ("name", pa.array(["Ann", "Bob", "Cid"] * 9)),
        ("flag", pa.array([True, False])),
    ],
)
def test_other_columns_are_not_claimed(name: str, values: pa.Array) -> None:
    assert claim(name, values) is None


def test_a_key_with_a_few_repeats_says_so() -> None:
    values = pa.array([*SPARSE, SPARSE[0]])
    match = claim("id", values)
    assert match is not None
    assert (match.options["unique"], match.options["repeats"]) == (False, 0.001)


def test_reasons_tell_no_value() -> None:
    for values in (pa.array(range(48_151, 48_300)), UUIDS):
        match = claim("id", values)
        assert match is not None
        assert "48151" not in match.reason.replace(",", "")
        assert UUIDS[0].as_py() not in match.reason


def test_sequences_start_afresh() -> None:
    assert draw(fit(pa.array(range(1, 101), pa.int32())), 3).equals(pa.array([1, 2, 3], pa.int32()))
    assert draw(fit(pa.array([f"C{n:03d}" for n in range(1, 101)])), 2, 8).to_pylist() == ["C009", "C010"]


def test_uuids_are_new_and_of_version_4() -> None:
    drawn = draw(fit(UUIDS), 5_000).to_pylist()
    assert all(uuid.UUID(value).version == 4 and uuid.UUID(value).variant == uuid.RFC_4122 for value in drawn)
    assert len(set(drawn)) == 5_000
    assert not set(drawn) & set(UUIDS.to_pylist())


@pytest.mark.parametrize(
    "kind", [pa.int64(), pa.int32(), pa.float64(), pa.decimal128(12, 0), pa.large_string()]
)
def test_sparse_numbers_keep_width_and_type(kind: pa.DataType) -> None:
    sparse = pa.array(SPARSE // 10 % 10**9 + 10**9)
    values = (sparse.cast(pa.decimal128(19, 0)) if pa.types.is_decimal(kind) else sparse).cast(kind)
    drawn = draw(fit(values), 2_000)
    assert drawn.type == kind
    assert len(drawn.unique()) == 2_000
    texts = drawn.cast(pa.int64()).cast(pa.string()).to_pylist()
    assert all(re.fullmatch(r"1\d{9}", text) for text in texts)


def test_dictionary_columns_come_back_as_such() -> None:
    values = UUIDS.dictionary_encode()
    assert draw(fit(values), 10).type == values.type


@given(st.integers(0, 500), st.integers(1, 500))
def test_partitions_are_unique_together(first: int, second: int) -> None:
    codec = fit(UUIDS)
    both = pa.concat_arrays([draw(codec, first), draw(codec, second, first)])
    assert len(both.unique()) == first + second
    assert both.equals(draw(codec, first + second))


def test_repeats_are_kept() -> None:
    codec = fit(UUIDS, repeats=0.25)
    assert len(draw(codec, 8_000).unique()) == pytest.approx(6_000, rel=0.03)


def test_missing_keys_stay_missing() -> None:
    values = pa.array([1, None, 3, 4, None, 6, 7, 8, 9])
    codec = fit(values)
    arrays = codec.encode(values, RNG)
    assert codec.decode(arrays, 9, RNG).is_null().equals(values.is_null())
    assert list(codec.evidence(Condition("key", missing=True))) == ["key#present"]


def test_values_cannot_be_asked_for() -> None:
    with pytest.raises(ConditionError, match="identifier"):
        fit(UUIDS).evidence(Condition("key", values=(UUIDS[0].as_py(),)))


@pytest.mark.parametrize("values", [pa.array([True, False]), pa.array([1.5, 2.5]), pa.array([[1], [2]])])
def test_values_that_are_no_keys_are_refused(values: pa.Array) -> None:
    with pytest.raises(DataError, match="key"):
        Identifier.sketch(Column(name="key", type="identifier"), values)


def test_all_missing_and_empty_partitions() -> None:
    codec = fit(pa.array([None] * 9, pa.string()))
    assert draw(codec, 3).to_pylist() == [None] * 3
    column = Column(name="key", type="identifier")
    assert Identifier.sketch(column, pa.array([], pa.int64())).kinds["value"] == 0


@pytest.mark.parametrize("values", [UUIDS, pa.array(range(50)), pa.array([f"A{n}" for n in range(50)])])
def test_state_round_trip_without_real_keys(values: pa.Array) -> None:
    codec = fit(values)
    state = codec.state()
    again = Identifier.from_state(codec.column, state)
    assert draw(again, 100).equals(draw(codec, 100))
    assert again.specs == codec.specs
    assert str(values[-1]) not in str(state)
