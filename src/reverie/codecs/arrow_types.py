"""Arrow types by name, for a codec's state, and arrays back in the type that a column had when read."""

import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.storage import from_storage

_ZONED = re.compile(r"^timestamp\[(\w+), tz=(.+)\]$")
_WIDEST = 76
_DICTIONARY = re.compile(r"^dictionary<values=(.+), indices=(\w+), ordered=([01])>$")


def type_name(kind: pa.DataType) -> str:
    """The name of a type, complete with zone and dictionary."""
    return str(kind)


def type_named(name: str) -> pa.DataType:
    """The type of that name. Raises ValueError if there is none.

    >>> type_named("timestamp[us, tz=Europe/Madrid]").tz
    'Europe/Madrid'
    """
    zoned, dictionary = _ZONED.match(name), _DICTIONARY.match(name)
    if zoned:
        return pa.timestamp(zoned[1], tz=zoned[2])
    if dictionary:
        return pa.dictionary(
            type_named(dictionary[2]), type_named(dictionary[1]), ordered=dictionary[3] == "1"
        )
    return from_storage(name)


def to_texts(values: pa.Array) -> list[str]:
    """Values as text that `from_texts` reads back; dates and times are written as whole numbers."""
    return _as_whole(values).cast(pa.string()).to_pylist()


def from_texts(texts: list[str], kind: pa.DataType) -> pa.Array:
    """The values of type `kind` that `to_texts` wrote. Raises ArrowInvalid if they are not."""
    array = pa.array(texts, pa.string())
    if pt.is_null(kind):
        return pa.nulls(len(array))
    return array.cast(_whole_type(kind)).cast(kind) if pt.is_temporal(kind) else array.cast(kind)


def _as_whole(values: pa.Array) -> pa.Array:
    return values.cast(_whole_type(values.type)) if pt.is_temporal(values.type) else values


def _whole_type(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if kind.bit_width == 32 else pa.int64()


def plain(values: pa.Array) -> pa.Array:
    """The values of a dictionary array, or the array itself."""
    return values.dictionary_decode() if pt.is_dictionary(values.type) else values


def restore(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """`values` as an array of type `kind`; digits that a narrower type cannot hold are dropped."""
    if values.type == kind:
        return values
    if pt.is_decimal(kind) and pt.is_integer(values.type):
        values = values.cast(pa.decimal256(_WIDEST, kind.scale))  # Arrow wants room for any integer
    if not pt.is_dictionary(kind):
        return pc.cast(plain(values), kind, safe=False)
    encoded = values if pt.is_dictionary(values.type) else values.dictionary_encode()
    indices, levels = pc.cast(encoded.indices, kind.index_type), pc.cast(encoded.dictionary, kind.value_type)
    return pa.DictionaryArray.from_arrays(indices, levels, ordered=kind.ordered)
