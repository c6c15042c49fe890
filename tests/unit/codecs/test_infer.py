import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.infer import SAMPLE, check_schema, infer, infer_table, plain, profile_column
from reverie.core.dataset import Dataset
from reverie.core.errors import DataError, SchemaError
from reverie.schema.types import Column, Schema, Table

RNG = np.random.default_rng(0)
ROWS = 400
CUSTOMERS = pa.table(
    {
        "customer_id": range(1, ROWS + 1),
        "email": [f"p{n}@firma{n % 9}.de" for n in range(ROWS)],
        "phone": [f"0221 {n:06d}" for n in range(ROWS)],
        "age": RNG.integers(18, 90, ROWS),
        "income": RNG.permutation(10**6)[:ROWS],
        "sex": RNG.choice(["f", "m"], ROWS),
        "comment": [f"bought {n} things, {'liked' if n % 2 else 'hated'} it" for n in range(ROWS)],
        "empty": pa.nulls(ROWS),
        "same": ["x"] * ROWS,
    }
)


@pytest.fixture(scope="module")
def schema() -> Table:
    return infer_table("customers", CUSTOMERS)


def edited(schema: Table, name: str, **changes) -> Table:
    columns = tuple(
        column.model_copy(update=changes) if column.name == name else column for column in schema.columns
    )
    return schema.model_copy(update={"columns": columns})


def test_every_column_gets_its_type(schema: Table) -> None:
    assert {column.name: column.type for column in schema.columns} == {
        "customer_id": "identifier",
        "email": "personal",
        "phone": "personal",
        "age": "integer",
        "income": "integer",
        "sex": "category",
        "comment": "prose",
        "empty": "empty",
        "same": "constant",
    }


def test_every_column_has_a_reason(schema: Table) -> None:
    assert all(column.reason for column in schema.columns)


def test_the_key_is_the_unique_identifier(schema: Table) -> None:
    assert schema.primary_key == "customer_id"


def test_own_keys_come_before_others() -> None:
    table = pa.table({"order_number": range(30, 60), "orders_id": range(30), "id": range(5, 35)})
    assert infer_table("orders", table).primary_key == "orders_id"
    assert infer_table("things", table).primary_key == "id"
    assert infer_table("things", table.drop_columns(["id"])).primary_key == "order_number"


def test_keys_with_holes_are_no_primary_keys() -> None:
    table = pa.table({"id": [1, 2, None, 4, 5], "v": [0.5, 1.5, 2.5, 0.5, 1.5]})
    assert infer_table("things", table).primary_key is None


def test_locale_is_shared_within_a_table(schema: Table) -> None:
    assert schema.column("phone").options["locale"] == "de_DE"


def test_schema_round_trips_through_json(schema: Table) -> None:
    whole = Schema(tables=(schema,))
    assert Schema.from_json(whole.to_json()) == whole
    assert "p17@firma8.de" not in whole.to_json()


def test_infer_reads_every_table() -> None:
    found = infer(Dataset({"a": CUSTOMERS, "b": pa.table({"x": [1.5, 2.5, 1.5]})}))
    assert [table.name for table in found.tables] == ["a", "b"]


def test_inference_is_deterministic(schema: Table) -> None:
    assert infer_table("customers", CUSTOMERS) == schema


def test_profile_of_a_long_column_is_spread_and_bounded() -> None:
    values = pa.chunked_array([np.arange(150_000), np.arange(150_000, 350_000)])
    profile = profile_column("x", values)
    assert (profile.rows, profile.nulls, profile.distinct) == (350_000, 0, 350_000)
    assert len(profile.sample) == SAMPLE
    seen = profile.sample.to_numpy()
    assert seen[-1] > 349_000
    assert np.diff(seen).max() <= 4
    assert not profile.sample.equals(profile_column("x", values, seed=1).sample)


@pytest.mark.parametrize("rows", [1, 2])
def test_tiny_tables_work(rows: int) -> None:
    table = infer_table("customers", CUSTOMERS.slice(0, rows))
    assert len(table.columns) == CUSTOMERS.num_columns
    check_schema(table, CUSTOMERS.slice(0, rows))


def test_one_column_and_unicode_names_work() -> None:
    assert infer_table("表", pa.table({"年齢": [1.5, 2.5, 3.5]})).columns[0].name == "年齢"


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (CUSTOMERS.slice(0, 0), "t: has no rows. Give a table with data"),
        (pa.table({}), "t: has no columns. Give a table with data"),
    ],
)
def test_empty_tables_are_refused(table: pa.Table, line: str) -> None:
    with pytest.raises(DataError) as caught:
        infer_table("t", table)
    assert str(caught.value) == line


