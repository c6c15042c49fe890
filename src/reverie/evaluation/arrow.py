"""Arrow columns as plain arrays of numbers or shared codes, however each of the tables came to store them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M")
NANOSECONDS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
DAY = 86_400e9


def numbers(values: pa.ChunkedArray) -> np.ndarray:
    """Finite float64 values, (rows,); what is missing, not finite or not a number is NaN."""
    values = plain(values)
    if pa.types.is_duration(values.type):
        return _floats(values.cast(pa.int64())) * NANOSECONDS[values.type.unit]
    if _is_text(values.type):
        values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.match_substring_regex(values, NUMBER), values, pa.scalar(None, values.type))
        values = pc.utf8_ltrim(values, characters="+")
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    return _floats(values)


def moments(values: pa.ChunkedArray, layout: str | None = None) -> np.ndarray:
    """Dates, times and datetimes as float64 nanoseconds, (rows,); NaN where missing.

    Text is read in the strptime `layout`, or else in ISO 8601.
    """
    values = plain(values)
    kind = values.type
    if _is_text(kind):
        values, kind = _parse(values, layout), pa.timestamp("us")
    if pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        return _floats(values.cast(pa.int64())) * NANOSECONDS[kind.unit]
    if pa.types.is_time32(kind):
        return _floats(values.cast(pa.int32())) * NANOSECONDS[kind.unit]
    if pa.types.is_date(kind):
        return _floats(values.cast(pa.date32()).cast(pa.int32())) * DAY
    return numbers(values)


def codes(columns: list[pa.ChunkedArray]) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """The same column of several tables as int32 codes into shared labels; -1 is missing.

    Numbers are compared as numbers (1 is 1.0), everything else as text without outer blanks.
    """
    columns = [plain(column) for column in columns]
    numeric = all(_is_number(column.type) or pa.types.is_null(column.type) for column in columns)
    flags = any(pa.types.is_boolean(column.type) for column in columns)
    typed = [
        column.cast(pa.float64(), safe=False) if numeric else _texts(column, flags) for column in columns
    ]
    chunks = [chunk for column in typed for chunk in column.chunks]
    pooled = pa.chunked_array(chunks, pa.float64() if numeric else pa.string()).combine_chunks()
    encoded = pooled.dictionary_encode()
    flat = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    ends = np.cumsum([len(column) for column in columns])
    return np.split(flat, ends[:-1]), tuple(_label(value) for value in encoded.dictionary.to_pylist())


def is_plain(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type can be compared at all, as numbers or text; not lists, records or
    bytes.
    """
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _label(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values, looked up where they are kept in a dictionary."""
    return values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _texts(values: pa.ChunkedArray, flags: bool) -> pa.ChunkedArray:
    """Trimmed text; beside booleans, which Arrow writes as true and false, in lower case."""
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    return pc.utf8_lower(text) if flags else text


def _floats(values: pa.ChunkedArray) -> np.ndarray:
    array = values.cast(pa.float64(), safe=False).to_numpy()
    return array if np.isfinite(array).all() else np.where(np.isfinite(array), array, np.nan)


def _parse(values: pa.ChunkedArray, layout: str | None) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(values)
    layouts = ([layout.replace("%-", "%")] if layout else []) + list(MOMENTS)
    return pc.coalesce(*(pc.strptime(text, format=one, unit="us", error_is_null=True) for one in layouts))
