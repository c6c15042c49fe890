"""Delimited text (CSV, TSV ...) as batches of string columns, with the line named where a row is broken."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import NoReturn

import pyarrow as pa
import pyarrow.csv as arrow_csv

from reverie.core.errors import DataError
from reverie.io.arrow_types import check_names
from reverie.io.sniff import Dialect, Survey, guess_wide_encoding, rows, sniff, survey
from reverie.io.sources import BLOCK, Source
from reverie.io.texts import Texts

_PARSE_BLOCK = 16 * BLOCK


def scan(source: Source, limit: int) -> tuple[Texts, list[str]]:
    """The columns as text, and notes.

    A file larger than `limit` is parsed anew for each pass; a smaller one is kept in memory.
    Raises DataError, with the line where there is one.
    """
    try:
        head = source.head(4 * BLOCK)
        encoding = guess_wide_encoding(head)
        text = _decode_head(head, encoding)
        dialect = sniff(text, source.path.with_suffix("").suffix if source.packing else source.path.suffix)
        seen = survey(source, encoding, dialect)
    except UnicodeError:
        raise DataError(
            "starts as UTF-16 text but is damaged", where=source.where, fix="Save it as UTF-8"
        ) from None
    if seen.encoding in ("cp1252", "latin-1"):
        text = head.decode(seen.encoding, "replace")
    names = _read_header(text, dialect, source.where)
    if not seen.sound:
        _diagnose(source, seen.encoding, dialect, len(names))
    reader = _Reader(source, dialect, seen, names)
    notes = [f"read as {seen.encoding}, as it is not UTF-8"] if seen.encoding != "utf-8" else []
    if seen.size > limit:
        return Texts(names, reader.stream, large=True), notes
    batches = reader.read()
    return Texts(names, lambda: iter(batches)), notes


def _decode_head(head: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    return head[: len(head) // 2 * 2].decode(encoding, "ignore").removeprefix("\ufeff")


def _read_header(text: str, dialect: Dialect, where: str) -> tuple[str, ...]:
    """The column names. Raises DataError if there are none, or some are blank or the same."""
    if not text.strip():
        raise DataError(
            "is empty", where=where, fix="Give a file with a line of column names and at least one row"
        )
    try:
        names = next(row for row in rows(io.StringIO(text, newline=""), dialect, strict=True) if row)
    except csv.Error:
        raise DataError("line 1 has broken quoting", where=where, fix="Close or double its quotes") from None
    check_names(names, where)
    return tuple(names)


class _Reader:
    """Arrow's CSV reader, set up for one file."""

    def __init__(self, source: Source, dialect: Dialect, seen: Survey, names: tuple[str, ...]) -> None:
        self._source, self._dialect, self._encoding, self._width = source, dialect, seen.encoding, len(names)
        self._options = {
            "read_options": arrow_csv.ReadOptions(block_size=_PARSE_BLOCK),
            "parse_options": arrow_csv.ParseOptions(
                delimiter=dialect.delimiter, quote_char=dialect.quote, double_quote=not dialect.escape,
                escape_char="\\" if dialect.escape else False, newlines_in_values=seen.quoted,
            ),
            "convert_options": arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""],
            ),
        }  # fmt: skip

    def read(self) -> list[pa.RecordBatch]:
        """All batches, parsed on all cores."""
        try:
            with self._source.open(self._encoding) as stream:
                table = arrow_csv.read_csv(stream, **self._options)
        except pa.ArrowInvalid:
            self._explain()
        if not table.num_rows:
            raise DataError(
                "has column names but no rows", where=self._source.where, fix="Give at least one row"
            )
        return table.to_batches()

    def stream(self) -> Iterator[pa.RecordBatch]:
        """The batches one by one, in bounded memory."""
        try:
            with self._source.open(self._encoding) as stream:
                yield from arrow_csv.open_csv(stream, **self._options)
        except pa.ArrowInvalid:
            self._explain()

    def _explain(self) -> NoReturn:
        _diagnose(self._source, self._encoding, self._dialect, self._width)
        raise DataError(
            "cannot be parsed", where=self._source.where, fix="Check its delimiter and quoting"
        ) from None


def _diagnose(source: Source, encoding: str, dialect: Dialect, width: int) -> None:
    """Look for the first broken row, slowly but exactly. Raises DataError naming its line if there is one."""
    before = csv.field_size_limit(2**31 - 1)
    line = 1
    try:
        with source.open(encoding) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as lines:
            reader = rows(lines, dialect, strict=True)
            for row in reader:
                _check_width(row, width, f"line {line}", source.where)
                line = reader.line_num + 1
    except csv.Error:
        what = f"broken quoting in the row that starts on line {line}"
        fix = "Close its quotes, or double those inside a value"
        raise DataError(what, where=source.where, fix=fix) from None
    finally:
        csv.field_size_limit(before)


def _check_width(row: list[str], width: int, line: str, where: str) -> None:
    if row and len(row) != width:
        what = f"{line} has {len(row)} fields, and the header has {width}"
        raise DataError(what, where=where, fix="Correct that line, or its quotes")
