"""What measures see of the tables: aligned matrices of numbers and of codes, the same columns in the same
places.

Numbers, dates and datetimes are floats with NaN for missing; booleans and categories are codes with -1 for
missing. Identifiers, personal data, free text and constants say nothing about the joint distribution and are
left out.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from reverie.evaluation import arrow
from reverie.schema.types import Column, Table

Kind = Literal["numerical", "datetime", "categorical"]

KINDS: dict[str, Kind] = {
    "integer": "numerical",
    "decimal": "numerical",
    "duration": "numerical",
    "date": "datetime",
    "datetime": "datetime",
    "boolean": "categorical",
    "category": "categorical",
    "ordinal": "categorical",
}
"""Column type -> how it is compared; types that are not here are left out."""

FEW = 2
"""Numbers with at most so many different real values are compared as categories, as the field's protocol has
it.
"""


@dataclass(frozen=True)
class Side:
    """One table: `numbers` (rows, p) float64 and `codes` (rows, q) int32, both stored column by column."""

    numbers: np.ndarray
    codes: np.ndarray

    def __repr__(self) -> str:
        return f"Side({self.rows:,} rows)"

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.numbers)

    def some(self, n: int, rng: np.random.Generator) -> "Side":
        """At most `n` random rows, in random order."""
        return self.take(rng.permutation(self.rows)[:n])

    def take(self, rows: np.ndarray) -> "Side":
        """The rows at the integer positions (or the mask) `rows`."""
        return Side(np.asfortranarray(self.numbers[rows]), np.asfortranarray(self.codes[rows]))


@dataclass(frozen=True)
class Field:
    """One compared column: place `index` among the numbers, or among the codes if it is categorical."""

    name: str
    kind: Kind
    index: int
    labels: tuple[str, ...] = field(default=(), repr=False)

    @property
    def categorical(self) -> bool:
        """Whether the column is among the codes."""
        return self.kind == "categorical"

    def of(self, side: Side) -> np.ndarray:
        """The column's numbers or codes in a table, (rows,)."""
        return (side.codes if self.categorical else side.numbers)[:, self.index]


@dataclass(frozen=True)
class View:
    """The compared columns in the order of the schema, and the tables' sides."""

    fields: tuple[Field, ...]
    real: Side
    fake: Side
    holdout: Side | None

    def __repr__(self) -> str:
        return f"View({len(self.fields)} columns, {self.real.rows:,} real and {self.fake.rows:,} fake rows)"

    @property
    def numbers(self) -> tuple[Field, ...]:
        """Numerical and datetime columns, in the order of the columns of `Side.numbers`."""
        return tuple(field for field in self.fields if not field.categorical)

    @property
    def categories(self) -> tuple[Field, ...]:
        """Categorical columns, in the order of the columns of `Side.codes`."""
        return tuple(field for field in self.fields if field.categorical)


def restricted(view: View, names: Collection[str]) -> View:
    """The view of the columns `names` alone, in the order of the schema."""
    kept = [field for field in view.fields if field.name in names]
    numbers = [field.index for field in kept if not field.categorical]
    codes = [field.index for field in kept if field.categorical]
    fields = tuple(
        replace(field, index=(codes if field.categorical else numbers).index(field.index)) for field in kept
    )

    def cut(side: Side) -> Side:
        return Side(np.asfortranarray(side.numbers[:, numbers]), np.asfortranarray(side.codes[:, codes]))

    return View(fields, cut(view.real), cut(view.fake), None if view.holdout is None else cut(view.holdout))


def view(real: pa.Table, fake: pa.Table, holdout: pa.Table | None, schema: Table) -> View:
    """Align the tables by the schema's columns."""
    tables = [real, fake] if holdout is None else [real, fake, holdout]
    fields: list[Field] = []
    floats: list[list[np.ndarray]] = []
    codes: list[list[np.ndarray]] = []
    for column in schema.columns:
        kind = KINDS.get(column.type)
        if kind is None:
            continue
        values = [table.column(column.name) for table in tables]
        numbers = None if kind == "categorical" else _numbers(column, kind, values)
        if numbers is None:
            coded, labels = arrow.codes(values)
            fields.append(Field(column.name, "categorical", len(codes), labels))
            codes.append(coded)
        else:
            fields.append(Field(column.name, kind, len(floats)))
            floats.append(numbers)
    sides = [_side(floats, codes, place, table.num_rows) for place, table in enumerate(tables)]
    return View(tuple(fields), sides[0], sides[1], sides[2] if holdout is not None else None)


def _numbers(column: Column, kind: Kind, values: list[pa.ChunkedArray]) -> list[np.ndarray] | None:
    """The column's floats in each table, or None if it has too few different values to be compared as
    numbers.
    """
    if kind == "datetime":
        return [arrow.moments(array, column.options.get("format")) for array in values]
    floats = [arrow.numbers(array) for array in values]
    return None if len(np.unique(floats[0][~np.isnan(floats[0])])) <= FEW else floats


def _side(floats: list[list[np.ndarray]], codes: list[list[np.ndarray]], place: int, rows: int) -> Side:
    numbers = np.empty((rows, len(floats)), np.float64, order="F")
    coded = np.empty((rows, len(codes)), np.int32, order="F")
    for index, column in enumerate(floats):
        numbers[:, index] = column[place]
    for index, column in enumerate(codes):
        coded[:, index] = column[place]
    return Side(numbers, coded)