def test_columns_of_a_kind_that_no_type_takes_are_refused_by_name() -> None:
    kind = pa.month_day_nano_interval()
    with pytest.raises(DataError, match=r"t\.wait: holds month_day_nano_interval values, which no column"):
        infer_table("t", pa.table({"wait": pa.array([(1, 2, 3), (2, 3, 4)], kind)}))


def test_pictures_under_another_type_are_refused() -> None:
    table = pa.table({"photo": pa.array([b"\xff"] * 6, pa.binary())})
    schema = Table(name="t", columns=(Column(name="photo", type="category"),))
    with pytest.raises(SchemaError, match="holds pictures or sounds, which type 'category' does not take"):
        check_schema(schema, table)


def test_the_inferred_schema_fits(schema: Table) -> None:
    check_schema(schema, CUSTOMERS)


def test_a_schema_of_another_table_is_refused(schema: Table) -> None:
    other = CUSTOMERS.rename_columns(["key", *CUSTOMERS.column_names[1:]])
    with pytest.raises(
        SchemaError, match=r"customers: the schema is of another table.*\(customer_id\).*\(key\)"
    ):
        check_schema(schema, other)


def test_a_column_listed_twice_is_refused(schema: Table) -> None:
    twice = schema.model_copy(update={"columns": (*schema.columns, schema.columns[0])})
    with pytest.raises(SchemaError, match="1 columns listed twice"):
        check_schema(twice, CUSTOMERS)


@pytest.mark.parametrize(
    ("name", "changes", "line"),
    [
        ("sex", {"type": "integer"}, r"customers\.sex: type 'integer' does not fit"),
        ("comment", {"type": "date"}, r"customers\.comment: type 'date' does not fit"),
        ("age", {"type": "text"}, r"customers\.age: type 'text' does not fit: int64 values are not text"),
        ("age", {"type": "number of years"}, r"customers\.age: unknown type 'number of years'"),
        (
            "email",
            {"options": {"kind": "e-male"}},
            r"customers\.email: personal data without .* 'kind' to one",
        ),
        ("email", {"options": {"kind": "email", "locale": "de_de"}}, r"no locale 'de_de'.*de_DE"),
        ("email", {"options": {"kind": "email", "locale": "xx_XX"}}, r"customers\.email: no locale 'xx_XX'"),
        (
            "email",
            {"options": {"kin": "email"}},
            r"customers\.email: unknown option 'kin'\. Did you mean 'kind'",
        ),
        ("age", {"type": "intager"}, r"unknown type 'intager'\. Did you mean 'integer'"),
        ("email", {"options": {"kind": 5}}, r"customers\.email: option 'kind' is int, not str"),
    ],
)
def test_wrong_edits_are_refused_with_the_place(schema: Table, name: str, changes: dict, line: str) -> None:
    with pytest.raises(SchemaError, match=line) as caught:
        check_schema(edited(schema, name, **changes), CUSTOMERS)
    assert "firma" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_that_is_no_column_is_refused(schema: Table) -> None:
    with pytest.raises(SchemaError, match="primary key 'nobody' is not a column"):
        check_schema(schema.model_copy(update={"primary_key": "nobody"}), CUSTOMERS)


def test_a_key_that_repeats_is_refused(schema: Table) -> None:
    with pytest.raises(SchemaError, match=r"primary key 'age' has \d+ different values in 400 rows"):
        check_schema(schema.model_copy(update={"primary_key": "age"}), CUSTOMERS)
    with pytest.raises(SchemaError, match=r"'custmer_id' is not a column\. Did you mean: customer_id"):
        check_schema(schema.model_copy(update={"primary_key": "custmer_id"}), CUSTOMERS)


def test_a_right_edit_is_taken(schema: Table) -> None:
    text = json.loads(Schema(tables=(schema,)).to_json())
    text["tables"][0]["columns"][3] = Column(name="age", type="category").model_dump()
    check_schema(Schema.from_json(json.dumps(text)).tables[0], CUSTOMERS)


def test_types_are_plainer_for_families_that_cannot_learn_more(schema: Table) -> None:
    types = {column.name: column.type for column in plain(schema, ()).columns}
    assert types["comment"] == "text"
    assert types["age"] == "integer"
    assert plain(schema, ("tokens",)) == schema
