"""Excel sheets as batches of string columns, through openpyxl (extra `excel`)."""

import datetime
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from reverie.core.errors import DataError, DependencyError
from reverie.io.arrow_types import check_names
from reverie.io.sources import Source
from reverie.io.texts import Texts

_BATCH = 10_000


def import_openpyxl() -> Any:
    """The library. Raises DependencyError naming the extra."""
    try:
        import openpyxl
    except ImportError:
        raise DependencyError("Excel files need openpyxl", fix="Run: pip install 'reverie[excel]'") from None
    return openpyxl


def scan(source: Source, sheet: str | None) -> tuple[Texts, list[str]]:
    """The sheet (the first, if none is named) as text columns, and notes. Raises DataError."""
    openpyxl = import_openpyxl()
    try:
        book = openpyxl.load_workbook(source.path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, openpyxl.utils.exceptions.InvalidFileException):
        raise DataError("is no readable Excel file", where=source.where, fix="Save it again as .xlsx") from None
    try:
        chosen = _choose(book.sheetnames, sheet, source.where)
        rows = book[chosen].iter_rows(values_only=True)
        names, batches, literal = _read(rows, f"{source.where}, sheet '{chosen}'")
    finally:
        book.close()
    notes = [f"read sheet '{chosen}', the first of {len(book.sheetnames)}"] if not sheet and len(book.sheetnames) > 1 else []
    return Texts(names, lambda: iter(batches), literal), notes


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
        texts = [known or any(isinstance(cell, str) for cell in column) for known, column in zip(texts, columns, strict=True)]
        typed = [known or any(isinstance(cell, int | float) for cell in column) for known, column in zip(typed, columns, strict=True)]
        batches.append(pa.record_batch([pa.array(map(_write, column), pa.string()) for column in columns], names=list(names)))
    if not batches:
        raise DataError("has column names but no rows", where=where, fix="Give at least one row")
    return names, batches, frozenset(name for name, text, other in zip(names, texts, typed, strict=True) if text and not other)


def _fit(row: tuple, width: int, where: str) -> tuple:
    """The row at the width of the header; empty cells beyond it are only formatting."""
    if any(cell is not None for cell in row[width:]):
        raise DataError("has values to the right of the last column name", where=where, fix="Name that column or clear it")
    return row[:width] + (None,) * (width - len(row))


def _write(cell: Any) -> str | None:
    """A cell as text; Excel has no dates, only midnights."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    return None if cell is None else str(cell)
