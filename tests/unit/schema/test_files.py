"""A schema is taken as it is, or read from its file."""

from pathlib import Path

import pytest

from reverie.core.errors import SchemaError
from reverie.schema.files import load_schema
from reverie.schema.types import Column, Schema, Table

TABLE = Table(name="people", columns=(Column(name="a", type="number"),))


def test_a_schema_of_one_table_is_of_any_name(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(Schema(tables=(TABLE,)).to_json())
    for schema in (file, str(file), Schema(tables=(TABLE,))):
        found = load_schema(schema, "others")
        assert found == TABLE.model_copy(update={"name": "others"})
    assert load_schema(TABLE, "others") == TABLE
    assert load_schema(None, "others") is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="cannot be read"):
        load_schema(tmp_path / "none.json", "people")
