"""Reading: any file, folder or the standard input becomes a dataset."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from reverie.core.dataset import Dataset
from reverie.core.errors import DataError
from reverie.io import arrow_types, attachments, delimited, documents, excel, passages, texts
from reverie.io.headers import doubt_header
from reverie.io.sources import Source, find, list_folder, reading, standard_input

LIMIT = 1 << 30
_BATCH_ROWS, _FIRST_ROWS = 1 << 16, 1 << 12


def read(data: str | Path, *, sheet: str | None = None, limit: int = LIMIT) -> Dataset:
    """The tables that `data` names: a file, a folder of files (one table each), or '-', the standard input.

    Files of more than `limit` bytes (when unpacked) are kept in a memory-mapped temporary file, so that a
    table need not fit in memory. `sheet` names one of a workbook, and its table. Types are decided from every
    value; what a user may want to know of that is in `Dataset.notes`. Raises DataError (or DependencyError),
    in one line, for anything that cannot be read.
    """
    if str(data) == "-":
        with standard_input() as source:
            held = _read_source(source, sheet, limit, None)
        return Dataset({source.name: held.table}, source.where, held.notes, held.named)
    if "://" in str(data):
        raise DataError(
            "addresses cannot be read", where=str(data).split("://")[0] + "://", fix="Give a file or a folder"
        )
    path = Path(data).expanduser()
    sources = list_folder(path) if path.is_dir() else [find(path)]
    found = {
        sheet or source.name: _read_source(source, sheet, limit, source.path.parent) for source in sources
    }
    many = len(found) > 1
    notes = tuple(f"{name}: {note}" if many else note for name, one in found.items() for note in one.notes)
    named = tuple(line for one in found.values() for line in one.named)
    return Dataset({name: one.table for name, one in found.items()}, str(data), notes, named)


def has_sheets(data: str | Path) -> bool:
    """Whether `data` is a workbook, of whose sheets one can be named. Raises DataError as `read` does."""
    path = Path(data).expanduser()
    return path.is_file() and find(path).kind == "excel"


def _read_source(source: Source, sheet: str | None, limit: int, base: Path | None) -> attachments.Attached:
    """The table of a source, with the media that it names in the folder `base`, and notes."""
    if sheet is not None and source.kind != "excel":
        raise DataError("has no sheets", where=source.where, fix="Name a sheet only with an Excel file")
    with reading(source.where):
        if source.kind == "parquet":
            table, notes = _read_parquet(source, limit)
        else:
            table, notes = _read_text(source, sheet, limit)
    if not table.num_rows:
        raise DataError("has column names but no rows", where=source.where, fix="Give at least one row")
    held = attachments.attach(table, base, source.name)
    return replace(held, notes=(*notes, *held.notes))


def _read_text(source: Source, sheet: str | None, limit: int) -> tuple[pa.Table, tuple[str, ...]]:
    if source.kind == "excel":
        columns, notes = excel.scan(source, sheet)
    elif passages.is_writing(source):
        return passages.read(source)
    else:
        columns, notes = (documents if source.kind == "json" else delimited).scan(source, limit)
    table, more = texts.settle(columns)
    doubt = "" if source.kind == "json" else doubt_header(table)
    return table, (*notes, *((doubt,) if doubt else ()), *more)


def _size(file: Any) -> float:
    """About how many bytes a Parquet file takes as a table, as its first rows tell."""
    first = next(file.iter_batches(_FIRST_ROWS), None)
    return (
        first.nbytes / first.num_rows * file.metadata.num_rows if first is not None and first.num_rows else 0
    )


def _read_parquet(source: Source, limit: int) -> tuple[pa.Table, tuple[str, ...]]:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(source.path, memory_map=True) as file:
            schema = file.schema_arrow
            large = _size(file) > limit

            def stream() -> Iterator[pa.RecordBatch]:
                return file.iter_batches(_BATCH_ROWS)

            batches = stream if large else file.read().to_batches
            return arrow_types.settle(schema, batches, source.where, on_disk=large)
    except pa.ArrowInvalid:
        raise DataError("is damaged or no Parquet file", where=source.where, fix="Write it again") from None
