"""The Arrow type a column had when read, kept by its name in a codec's state."""

import re

import pyarrow as pa
import pyarrow.types as pt

_DECIMAL = re.compile(r"^decimal(32|64|128|256)\((\d+), (-?\d+)\)$")


def is_string(kind: pa.DataType) -> bool:
    """Whether values are text, whatever the layout."""
    if pt.is_dictionary(kind):
        return is_string(kind.value_type)
    return pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind)


def is_whole(kind: pa.DataType) -> bool:
    """Whether values can be whole numbers: integers, or floats and decimals that hold them."""
    return pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind)


def storage_name(kind: pa.DataType) -> str:
    """The name of a string or number type; nested types become strings.

    >>> storage_name(pa.list_(pa.int8())), storage_name(pa.decimal128(9, 2))
    ('string', 'decimal128(9, 2)')
    """
    return "string" if pt.is_nested(kind) else str(kind)


def from_storage(name: str) -> pa.DataType:
    """The type of that name. Raises ValueError if there is none."""
    found = _DECIMAL.match(name)
    if found:
        bits, precision, scale = (int(part) for part in found.groups())
        return getattr(pa, f"decimal{bits}")(precision, scale)
    return pa.type_for_alias(name)
