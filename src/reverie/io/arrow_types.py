"""The few Arrow types that columns of a dataset have, and how every other type becomes one of them.

They are: null, bool, int64, float64, string, date32, timestamp[us] with or without a zone, time64[us] and
duration[us]. A float that is infinite or not a number (NaN) is missing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.core.errors import DataError
from reverie.io.spool import gather

_PIECE = 1 << 30
_EXACT_DIGITS = 15
_TEXT = (pt.is_string, pt.is_large_string, pt.is_string_view)
_BYTES = (pt.is_binary, pt.is_large_binary, pt.is_binary_view)
_NESTED = (pt.is_nested, pt.is_list_view, pt.is_large_list_view)


def check_names(names: Sequence[str], where: str) -> None:
    """Raise DataError, naming the positions (from 1), if names are blank, the same, or none."""
    if not names:
        raise DataError("has no columns", where=where, fix="Give at least one column")
    blank = [place for place, name in enumerate(names, 1) if not name.strip()]
    if blank:
        raise DataError(
            f"column names are blank at position {_listed(blank)}", where=where, fix="Name or remove them"
        )
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names, 1):
        places.setdefault(name, []).append(place)
    for name, found in places.items():
        if len(found) > 1:
            what = f"column name '{name}' occurs at positions {_listed(found)}"
            raise DataError(what, where=where, fix="Give every column its own name")


def _listed(places: list[int]) -> str:
    return ", ".join(map(str, places[:5])) + (" ..." if len(places) > 5 else "")


def settle(
    schema: pa.Schema, batches: Callable[[], Iterator[pa.RecordBatch]], where: str, *, on_disk: bool = False
) -> tuple[pa.Table, tuple[str, ...]]:
    """A table of canonical types from batches of any types, and notes on what was changed.

    `batches` is called twice: what fits a column (64 bits, say) is known only after all of it was seen.
    """
    check_names(schema.names, where)
    ladders = [_ladder(field, where) for field in schema]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rungs = [0] * len(ladders)
        for batch in batches():
            rungs = list(pool.map(_climb, batch.columns, ladders, rungs))
        kinds = [ladder[rung] for ladder, rung in zip(ladders, rungs, strict=True)]
        target = pa.schema(list(zip(schema.names, kinds, strict=True)))
        infinite = [0] * len(ladders)

        def converted() -> Iterator[pa.RecordBatch]:
            for whole in batches():
                for batch in _cut(whole):
                    infinite[:] = [
                        sum(pair)
                        for pair in zip(infinite, pool.map(_count_infinite, batch.columns), strict=True)
                    ]
                    yield pa.record_batch(list(pool.map(cast, batch.columns, kinds)), schema=target)

        table = gather(target, converted(), on_disk=on_disk)
    return table, tuple(_notes(schema, kinds, infinite))


def _ladder(field: pa.Field, where: str) -> tuple[pa.DataType, ...]:
    """The types a column may become, the best first; the last one always fits."""
    kind = field.type
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pt.is_dictionary(kind):
        return _ladder(field.with_type(kind.value_type), where)
    for matches, ladder in _LADDERS:
        if matches(kind):
            return ladder
    if pt.is_timestamp(kind):
        return (pa.timestamp("us", kind.tz),)
    raise DataError(
        f"column '{field.name}' holds {kind}, which cannot be learned",
        where=where,
        fix="Remove or convert it",
    )


def _is_any(*tests: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
    return lambda kind: any(test(kind) for test in tests)


_LADDERS: tuple[tuple[Callable[[pa.DataType], bool], tuple[pa.DataType, ...]], ...] = (
    (pt.is_null, (pa.null(),)),
    (pt.is_boolean, (pa.bool_(),)),
    (pt.is_uint64, (pa.int64(), pa.string())),
    (pt.is_integer, (pa.int64(),)),
    (pt.is_floating, (pa.float64(),)),
    (pt.is_decimal, (pa.int64(), pa.float64(), pa.string())),
    (_is_any(*_TEXT, *_NESTED), (pa.string(),)),
    (_is_any(*_BYTES, pt.is_fixed_size_binary), (pa.string(), pa.binary())),
    (pt.is_date, (pa.date32(),)),
    (pt.is_time, (pa.time64("us"),)),
    (pt.is_duration, (pa.duration("us"),)),
)


def _climb(values: pa.Array, ladder: tuple[pa.DataType, ...], rung: int) -> int:
    """The first rung from `rung` on whose type every value fits."""
    while rung < len(ladder) - 1 and not _fits(values, ladder[rung]):
        rung += 1
    return rung


def _fits(values: pa.Array, kind: pa.DataType) -> bool:
    if pt.is_decimal(values.type) and pt.is_integer(kind) and values.type.scale > 0:
        return False
    if pt.is_decimal(values.type) and pt.is_floating(kind) and values.type.precision <= _EXACT_DIGITS:
        return True
    try:
        typed = pc.cast(values, kind)
        return (
            not pt.is_decimal(values.type)
            or pt.is_integer(kind)
            or pc.cast(typed, values.type).equals(values)
        )
    except pa.ArrowInvalid:
        return False


def cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """The values as the canonical type `kind`, which they fit; NaN and infinite numbers become null."""
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pt.is_dictionary(values.type):
        values = values.dictionary_decode()
    if _is_any(*_NESTED)(values.type):
        return _to_json(values)
    if pt.is_float32(values.type) or pt.is_float16(values.type):
        # Through text: 0.1 as float32 stays 0.1, and does not become 0.10000000149.
        values = pc.cast(pc.cast(values, pa.float32()), pa.string())
    if pt.is_floating(kind):
        real = pc.cast(values, kind)
        return pc.if_else(pc.is_finite(real), real, pa.scalar(None, kind))
    if values.type == kind:
        return values
    return pc.cast(values, kind, safe=not pt.is_temporal(kind))


def _to_json(values: pa.Array) -> pa.Array:
    import duckdb

    table = pa.table({"nested": values})
    with duckdb.connect() as connection:
        relation = connection.from_arrow(table).project("CAST(to_json(nested) AS VARCHAR) AS text")
        text = relation.to_arrow_table()["text"].combine_chunks()
    return pc.if_else(values.is_valid(), pc.cast(text, pa.string()), pa.scalar(None, pa.string()))


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Pieces small enough for the 32-bit offsets of strings."""
    rows = max(1, batch.num_rows * _PIECE // max(batch.nbytes, _PIECE))
    return (batch.slice(start, rows) for start in range(0, batch.num_rows, rows))


def _count_infinite(values: pa.Array) -> int:
    return pc.sum(pc.is_inf(values)).as_py() or 0 if pt.is_floating(values.type) else 0


def _notes(schema: pa.Schema, kinds: list[pa.DataType], infinite: list[int]) -> Iterator[str]:
    for field, kind, count in zip(schema, kinds, infinite, strict=True):
        head = f"column '{field.name}': "
        if count:
            yield f"{head}{count} infinite values are read as missing"
        if pt.is_decimal(field.type) or (pt.is_uint64(field.type) and pt.is_string(kind)):
            yield f"{head}{field.type} is read as {'text' if pt.is_string(kind) else kind}"
        if _is_any(*_NESTED)(field.type):
            yield f"{head}nested values are kept as JSON text, and come back as such"
