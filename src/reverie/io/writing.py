"""Writing: rows stream into CSV, TSV, Parquet, JSONL or Excel, and a file appears whole or not at all."""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from reverie.core.errors import OutputError
from reverie.io.outputs import check_suffix, replacing, writing
from reverie.io.renderings import render_csv, render_csv_header, render_json

_GROUP_ROWS = 1 << 18
_GROUP_CELLS = 1 << 25
_TEXT_ROWS = 1 << 16
_TEXT_CELLS = 1 << 21


class _Form(Protocol):
    """One file format, writing to a stream."""

    def write(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class Writer:
    """Takes rows, in any pieces; the same rows give the same bytes. `rows` counts them."""

    def __init__(self, form: _Form, schema: pa.Schema, where: str) -> None:
        self.rows = 0
        self._form, self._schema, self._where = form, schema, where

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Append rows with the columns of the schema, in any order. Raises OutputError if it cannot."""
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        table = table.select(self._schema.names)
        with writing(self._where):
            self._form.write(table)
        self.rows += table.num_rows


@contextmanager
def writer(path: str | Path, schema: pa.Schema, *, overwrite: bool = True) -> Iterator[Writer]:
    """A writer of the format that the suffix says; '-' is CSV to the standard output.

    Dictionary columns of `schema` are written as what they stand for. Raises OutputError at once if the path
    or the suffix will not do; on any error inside the block nothing is left behind.
    """
    where = str(path)
    make = _form(where)
    with replacing(path, overwrite=overwrite) as sink:
        with writing(where):
            form = make(sink, schema)
        try:
            yield Writer(form, schema, where)
            with writing(where):
                form.close()
        except BaseException:
            with suppress(OSError, ValueError):
                form.close()
            raise


def write_folder(
    folder: str | Path,
    tables: Mapping[str, pa.Table | pa.RecordBatchReader],
    *,
    suffix: str = ".parquet",
    overwrite: bool = True,
) -> None:
    """One file a table, all or none. The folder is made if it is not there. Raises OutputError."""
    place = Path(folder).expanduser()
    for name in tables:
        if name != Path(name).name or name.startswith("."):
            raise OutputError(f"table '{name}' cannot name a file", where=str(folder), fix="Rename the table")
    with _folder(place, str(folder)), ExitStack() as stack:
        for name, table in tables.items():
            sink = stack.enter_context(writer(place / f"{name}{suffix}", table.schema, overwrite=overwrite))
            for batch in table.to_batches() if isinstance(table, pa.Table) else table:
                sink.write(batch)


@contextmanager
def _folder(place: Path, where: str) -> Iterator[None]:
    """Make the folder if it is not there, and take it away again after an error."""
    created = not place.exists()
    with writing(where):
        place.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if created:
            with suppress(OSError):
                place.rmdir()
        raise


def write_text(path: str | Path, text: str, *, overwrite: bool = True) -> None:
    """Write a whole text as UTF-8, atomically; '-' is the standard output. Raises OutputError."""
    with replacing(path, overwrite=overwrite) as sink, writing(str(path)):
        sink.write(text.encode())


def _form(where: str) -> Callable[[BinaryIO, pa.Schema], _Form]:
    check_suffix(where, _FORMS)
    return _FORMS.get(Path(where).suffix.lower(), _FORMS[".csv"])


class _Lines:
    """CSV, TSV and JSONL."""

    def __init__(self, sink: BinaryIO, header: bytes, render: Callable[[pa.RecordBatch], pa.Array]) -> None:
        self._sink, self._render = sink, render
        sink.write(header)

    def write(self, table: pa.Table) -> None:
        rows = max(1, min(_TEXT_ROWS, _TEXT_CELLS // table.num_columns))
        for batch in table.to_batches(max_chunksize=rows):
            lines = self._render(batch)
            _, offsets, data = lines.buffers()
            ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
            if len(lines):
                self._sink.write(memoryview(data)[ends[0] : ends[-1]])

    def close(self) -> None:
        """Nothing is held back."""


class _Parquet:
    """Parquet; row groups are of a size that follows from the columns, however the rows come."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        logical = pa.schema([(field.name, _value_type(field.type)) for field in schema])
        self._schema = pa.schema([(field.name, _stored_type(field.type)) for field in schema])
        self._rows = max(1024, min(_GROUP_ROWS, _GROUP_CELLS // max(len(schema), 1)))
        self._held: list[pa.Table] = []
        self._count = 0
        # A dictionary column goes in without being spelt out first; this tells readers that it is plain.
        note = {b"ARROW:schema": base64.b64encode(logical.serialize().to_pybytes())}
        texts = [
            field.name
            for field in logical
            if not pt.is_floating(field.type) and not pt.is_boolean(field.type)
        ]
        self._writer = pq.ParquetWriter(
            sink,
            self._schema.with_metadata(note),
            compression="zstd",
            store_schema=False,
            use_dictionary=texts or False,  # pyright: ignore[reportArgumentType],
        )

    def write(self, table: pa.Table) -> None:
        columns = [
            _store(column, field.type) for column, field in zip(table.columns, self._schema, strict=True)
        ]
        self._held.append(pa.table(columns, schema=self._schema))
        self._count += table.num_rows
        if self._count >= self._rows:
            whole = self._count - self._count % self._rows
            everything = pa.concat_tables(self._held)
            self._held, self._count = [everything.slice(whole)], self._count - whole
            self._flush(everything.slice(0, whole))

    def close(self) -> None:
        if self._writer.is_open:
            try:
                if self._count:
                    self._flush(pa.concat_tables(self._held))
            finally:
                self._held, self._count = [], 0
                self._writer.close()

    def _flush(self, table: pa.Table) -> None:
        for start in range(0, table.num_rows, self._rows):
            group = table.slice(start, self._rows).unify_dictionaries().combine_chunks()
            self._writer.write_table(group, row_group_size=self._rows)


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pt.is_dictionary(kind) else kind


def _stored_type(kind: pa.DataType) -> pa.DataType:
    texts = pt.is_dictionary(kind) and pt.is_string(kind.value_type)
    return pa.dictionary(pa.int32(), pa.string()) if texts else _value_type(kind)


def _store(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """The column as `kind`: dictionaries kept, made or spelt out as it says."""
    if pt.is_dictionary(kind) and not pt.is_dictionary(column.type):
        return column.cast(kind.value_type).dictionary_encode()
    return column if column.type == kind else column.cast(kind)


def _excel(sink: BinaryIO, schema: pa.Schema) -> _Form:
    from reverie.io.excel import Sheet

    return Sheet(sink, schema)


_FORMS: dict[str, Callable[[BinaryIO, pa.Schema], _Form]] = {
    ".csv": lambda sink, schema: _Lines(sink, render_csv_header(schema.names), render_csv),
    ".tsv": lambda sink, schema: _Lines(
        sink, render_csv_header(schema.names, "\t"), lambda batch: render_csv(batch, "\t")
    ),
    ".parquet": _Parquet,
    ".jsonl": lambda sink, _: _Lines(sink, b"", render_json),
    ".ndjson": lambda sink, _: _Lines(sink, b"", render_json),
    ".xlsx": _excel,
}
SUFFIXES = tuple(_FORMS)
"""What rows can be written as."""
