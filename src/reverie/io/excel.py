"""Excel workbooks in and out, through openpyxl (extra `excel`)."""

import datetime
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.core.errors import DataError, DependencyError, OutputError
from reverie.io.arrow_types import check_names
from reverie.io.renderings import render_text
from reverie.io.sources import Source
from reverie.io.texts import Texts

_BATCH = 10_000
_MOST_ROWS = 1_048_575
_MOST_COLUMNS = 16_384
_LARGEST_INTEGER = 1 << 53
_FIRST_YEAR = 1900
_EPOCH = datetime.datetime(1980, 1, 1)


def import_openpyxl() -> Any:
    """The library. Raises DependencyError."""
    try:
        import openpyxl
    except ImportError:
        raise DependencyError("Excel files need openpyxl", fix="Run: pip install openpyxl") from None
    return openpyxl


def scan(source: Source, sheet: str | None) -> tuple[Texts, list[str]]:
    """The sheet (the first, if none is named) as text columns, and notes. Raises DataError."""
    openpyxl = import_openpyxl()
    try:
        book = openpyxl.load_workbook(source.path, read_only=True, data_only=True)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        openpyxl.utils.exceptions.InvalidFileException,
    ):
        raise DataError(
            "is no readable Excel file", where=source.where, fix="Save it again as .xlsx"
        ) from None
    try:
        chosen = _choose(book.sheetnames, sheet, source.where)
        rows = book[chosen].iter_rows(values_only=True)
        names, batches, literal = _read(rows, f"{source.where}, sheet '{chosen}'")
    finally:
        book.close()
    notes = [] if sheet or len(book.sheetnames) == 1 else [_say_first(book.sheetnames)]
    return Texts(names, lambda: iter(batches), literal), notes


def _say_first(sheets: list[str]) -> str:
    others = ", ".join(sheets[1:6]) + (" ..." if len(sheets) > 6 else "")
    choice = f"choose another with --table, or sheet= in Python: {others}"
    return f"read sheet '{sheets[0]}', the first of {len(sheets)}; {choice}"


def _choose(sheets: list[str], sheet: str | None, where: str) -> str:
    if sheet is not None and sheet not in sheets:
        raise DataError(f"no sheet '{sheet}'", where=where, fix=f"Sheets are: {', '.join(sheets)}")
    return sheet or sheets[0]


def _read(rows: Iterator[tuple], where: str) -> tuple[tuple[str, ...], list[pa.RecordBatch], frozenset[str]]:
    rows = (row for row in rows if any(cell is not None for cell in row))
    header = next(rows, ())
    while header and header[-1] is None:
        header = header[:-1]
    if not header:
        raise DataError("is empty", where=where, fix="Give a row of column names and at least one more")
    names = tuple("" if cell is None else str(cell) for cell in header)
    check_names(names, where)
    texts, typed = [False] * len(names), [False] * len(names)
    batches = []
    while part := list(islice(rows, _BATCH)):
        columns = list(zip(*(_fit(row, len(names), where) for row in part), strict=True))
        texts = [
            known or any(isinstance(cell, str) for cell in column)
            for known, column in zip(texts, columns, strict=True)
        ]
        typed = [
            known or any(isinstance(cell, int | float) for cell in column)
            for known, column in zip(typed, columns, strict=True)
        ]
        batches.append(
            pa.record_batch(
                [pa.array(map(_write, column), pa.string()) for column in columns], names=list(names)
            )
        )
    if not batches:
        raise DataError("has column names but no rows", where=where, fix="Give at least one row")
    return (
        names,
        batches,
        frozenset(name for name, text, other in zip(names, texts, typed, strict=True) if text and not other),
    )


def _fit(row: tuple, width: int, where: str) -> tuple:
    """The row at the width of the header; empty cells beyond it are only formatting."""
    if any(cell is not None for cell in row[width:]):
        raise DataError(
            "has values to the right of the last column name", where=where, fix="Name that column or clear it"
        )
    return row[:width] + (None,) * (width - len(row))


def _write(cell: Any) -> str | None:
    """A cell as text; Excel has no dates, only midnights."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    return None if cell is None else str(cell)


class Sheet:
    """Writes a workbook of one sheet; what Excel cannot hold (zones, years before 1900) goes in as text."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        openpyxl = import_openpyxl()
        if len(schema) > _MOST_COLUMNS:
            raise OutputError(
                f"{len(schema)} columns do not fit an Excel sheet", fix="Write Parquet or CSV instead"
            )
        self._sink, self._rows, self._open = sink, 0, True
        self._cell = openpyxl.cell.WriteOnlyCell
        self._book = openpyxl.Workbook(write_only=True)
        self._book.properties.created = self._book.properties.modified = _EPOCH
        self._page = self._book.create_sheet("data")
        self._page.append([self._text(name) for name in schema.names])

    def write(self, table: pa.Table) -> None:
        """Append rows. Raises OutputError where a sheet is full."""
        self._rows += table.num_rows
        if self._rows > _MOST_ROWS:
            raise OutputError(
                f"an Excel sheet holds {_MOST_ROWS} rows at most", fix="Write Parquet or CSV instead"
            )
        for batch in table.to_batches(max_chunksize=_BATCH):
            columns = [_plain(column).to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                self._page.append([self._fit(cell) for cell in row])

    def close(self) -> None:
        """Write the workbook, with the times that Excel would keep taken out."""
        if not self._open:
            return
        self._open = False
        with tempfile.TemporaryFile() as draft:
            self._book.save(draft)
            with (
                zipfile.ZipFile(draft) as before,
                zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED) as after,
            ):
                for entry in before.infolist():
                    _copy_entry(before, after, entry.filename)

    def _fit(self, value: Any) -> Any:
        """A value as Excel can hold it, whatever the values beside it."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, datetime.date) and value.year < _FIRST_YEAR:
            return self._text(str(value))
        if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
            return self._text(str(value))
        return value

    def _text(self, text: str) -> Any:
        """A cell that is text even if it starts like a formula."""
        cell = self._cell(self._page, re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)[:32_767])
        cell.data_type = "s"
        return cell


def _plain(column: pa.Array) -> pa.Array:
    """The column with what Excel cannot hold turned into text."""
    column = column.dictionary_decode() if pt.is_dictionary(column.type) else column
    kind = column.type
    if pt.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
    zoned = pt.is_timestamp(kind) and kind.tz is not None
    return render_text(column) if zoned or pt.is_duration(kind) else column


def _copy_entry(before: zipfile.ZipFile, after: zipfile.ZipFile, name: str) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    if name == "docProps/core.xml":
        text = before.read(name).decode()
        stamp = _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ")
        after.writestr(entry, re.sub(r"(<dcterms:modified[^>]*>)[^<]*", rf"\g<1>{stamp}", text))
        return
    with before.open(name) as source, after.open(entry, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target)
