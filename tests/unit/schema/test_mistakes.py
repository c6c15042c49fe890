"""Wrong edits of a schema, in words."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reverie.core.errors import SchemaError
from reverie.schema.types import Schema

COLUMNS = [{"name": "age", "type": "integer"}, {"name": "price", "type": "decimal"}]
RULES = [{"kind": "range", "columns": ["age"]}]


def told(edit: Callable[[dict[str, Any]], object]) -> str:
    """What is said of a schema's table after the edit."""
    table = json.loads(json.dumps({"name": "orders", "columns": COLUMNS, "constraints": RULES}))
    edit(table)
    with pytest.raises(SchemaError) as caught:
        Schema.from_json(json.dumps({"tables": [table]}), where="s.json")
    return str(caught.value)


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (
            lambda table: table["columns"][1].update(typ="x"),
            "s.json, table 'orders', column 'price': unknown field 'typ'. Did you mean 'type'?",
        ),
        (
            lambda table: table["columns"][0].pop("type"),
            "s.json, table 'orders', column 'age': has no 'type'. Add the field 'type'",
        ),
        (
            lambda table: table["columns"][0].pop("name"),
            "s.json, table 'orders', column 1: has no 'name'. Add the field 'name'",
        ),
        (
            lambda table: table["columns"][0].update(options=[1]),
            "s.json, table 'orders', column 'age', field 'options': expected an object in { }. "
            "Correct that place",
        ),
        (
            lambda table: table.update(primarykey="age"),
            "s.json, table 'orders': unknown field 'primarykey'. Did you mean 'primary_key'?",
        ),
        (
            lambda table: table["constraints"][0].update(enforced="maybe"),
            "s.json, table 'orders', constraint 1, field 'enforced': expected true or false. "
            "Correct that place",
        ),
        (
            lambda table: table["constraints"][0].update(columns="age"),
            "s.json, table 'orders', constraint 1, field 'columns': expected a list in [ ]. "
            "Correct that place",
        ),
        (
            lambda table: table["constraints"][0].update(hue="red"),
            "s.json, table 'orders', constraint 1: unknown field 'hue'. "
            "Fields are: kind, columns, options, evidence, enforced",
        ),
    ],
)
def test_mistakes(edit: Callable[[dict[str, Any]], object], line: str) -> None:
    assert told(edit) == line
