"""Schemas for made tables; column types do not matter to constraints, only Arrow types do."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest

from reverie.schema.types import Column, Constraint, Table

Describe = Callable[..., Table]


@pytest.fixture(scope="session")
def describe() -> Describe:
    def schema(
        table: pa.Table, constraints: Sequence[Constraint] = (), primary_key: str | None = None
    ) -> Table:
        columns = tuple(Column(name=name, type="category") for name in table.column_names)
        return Table(name="made", columns=columns, constraints=tuple(constraints), primary_key=primary_key)

    return schema
