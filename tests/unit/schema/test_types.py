import json

import pytest
from pydantic import ValidationError

from reverie.core.errors import SchemaError
from reverie.schema.types import Column, Constraint, Relation, Schema, Table

PEOPLE = Table(
    name="people",
    columns=(
        Column(name="id", type="identifier", reason="unique in every row"),
        Column(name='Größe "m"', type="decimal", options={"places": 2, "values": [None, 1.5]}),
    ),
    primary_key="id",
    constraints=(Constraint(kind="range", columns=("id",), options={"low": 0}, enforced=False),),
)
ORDERS = Table(name="orders", columns=(Column(name="person", type="identifier"),))
SHOP = Schema(
    tables=(PEOPLE, ORDERS),
    relations=(Relation(parent="people", parent_column="id", child="orders", child_column="person"),),
)


def edited(**changes: object) -> str:
    return json.dumps(json.loads(SHOP.to_json()) | changes)


def test_json_comes_back_equal() -> None:
    assert Schema.from_json(SHOP.to_json()) == SHOP


def test_json_is_made_for_people() -> None:
    text = SHOP.to_json()
    assert "Größe" in text
    assert '"reason": "unique in every row",\n' in text
    assert text.endswith("}\n")


def test_what_has_a_default_may_be_left_out() -> None:
    text = '{"tables": [{"name": "t", "columns": [{"name": "a", "type": "text"}]}]}'
    assert Schema.from_json(text) == Schema(
        tables=(Table(name="t", columns=(Column(name="a", type="text"),)),)
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "shop.json, line 1: is no valid JSON"),
        ("[]", "shop.json: expected an object"),
        (edited(format=2), "shop.json, field 'format': expected 1"),
        (edited(tables=[{"name": "people"}]), "shop.json, table 'people': has no 'columns'"),
        (
            edited(tables=[{"name": "t", "columns": [{"name": "a", "type": 3}]}]),
            "shop.json, table 't', column 'a', field 'type': expected text in quotes",
        ),
        (edited(colour="red"), "shop.json: unknown field 'colour'. Fields are: format, tables, relations"),
        (edited(relations=[{"parent": "people"}]), "shop.json, relation 1: has no 'parent_column'"),
    ],
)
def test_a_wrong_edit_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(SchemaError, match=place.replace(".", r"\.")) as caught:
        Schema.from_json(text, where="shop.json")
    assert "\n" not in str(caught.value)


def test_tables_and_columns_are_found_by_name() -> None:
    assert SHOP.table("people") is PEOPLE
    assert PEOPLE.column("id").type == "identifier"


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(SchemaError, match=r"no table 'persons'\. Tables are: people, orders"):
        SHOP.table("persons")
    with pytest.raises(SchemaError, match=r"orders: no column 'id'\. Columns are: person"):
        ORDERS.column("id")


def test_a_schema_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PEOPLE.name = "others"  # type: ignore[misc]
