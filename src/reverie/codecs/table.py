"""A whole table: one codec a column, fitted in one streamed pass, and all of its blocks together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.codecs.arrow_types import plain, restore, type_name, type_named
from reverie.codecs.base import Codec, Condition, Lesson, Protection, codec_for
from reverie.codecs.columns.category import Category as CategoryCodec
from reverie.core.errors import ConditionError, DataError
from reverie.core.names import hint
from reverie.core.space import is_large, moved
from reverie.schema import types
from reverie.schema.blocks import (
    Blocks,
    Category,
    CategoryEvidence,
    Evidence,
    Real,
    RealEvidence,
    Spec,
    Tokens,
    TokensEvidence,
)

BATCH_ROWS = 1 << 18
_DEFAULT = Protection()


@dataclass(frozen=True)
class TableCodec:
    """The codecs of a table's columns, in schema order, and the Arrow type that each column had."""

    schema: types.Table
    codecs: tuple[Codec, ...]
    storage: tuple[pa.DataType, ...]

    @classmethod
    def fit(
        cls, table: pa.Table, schema_table: types.Table, protection: Protection = _DEFAULT
    ) -> "TableCodec":
        """Learn every column in one pass over record batches.

        Raises DataError or SchemaError, with the column named, if values do not fit their type.
        """
        codecs = tuple(
            _fit_column(table, column, schema_table.name, protection) for column in schema_table.columns
        )
        kinds = tuple(table.schema.field(column.name).type for column in schema_table.columns)
        return cls(schema_table, codecs, kinds)

    def taught(self, table: pa.Table, lesson: Lesson) -> "TableCodec":
        """With what codecs learn by networks, which share the time of the lesson."""
        pupils = sum(codec.teachable for codec in self.codecs)
        if not pupils:
            return self
        share = replace(lesson, seconds=None if lesson.seconds is None else lesson.seconds / pupils)
        codecs = (
            codec.taught(table.column(codec.column.name), share) if codec.teachable else codec
            for codec in self.codecs
        )  # fmt: skip
        return replace(self, codecs=tuple(codecs))

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The blocks of all columns, in column order."""
        return tuple(spec for codec in self.codecs for spec in codec.specs)

    @property
    def grid_cells(self) -> int:
        """Numbers that the grids of a row hold, and codes of its texts."""
        grids = sum(spec.n * spec.d for spec in self.specs if isinstance(spec, Real) and spec.grid)
        return grids + sum(spec.length for spec in self.specs if isinstance(spec, Tokens))

    def codec(self, column: str) -> Codec:
        """The codec of a column. Raises ConditionError, with the names that come close, if there is none."""
        for codec in self.codecs:
            if codec.column.name == column:
                return codec
        fix = hint(column, [codec.column.name for codec in self.codecs])
        raise ConditionError(f"no column '{column}'", where=self.schema.name, fix=fix)

    def encode(self, table: pa.Table, rng: np.random.Generator) -> Blocks:
        """All columns as blocks, which are mapped from files if they are large together.

        Raises DataError if a column is missing or does not fit, OutputError if there is no space for them.
        """
        arrays: dict[str, np.ndarray] = {}
        large = is_large((table.num_rows, len(self.specs) + self.grid_cells), float)
        for codec in self.codecs:
            values = _column(table, codec.column.name, self.schema.name)
            found = codec.encode(values, rng)
            arrays |= {name: moved(array) for name, array in found.items()} if large else found
        return Blocks(self.specs, arrays, table.num_rows)

    def decode(
        self, blocks: Blocks, rng: np.random.Generator, offset: int = 0, *, dictionaries: bool = False
    ) -> pa.Table:
        """Blocks as a table: columns in schema order, in the Arrow types they had when read.

        `offset` is the number of rows of the same request before these. With `dictionaries`, categories of
        text stay dictionary arrays, which is what a Parquet file stores anyway, and costs far less.
        """
        columns = []
        for codec, kind in zip(self.codecs, self.storage, strict=True):
            if dictionaries and isinstance(codec, CategoryCodec) and pa.types.is_string(kind):
                columns.append(codec.decode_dictionary(blocks.arrays, blocks.rows, rng))
            else:
                columns.append(restore(codec.decode(blocks.arrays, blocks.rows, rng, offset), kind))
        return pa.table(columns, names=[codec.column.name for codec in self.codecs])

    def blank(self, blocks: Blocks, rng: np.random.Generator) -> pa.Table:
        """As `decode`, but that media are nothing where they are not missing (see `Codec.blank`)."""
        columns = [
            restore(codec.blank(blocks.arrays, blocks.rows, rng), kind)
            for codec, kind in zip(self.codecs, self.storage, strict=True)
        ]
        return pa.table(columns, names=[codec.column.name for codec in self.codecs])

    def evidence(self, conditions: Iterable[Condition]) -> dict[str, CategoryEvidence | RealEvidence]:
        """What all conditions together say of the blocks.

        Raises ConditionError if a column is unknown, a value never occurs, or the conditions exclude each
        other.
        """
        known: dict[str, CategoryEvidence | RealEvidence] = {}
        gates = {spec.name: spec.gate for spec in self.specs if isinstance(spec, Real)}
        for condition in conditions:
            for name, found in self.codec(condition.column).evidence(condition).items():
                known[name] = _join(known.get(name), found, condition.column)
            self._close_gates(known, gates, condition.column)
        return known

    def loose(self, condition: Condition) -> bool:
        """Whether `evidence` says less than the condition, which must then be checked on decoded rows."""
        return self.codec(condition.column).loose(condition)

    def observed(self, table: pa.Table, rng: np.random.Generator) -> Evidence:
        """What the cells of `table` that are not null say of its rows; null cells and absent columns are
        free.

        Blocks that evidence cannot describe (vectors) are left free.
        """
        known: dict[str, CategoryEvidence | RealEvidence] = {}
        for codec in self.codecs:
            if codec.column.name not in table.column_names:
                continue
            values = _column(table, codec.column.name, self.schema.name)
            there = _present(values)
            arrays = codec.encode(values.filter(pa.array(there)), rng)
            for spec in codec.specs:
                found = _scatter(spec, arrays[spec.name], there)
                if found is not None:
                    known[spec.name] = found
        return known

    def state(self) -> dict[str, Any]:
        """Everything learned: schema, Arrow types, and the state of each codec (nested; holds numpy
        arrays).
        """
        return {
            "schema": self.schema.model_dump(mode="json"),
            "storage": [type_name(kind) for kind in self.storage],
            "codecs": [codec.state() for codec in self.codecs],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "TableCodec":
        """Rebuild what `state` gave."""
        schema = types.Table.model_validate(state["schema"])
        codecs = tuple(
            codec_for(column, where=schema.name).from_state(column, one)
            for column, one in zip(schema.columns, state["codecs"], strict=True)
        )
        return cls(schema, codecs, tuple(type_named(name) for name in state["storage"]))

    def _close_gates(self, known: dict, gates: Mapping[str, Any], column: str) -> None:
        """An empty interval shuts the gate of its Real, and a Category with no code left is a
        contradiction.
        """
        for name, found in list(known.items()):
            if isinstance(found, RealEvidence) and found.low > found.high:
                gate = gates[name]
                if gate is None:
                    raise _contradiction(column)
                allowed = _allowed(known[gate.block])
                allowed[gate.code] = False
                known[gate.block] = CategoryEvidence(allowed=allowed)
                del known[name]
        for found in known.values():
            if isinstance(found, CategoryEvidence) and not _allowed(found).any():
                raise _contradiction(column)


def _fit_column(table: pa.Table, column: types.Column, where: str, protection: Protection) -> Codec:
    codec, sketch = codec_for(column, where=where), None
    for chunk in _chunks(table, column.name, where):
        found = codec.sketch(column, chunk)
        sketch = found if sketch is None else codec.merge(column, sketch, found)
    return codec.finish(column, sketch, protection)


def _chunks(table: pa.Table, name: str, where: str) -> Iterable[pa.Array]:
    """The column in pieces of bounded length, at least one."""
    if name not in table.column_names:
        raise DataError(
            f"has no column '{name}'", where=where, fix="Give the table that the schema describes"
        )
    if not table.num_rows:
        raise DataError("has no rows", where=where, fix="Give a table with data")
    for batch in table.select([name]).to_batches(max_chunksize=BATCH_ROWS):
        if batch.num_rows:
            yield batch.column(0)


def _column(table: pa.Table, name: str, where: str) -> pa.Array:
    if name not in table.column_names:
        raise DataError(
            f"has no column '{name}'", where=where, fix="Give a table with the columns that were learned"
        )
    values = table.column(name).combine_chunks()
    return pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values


def _present(values: pa.Array) -> np.ndarray:
    """Which cells hold a value, (rows,) bool; NaN is none."""
    return plain(values).is_null(nan_is_null=True).to_numpy(zero_copy_only=False) == False  # noqa: E712


def _join(
    left: CategoryEvidence | RealEvidence | None, right: CategoryEvidence | RealEvidence, column: str
) -> CategoryEvidence | RealEvidence:
    """Both pieces of evidence on one block together."""
    if left is None:
        return right
    if isinstance(left, RealEvidence) and isinstance(right, RealEvidence):
        given = left.values is not None and right.values is not None
        if given or isinstance(left, TokensEvidence):
            raise _contradiction(column)
        return left.meet(right)
    return CategoryEvidence(allowed=_allowed(left) & _allowed(right))


def _allowed(evidence: CategoryEvidence | RealEvidence) -> np.ndarray:
    assert isinstance(evidence, CategoryEvidence)
    assert evidence.allowed is not None
    return evidence.allowed.copy()


def _scatter(spec: Spec, array: np.ndarray, there: np.ndarray) -> CategoryEvidence | RealEvidence | None:
    """The array of the rows that are `there`, spread over all rows."""
    if isinstance(spec, Category):
        codes = np.full(len(there), -1, dtype=np.int32)
        codes[there] = array
        return CategoryEvidence(codes=codes)
    if isinstance(spec, Real) and (spec.n, spec.d) == (1, 1):
        values = np.full(len(there), np.nan)
        values[there] = array.reshape(-1)
        return RealEvidence(values=values)
    if isinstance(spec, Real) and spec.grid is not None and there.any():
        grids = np.full((len(there), spec.n, spec.d), np.nan, np.float32)
        grids[there] = array
        return RealEvidence(values=grids)
    if isinstance(spec, Tokens) and there.any():
        tokens = np.full((len(there), spec.length), -1, np.int32)
        tokens[there] = array
        return TokensEvidence(values=tokens)
    return None


def _contradiction(column: str) -> ConditionError:
    return ConditionError("the conditions exclude each other", where=column, fix="Drop one of them")
