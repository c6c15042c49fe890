"""JSON: one object a line, or an array of objects, as batches of string columns, through DuckDB."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reverie.core.errors import DataError
from reverie.io.arrow_types import check_names
from reverie.io.sources import Source
from reverie.io.texts import Texts

_SCALAR = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN")
_MOST_BYTES_A_ROW = 256 << 20


def scan(source: Source, limit: int) -> tuple[Texts, list[str]]:
    """The fields as text columns, in the order they first appear, and notes. Raises DataError."""
    reader = _Reader(source)
    names = reader.names()
    check_names(names, source.where)
    kinds = reader.kinds(names)
    literal = frozenset(name for name in names if "VARCHAR" in kinds[name] and not kinds[name] & set(_SCALAR))
    nested = [name for name in names if kinds[name] & {"ARRAY", "OBJECT"}]
    notes = [
        f"column '{name}': nested values are kept as JSON text, and come back as such" for name in nested
    ]
    size = source.path.stat().st_size * (8 if source.packing else 1)
    if size > limit:
        return Texts(tuple(names), lambda: reader.batches(names), literal, large=True), notes
    batches = list(reader.batches(names))
    return Texts(tuple(names), lambda: iter(batches), literal), notes


class _Reader:
    """One file under DuckDB, each object as one JSON value."""

    def __init__(self, source: Source) -> None:
        self._where = source.where
        path = re.sub(r"([*?\[])", r"[\1]", str(source.path.resolve())).replace("'", "''")
        start = source.head(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start:
            raise DataError("is empty", where=source.where, fix="Give at least one object")
        form = "newline_delimited" if _is_whole(start) else "unstructured"
        form = "array" if start.startswith(b"[") else form
        self._objects = (
            f"read_json('{path}', records=false, columns={{'value': 'JSON'}}, format='{form}', "
            f"compression='{source.packing or 'none'}', maximum_object_size={_MOST_BYTES_A_ROW})"
        )

    def names(self) -> list[str]:
        """All keys, in the order they first appear. Raises DataError if a value is no object."""
        first = "SELECT json_keys(value) AS keys, json_type(value) AS kind, row_number() OVER () AS row"
        query = f"SELECT keys, kind, min(row) AS row FROM ({first} FROM {self._objects})"
        found = self._run(f"{query} GROUP BY ALL ORDER BY row").to_pylist()
        for group in found:
            if group["kind"] != "OBJECT":
                what = f"record {group['row']} is no object"
                raise DataError(what, where=self._where, fix="Give objects with a value for each column")
        if not found:
            raise DataError("has no records", where=self._where, fix="Give at least one object")
        for group in found:
            check_names(group["keys"] or ["-"], f"{self._where}, record {group['row']}")
        return list(dict.fromkeys(key for group in found for key in group["keys"]))

    def kinds(self, names: list[str]) -> dict[str, set[str]]:
        """Every JSON type that occurs under each name."""
        typed = f"SELECT unnest(json_type(value, {_pointers(names)})) AS kind, {_positions(names)} AS place"
        query = f"SELECT DISTINCT place, kind FROM ({typed} FROM {self._objects}) WHERE kind IS NOT NULL"
        found: dict[str, set[str]] = {name: set() for name in names}
        for row in self._run(query).to_pylist():
            found[names[row["place"]]].add(row["kind"])
        return found

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The values as text."""
        query = f"SELECT json_extract_string(value, {_pointers(names)}) AS texts FROM {self._objects}"
        with self._connected() as connection:
            for batch in pa.RecordBatchReader.from_stream(connection.sql(query)):
                texts = batch.column(0)
                columns = [pc.cast(pc.list_element(texts, place), pa.string()) for place in range(len(names))]
                yield pa.record_batch(columns, names=names)

    def _run(self, query: str) -> pa.Table:
        with self._connected() as connection:
            return pa.RecordBatchReader.from_stream(connection.sql(query)).read_all()

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        import duckdb

        try:
            with duckdb.connect() as connection:
                yield connection
        except (duckdb.Error, pa.ArrowException) as error:
            place = re.search(r"line (\d+)", str(error))
            what = f"line {place[1]} is not valid JSON" if place else "is not valid JSON"
            raise DataError(what, where=self._where, fix="Correct it, one object a line") from None


def _is_whole(start: bytes) -> bool:
    """Whether the first line is a whole value, so that every line should be."""
    try:
        json.loads(start.split(b"\n", 1)[0])
    except ValueError:
        return b"\n" not in start
    return True


def _pointers(names: list[str]) -> str:
    """A SQL list of JSON pointers, which unlike paths can name any key."""
    pointers = ("/" + name.replace("~", "~0").replace("/", "~1").replace("'", "''") for name in names)
    return "[" + ", ".join(f"'{pointer}'" for pointer in pointers) + "]"


def _positions(names: list[str]) -> str:
    return f"unnest(range({len(names)}))"
