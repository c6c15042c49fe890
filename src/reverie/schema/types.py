"""Columns, constraints, tables and whole schemas, as frozen values that round-trip through JSON.

The JSON form is made to be edited by people: every column says its type and the reason for it. A wrong edit
is refused with the place named.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reverie.core.errors import SchemaError
from reverie.schema.mistakes import explain

FORMAT = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Frozen):
    """One column: `type` is one of `reverie.codecs.base.types()`, `options` are that codec's own."""

    name: str
    type: str
    reason: str = ""
    options: dict[str, Any] = Field(default_factory=dict)


class Constraint(_Frozen):
    """A rule that holds in every row (or, for `unique`, over all rows).

    `kind` names a module of `sampling/constraints/kinds`. `evidence` says how often it was seen to hold;
    `enforced` is False for a rule that is only offered.
    """

    kind: str
    columns: tuple[str, ...]
    options: dict[str, Any] = Field(default_factory=dict)
    evidence: str = ""
    enforced: bool = True


class Relation(_Frozen):
    """A foreign key: each value of `child.child_column` is a value of `parent.parent_column`."""

    parent: str
    parent_column: str
    child: str
    child_column: str


class Table(_Frozen):
    """One table: its columns in order, and what always holds in it."""

    name: str
    columns: tuple[Column, ...]
    primary_key: str | None = None
    constraints: tuple[Constraint, ...] = ()

    def column(self, name: str) -> Column:
        """The column called `name`. Raises SchemaError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(
            f"no column '{name}'",
            where=self.name,
            fix=f"Columns are: {', '.join(c.name for c in self.columns)}",
        )


class Schema(_Frozen):
    """Everything that is known of a dataset's form."""

    format: Literal[1] = FORMAT
    tables: tuple[Table, ...]
    relations: tuple[Relation, ...] = ()

    def table(self, name: str) -> Table:
        """The table called `name`. Raises SchemaError if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise SchemaError(
            f"no table '{name}'", where="schema", fix=f"Tables are: {', '.join(t.name for t in self.tables)}"
        )

    def to_json(self) -> str:
        """Indented JSON, one line a field, that `from_json` reads back to an equal schema."""
        return json.dumps(self.model_dump(exclude_defaults=False), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str = "schema") -> "Schema":
        """Parse and check. Raises SchemaError that names the first wrong place."""
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "top level"
            fix = "Look for a comma, quote or bracket too many or too few"
            raise SchemaError("is no valid JSON", where=f"{where}, {place}", fix=fix) from None
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise explain(cls, content, first["loc"], first["type"], where) from None
