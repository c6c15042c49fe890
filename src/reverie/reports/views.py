"""Columns as the report draws them: numbers on an axis or levels of a list, aligned over the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa

from reverie.evaluation import arrow
from reverie.evaluation.base import Comparison
from reverie.evaluation.view import Field, Side

Unit = Literal["number", "integer", "date", "seconds", "characters"]

SECOND = 1e9
"""Measures count time in nanoseconds; the report in seconds (dates since 1970)."""


@dataclass(frozen=True)
class NumberView:
    """Values on an axis: role -> (rows,) float64, NaN where missing."""

    name: str
    unit: Unit
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class LevelView:
    """Values of a list: `labels` and role -> (rows,) codes into them, -1 where missing."""

    name: str
    labels: tuple[str, ...]
    codes: Mapping[str, np.ndarray]

    def counts(self, role: str) -> np.ndarray:
        """Rows that hold each label, (labels,)."""
        codes = self.codes[role]
        return np.bincount(codes[codes >= 0], minlength=len(self.labels))


@dataclass(frozen=True)
class OpaqueView:
    """A column of a kind that is not drawn (nested, binary): role -> cells that are missing, and all."""

    name: str
    missing: Mapping[str, tuple[int, int]] = field(default_factory=dict)


View = NumberView | LevelView | OpaqueView


def views(comparison: Comparison) -> list[View]:
    """One view a column, in the order of the real table.

    Columns that no measure compares (identifiers, personal data, free text) are seen by their lengths only:
    an e-mail address may well be held by many rows and still be one person's.
    """
    tables = {"real": comparison.real, "fake": comparison.fake, "holdout": comparison.holdout}
    present = {role: table for role, table in tables.items() if table is not None}
    compared = comparison.view
    sides = {role: side for role in present if (side := getattr(compared, role)) is not None}
    fields = {field.name: field for field in compared.fields}
    kinds = {field.name: field.type for field in comparison.real.schema}
    return [
        _compared(fields[name], sides, kind) if name in fields else _uncompared(name, present)
        for name, kind in kinds.items()
    ]


def _compared(field: Field, sides: Mapping[str, Side], kind: pa.DataType) -> View:
    if field.categorical:
        codes = {role: side.codes[:, field.index] for role, side in sides.items()}
        return LevelView(field.name, field.labels, codes)
    timed = field.kind == "datetime" or pa.types.is_duration(kind)
    scale = SECOND if timed else 1.0
    values = {role: side.numbers[:, field.index] / scale for role, side in sides.items()}
    if timed:
        return NumberView(field.name, "date" if field.kind == "datetime" else "seconds", values)
    return NumberView(field.name, "integer" if _is_whole(values["real"]) else "number", values)


def _uncompared(name: str, tables: Mapping[str, pa.Table]) -> View:
    columns = [table.column(name) for table in tables.values()]
    if any(_is_opaque(column.type) for column in columns):
        held = zip(tables, columns, strict=True)
        return OpaqueView(name, {role: (column.null_count, len(column)) for role, column in held})
    codes, labels = arrow.codes(columns)
    if len(labels) <= 1:
        return LevelView(name, labels, dict(zip(tables, codes, strict=True)))
    sizes = np.array([*(float(len(label)) for label in labels), np.nan])
    values = {role: sizes[code] for role, code in zip(tables, codes, strict=True)}
    return NumberView(name, "characters", values)


def _is_opaque(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary(kind)


def _is_whole(values: np.ndarray) -> bool:
    present = values[~np.isnan(values)]
    return bool(np.all(np.abs(present) < 2**53) and np.all(present == np.floor(present)))
