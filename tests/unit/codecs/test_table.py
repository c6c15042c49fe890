"""A whole table: fit, encode, decode, evidence, observation, state."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs import table as module
from reverie.codecs.base import Condition, Protection
from reverie.codecs.table import TableCodec
from reverie.core import space
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.schema.types import Column, Table

ROWS = 2_000


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "age": pa.array(rng.integers(17, 91, ROWS).astype(np.int16), mask=rng.random(ROWS) < 0.1),
            "amount": np.round(rng.lognormal(3, 1, ROWS), 2),
            "size": pa.array(rng.choice(["s", "m", "l"], ROWS)),
            "tag": pa.array(rng.choice(["x", "y"], ROWS)).dictionary_encode(),
            "since": pa.array(rng.integers(10_000, 19_000, ROWS).astype(np.int32)).cast(pa.date32()),
            "one": pa.array(["same"] * ROWS),
            "none": pa.nulls(ROWS, pa.float64()),
        }
    )


@pytest.fixture(scope="module")
def schema():
    columns = [
        ("since", "date", {}),
        ("age", "integer", {}),
        ("amount", "decimal", {"decimals": 2}),
        ("size", "ordinal", {"levels": ["s", "m", "l"]}),
        ("tag", "category", {}),
        ("one", "constant", {}),
        ("none", "empty", {}),
    ]
    return Table(name="t", columns=tuple(Column(name=n, type=k, options=o) for n, k, o in columns))


@pytest.fixture(scope="module")
def codec(data, schema):
    return TableCodec.fit(data, schema)


def _rng():
    return np.random.default_rng(7)


def test_round_trip_in_schema_order_and_in_the_original_types(data, schema, codec):
    blocks = codec.encode(data, _rng())
    assert blocks.rows == ROWS
    assert blocks.specs == codec.specs
    assert set(blocks.arrays) == {spec.name for spec in codec.specs}
    again = codec.decode(blocks, _rng())
    assert again.column_names == [column.name for column in schema.columns]
    for name in again.column_names:
        assert again.schema.field(name).type == data.schema.field(name).type
        if name != "amount":
            assert again[name].to_pylist() == data[name].to_pylist()
    assert np.mean(again["amount"].to_numpy() == data["amount"].to_numpy()) > 0.95


def test_categories_may_stay_dictionaries(data, codec):
    blocks = codec.encode(data, _rng())
    again = codec.decode(blocks, _rng(), dictionaries=True)
    assert again["size"].type == pa.dictionary(pa.int32(), pa.string())
    assert again["size"].cast(pa.string()).equals(codec.decode(blocks, _rng())["size"])


def test_streaming_in_batches_gives_the_same_codec(data, schema, codec, monkeypatch):
    monkeypatch.setattr(module, "BATCH_ROWS", 300)
    streamed = TableCodec.fit(data, schema)
    assert streamed.specs == codec.specs
    blocks = codec.encode(data, _rng())
    assert streamed.decode(blocks, _rng()).equals(codec.decode(blocks, _rng()))


def test_state_rebuilds_the_codec(data, codec):
    again = TableCodec.from_state(codec.state())
    assert again.specs == codec.specs
    assert again.schema == codec.schema
    blocks = codec.encode(data, _rng())
    assert again.decode(blocks, _rng()).equals(codec.decode(blocks, _rng()))


def test_conditions_on_several_columns_hold_together(codec):
    found = codec.evidence([Condition("age", low=30), Condition("size", low="m"), Condition("age", high=60)])
    narrow = codec.evidence([Condition("age", low=30, high=60)])
    assert np.array_equal(found["age#kind"].allowed, narrow["age#kind"].allowed)
    assert found["size"].allowed.sum() == 2


def test_intervals_are_intersected(codec):
    found = codec.evidence([Condition("amount", low=10), Condition("amount", high=20)])["amount"]
    narrow = codec.evidence([Condition("amount", low=10, high=20)])["amount"]
    assert found.low == pytest.approx(narrow.low, abs=1e-6)
    assert found.high == pytest.approx(narrow.high, abs=1e-6)


@pytest.mark.parametrize(
    "conditions",
    [
        [Condition("age", low=60), Condition("age", high=50)],
        [Condition("age", missing=True), Condition("age", low=50)],
        [Condition("amount", low=20), Condition("amount", high=10)],
        [Condition("size", values=("s",)), Condition("size", values=("s",), negate=True)],
    ],
)
def test_contradictions_are_refused(codec, conditions):
    with pytest.raises(ConditionError, match="exclude each other"):
        codec.evidence(conditions)


def test_unknown_columns_are_refused_with_close_names(codec):
    with pytest.raises(ConditionError, match=r"no column 'amont'.*amount"):
        codec.evidence([Condition("amont", low=1)])


def test_observed_cells_are_known_and_the_others_free(data, codec):
    holes = data.select(["age", "amount"]).append_column("size", pa.array(["m", None] * (ROWS // 2)))
    known = codec.observed(holes, _rng())
    missing = holes["age"].is_null().to_numpy()
    assert np.array_equal(known["age#kind"].codes == -1, missing)
    assert not np.isnan(known["amount"].values).any()
    assert (known["size"].codes[1::2] == -1).all()
    assert len(set(known["size"].codes[::2])) == 1
    assert "tag" not in known
    assert "since" not in known


def test_nothing_is_refused_in_observed_cells_that_was_never_missing(codec):
    known = codec.observed(pa.table({"amount": pa.array([None, 3.0])}), _rng())
    assert np.isnan(known["amount"].values).tolist() == [True, False]


def test_columns_that_do_not_fit_are_named(data, schema):
    wrong = Table(name="t", columns=(Column(name="size", type="integer"),))
    with pytest.raises(DataError, match=r"size: .* do not read as numbers"):
        TableCodec.fit(data, wrong)
    with pytest.raises(DataError, match="t: has no column 'height'"):
        TableCodec.fit(data, Table(name="t", columns=(Column(name="height", type="integer"),)))
    with pytest.raises(SchemaError, match="unknown type 'spaceship'"):
        TableCodec.fit(data, Table(name="t", columns=(Column(name="size", type="spaceship"),)))
    with pytest.raises(DataError, match="t: has no rows"):
        TableCodec.fit(data.slice(0, 0), schema)


def test_protection_reaches_every_column(data, schema):
    with_one = pa.concat_tables([data, data.slice(0, 1).set_column(2, "size", pa.array(["s"]))])
    codec = TableCodec.fit(with_one, schema, Protection(k=1_500))
    assert codec.codec("size").decode({}, 3, _rng()).null_count == 3


def test_one_row():
    table = pa.table({"a": [1], "b": ["x"]})
    schema = Table(name="t", columns=(Column(name="a", type="integer"), Column(name="b", type="constant")))
    codec = TableCodec.fit(table, schema)
    assert codec.decode(codec.encode(table, _rng()), _rng()).to_pylist() == [{"a": 1, "b": None}]


def test_large_tables_are_encoded_into_files(data, codec, monkeypatch):
    small = codec.encode(data, _rng())
    monkeypatch.setattr(space, "LIMIT", 1000)
    large = codec.encode(data, _rng())
    for spec, array in small:
        np.testing.assert_array_equal(large[spec.name], array)
        assert isinstance(large[spec.name].base, np.memmap)
