"""Schemas from files."""

from pathlib import Path

from reverie.core.errors import SchemaError
from reverie.schema.types import Schema, Table


def load_schema(schema: Schema | Table | str | Path | None, name: str) -> Table | None:
    """The schema of the table `name`; a schema of one table is taken whatever that table is called."""
    if schema is None or isinstance(schema, Table):
        return schema
    if not isinstance(schema, Schema):
        try:
            text = Path(schema).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError, TypeError):
            fix = "Give a JSON file made by 'reverie inspect'"
            raise SchemaError("cannot be read", where=str(schema), fix=fix) from None
        schema = Schema.from_json(text, where=str(schema))
    if len(schema.tables) == 1:
        return schema.tables[0].model_copy(update={"name": name})
    return schema.table(name)
