import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs import surrogate
from reverie.codecs.infer import infer_table
from reverie.codecs.table import TableCodec
from reverie.core.errors import SchemaError
from reverie.dp.account import Account, Privacy
from reverie.schema.types import Column, Table

ROWS = 6_000


def made(table, *columns, epsilon=4.0, seed=0):
    """The surrogate of a table, all of a promise spent on it."""
    schema = Table(name="t", columns=columns) if columns else surrogate.public(infer_table("t", table))
    account = Account(Privacy(epsilon), len(schema.columns))
    found = surrogate.make(table, schema, account, 1.0, np.random.default_rng(seed))
    assert account.spent() <= epsilon
    assert found.schema.types == table.schema.types
    return found, schema


def test_numbers_levels_dates_and_what_is_missing():
    rng = np.random.default_rng(0)
    day = np.datetime64("2024-01-01") + rng.integers(0, 365, ROWS)
    moments = day.astype("datetime64[s]") + rng.integers(8 * 60, 18 * 60, ROWS) * 60
    table = pa.table({
        "age": pa.array(rng.integers(18, 80, ROWS), mask=rng.random(ROWS) < 0.2),
        "price": np.round(rng.gamma(2.0, 30.0, ROWS), 2),
        "kind": rng.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1]),
        "day": pa.array(day),
        "at": pa.array(moments),
        "good": rng.random(ROWS) < 0.3,
    })  # fmt: skip
    found, _ = made(table)
    assert found.num_rows == pytest.approx(ROWS, rel=0.05)
    frame = found.to_pandas()
    assert frame["age"].isna().mean() == pytest.approx(0.2, abs=0.02)
    assert frame["age"].mean() == pytest.approx(48.5, abs=1.0)
    assert frame["price"].median() == pytest.approx(table["price"].to_pandas().median(), rel=0.1)
    assert (frame["price"].round(2) == frame["price"]).all()
    assert frame["kind"].value_counts(normalize=True)["a"] == pytest.approx(0.6, abs=0.03)
    assert dt.date(2023, 12, 1) < frame["day"].min() < frame["day"].max() < dt.date(2025, 2, 1)
    assert frame["at"].dt.hour.between(7, 18).mean() > 0.97
    assert (frame["at"].dt.second == 0).all()
    assert frame["good"].mean() == pytest.approx(0.3, abs=0.03)


def test_columns_know_nothing_of_each_other():
    number = np.arange(ROWS) % 40
    found, _ = made(pa.table({"a": number, "b": number}))
    assert abs(np.corrcoef(found["a"].to_numpy(), found["b"].to_numpy())[0, 1]) < 0.05


def test_a_value_of_few_rows_is_not_told():
    names = ["usual"] * 3_000 + ["frequent"] * 2_990 + ["secret"] * 10
    found, schema = made(pa.table({"name": names}), epsilon=1.0)
    told = set(found["name"].to_pylist())
    assert {"usual", "frequent"} <= told
    assert "secret" not in told
    codec = TableCodec.fit(found, schema)
    assert codec.codecs[0].levels.to_pylist() == ["usual", "frequent"]


def test_made_up_columns_keep_only_what_is_missing():
    rng = np.random.default_rng(0)
    there = rng.random(ROWS) < 0.9
    table = pa.table({
        "id": [f"CUST-{i:06d}" for i in range(ROWS)],
        "email": pa.array([f"someone{i}@real.org" for i in range(ROWS)], mask=~there),
        "note": [" ".join(["word"] * (1 + i % 5)) + f" {i}" for i in range(ROWS)],
        "none": pa.nulls(ROWS, pa.string()),
    })  # fmt: skip
    columns = (
        Column(name="id", type="identifier"),
        Column(name="email", type="personal", options={"kind": "email", "locale": "en_US"}),
        Column(name="note", type="text"),
        Column(name="none", type="empty"),
    )
    found, _ = made(table, *columns)
    text = repr(found.to_pydict())
    assert not any(trace in text for trace in ("CUST", "someone", "word"))
    assert found["email"].null_count / found.num_rows == pytest.approx(0.1, abs=0.02)
    lengths = [len(note.split()) for note in found["note"].to_pylist() if note]
    assert np.mean(lengths) == pytest.approx(4.0, abs=0.4)
    assert found["none"].null_count == found.num_rows


def test_levels_that_someone_wrote_are_known():
    column = Column(name="size", type="ordinal", options={"levels": ["S", "M", "L"]})
    found, _ = made(pa.table({"size": ["S"] * 5_000 + ["L"] * 2}), column, epsilon=1.0)
    assert set(found["size"].to_pylist()) <= {"S", "M", "L"}


def test_real_rows_fit_the_codecs_of_made_up_ones():
    values = pa.array([1.5, None, 2.5, 1e6] * 2, pa.float64())
    real = pa.table({"x": values, "c": ["a", None, "unheard of", "a"] * 2})
    fake = pa.table({"x": [1.0, 2.0] * 50, "c": ["a", "b"] * 50})
    schema = Table(
        name="t",
        columns=(
            Column(name="x", type="decimal", options={"decimals": 1}),
            Column(name="c", type="category"),
        ),
    )
    codec = TableCodec.fit(fake, schema)
    blocks = codec.encode(surrogate.fill(real, fake), np.random.default_rng(0))
    assert blocks.rows == 8


def test_prices_keep_their_places():
    price = np.round(np.random.default_rng(0).gamma(2.0, 30.0, ROWS), 2)
    found, schema = made(pa.table({"price": price}))
    learned = surrogate.precise(schema, found)
    assert learned.column("price").options == {"decimals": 2}
    codec = TableCodec.fit(found, learned)
    blocks = codec.encode(pa.table({"price": price}), np.random.default_rng(0))
    again = codec.decode(blocks, np.random.default_rng(0))["price"].to_numpy()
    np.testing.assert_allclose(again, np.round(again, 2), atol=1e-9)


def test_what_inference_saw_in_the_rows_is_not_public():
    table = pa.table({"size": ["low", "medium", "high"] * 40, "x": np.round(np.arange(120) * 0.01, 2)})
    found = surrogate.public(infer_table("t", table))
    assert [column.options for column in found.columns] == [{}, {}]
    assert found.constraints == ()


def test_what_cannot_be_asked_is_said():
    def check(table, column):
        surrogate.check(table.schema, Table(name="t", columns=(column,)))

    with pytest.raises(SchemaError, match="lists and records"):
        check(pa.table({"l": [[1], [2]] * 50}), Column(name="l", type="text"))
    zoned = Column(name="t", type="datetime", options={"format": "%Y", "zone": "Europe/Berlin"})
    with pytest.raises(SchemaError, match="zone"):
        check(pa.table({"t": ["2024"] * 50}), zoned)
