"""Arrow columns as numpy: numbers on a line, codes of levels, and back to the column's own Arrow type."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.sampling.matching import flat

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MOST_DECIMALS = 8
_MOST_EXACT = 1e15


def axis(kind: pa.DataType) -> str | None:
    """What a column of this type can be compared and reckoned with: 'number', 'date', 'moment', 'span' or
    nothing.
    """
    if pa.types.is_dictionary(kind):
        return axis(kind.value_type)
    tests = (
        ("number", lambda t: pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t)),
        ("date", pa.types.is_date),
        ("moment", pa.types.is_timestamp),
        ("span", pa.types.is_duration),
    )
    return next((name for name, applies in tests if applies(kind)), None)


def numbers(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Float64 with NaN for missing: dates in days, moments and spans in seconds, truth as 0 and 1."""
    array = flat(column)
    kind = array.type
    if pa.types.is_date(kind):
        return _floats(array.cast(pa.date32()).cast(pa.int32()))
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return _floats(array.cast(pa.int64())) / _UNITS[kind.unit]
    return _floats(array)


def from_numbers(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """The Arrow array of type `kind` that `numbers` turns into `values`; whole types are rounded, NaN is
    missing.
    """
    if pa.types.is_dictionary(kind):
        return as_type(from_numbers(values, kind.value_type), kind)
    absent = ~np.isfinite(values)
    whole = np.rint(np.where(absent, 0.0, values))
    if pa.types.is_date(kind):
        return pa.array(whole.astype(np.int32), pa.int32(), mask=absent).cast(pa.date32()).cast(kind)
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        # Doubles hold a moment of this century to a quarter of a microsecond: finer units are rounded.
        unit = min(_UNITS[kind.unit], 10**6)
        ticks = np.rint(np.where(absent, 0.0, values) * unit).astype(np.int64) * (_UNITS[kind.unit] // unit)
        return pa.array(ticks, pa.int64(), mask=absent).cast(kind)
    if pa.types.is_integer(kind):
        return pa.array(whole.astype(np.int64), pa.int64(), mask=absent).cast(kind, safe=False)
    return pa.array(np.where(absent, 0.0, values), pa.float64(), mask=absent).cast(kind, safe=False)


def as_type(array: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """The array in type `kind`, dictionary-encoded if that is what `kind` is."""
    if array.type == kind:
        return array
    if pa.types.is_dictionary(kind):
        return array.cast(kind.value_type).dictionary_encode().cast(kind)
    return array.cast(kind)


def has_levels(kind: pa.DataType) -> bool:
    """Whether columns of this type can be taken as levels: text, truth, numbers and times do, lists and bytes
    do not.
    """
    if pa.types.is_dictionary(kind):
        return has_levels(kind.value_type)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return text or pa.types.is_boolean(kind) or axis(kind) is not None


def codes(column: pa.ChunkedArray | pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Level codes, (rows,) int64, and the levels they stand for; missing is a level like any other."""
    encoded = pc.dictionary_encode(flat(column), null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def joint(columns: list[np.ndarray]) -> np.ndarray:
    """One dense code a row for the combination of several codes, (rows,) int64."""
    combined = columns[0]
    for column in columns[1:]:
        combined = combined * (int(column.max(initial=0)) + 1) + column
        combined = np.unique(combined, return_inverse=True)[1].reshape(-1)
    return combined


def truths(column: pa.ChunkedArray | pa.Array) -> np.ndarray | None:
    """A yes/no column as 0.0 and 1.0 (NaN missing), or None if it holds anything else."""
    array = flat(column)
    if not (pa.types.is_boolean(array.type) or pa.types.is_null(array.type) or axis(array.type) == "number"):
        return None
    values = numbers(array)
    return values if np.all((values == 0) | (values == 1) | np.isnan(values)) else None


def decimals(values: np.ndarray) -> int | None:
    """The fewest decimal places that write every value exactly, or None if more than eight are needed."""
    present = values[np.isfinite(values)]
    if np.max(np.abs(present), initial=0.0) > _MOST_EXACT:
        return None
    for places in range(_MOST_DECIMALS + 1):
        if np.allclose(present, np.round(present, places), rtol=1e-13, atol=10.0 ** -(places + 5)):
            return places
    return None


def kind_to_json(kind: pa.DataType) -> str:
    """The Arrow type as text that `kind_from_json` reads back."""
    return str(kind)


def kind_from_json(text: str) -> pa.DataType:
    """The Arrow type that `kind_to_json` wrote. Raises ValueError if it is none."""
    if found := re.fullmatch(r"timestamp\[(s|ms|us|ns), tz=(.+)\]", text):
        return pa.timestamp(found[1], found[2])
    if found := re.fullmatch(r"decimal(128|256)\((\d+), (-?\d+)\)", text):
        make = pa.decimal128 if found[1] == "128" else pa.decimal256
        return make(int(found[2]), int(found[3]))
    if found := re.fullmatch(r"dictionary<values=(.+), indices=(\w+), ordered=([01])>", text):
        return pa.dictionary(kind_from_json(found[2]), kind_from_json(found[1]), ordered=found[3] == "1")
    return pa.type_for_alias(text)


def levels_to_json(levels: pa.Array) -> dict[str, Any]:
    """An Arrow array as JSON-able type and texts; exact for every type that has a text form."""
    return {"kind": kind_to_json(levels.type), "values": levels.cast(pa.string()).to_pylist()}


def levels_from_json(state: dict[str, Any]) -> pa.Array:
    """The array that `levels_to_json` wrote."""
    texts, kind = pa.array(state["values"], pa.string()), kind_from_json(state["kind"])
    return texts.cast(pa.int64()).cast(kind) if pa.types.is_duration(kind) else texts.cast(kind)


def _floats(array: pa.Array) -> np.ndarray:
    return array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
