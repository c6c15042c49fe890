"""A stable hash of a table's content."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

_ROWS = 1 << 16


def fingerprint(table: pa.Table) -> str:
    """32 hexadecimal digits that depend on names, types, values and their order, not on how it is cut.

    Reads the table piece by piece, so that a memory-mapped one is never in memory as a whole.
    """
    digest = hashlib.blake2b(digest_size=16)
    for field in table.schema:
        kind = field.type.value_type if pt.is_dictionary(field.type) else field.type
        digest.update(f"{field.name}\x1f{kind}\x1e".encode())
    for start in range(0, table.num_rows, _ROWS):
        for column in table.slice(start, _ROWS).columns:
            for part in _canonical_bytes(column):
                digest.update(part)
    return digest.hexdigest()


def _canonical_bytes(column: pa.ChunkedArray) -> tuple[bytes | memoryview, ...]:
    """Which values there are, and the values, without offsets, padding or what lies under a null."""
    if pt.is_binary(column.type):
        # Media may be too many bytes for one array.
        lengths = pc.fill_null(pc.binary_length(column), -1).to_numpy().astype(np.int32).tobytes()
        return (lengths, *(cell for chunk in column.chunks for cell in chunk.drop_null().to_pylist()))
    array = pa.concat_arrays([_plain(chunk) for chunk in column.chunks])
    valid = np.packbits(array.is_valid().to_numpy(zero_copy_only=False)).tobytes()
    if pt.is_null(array.type):
        return (valid,)
    if pt.is_string(array.type):
        texts = pc.fill_null(array, "")
        lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
        joined = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), "")[0]
        return (valid, lengths.astype(np.int32).tobytes(), memoryview(joined.as_buffer()))
    if pt.is_temporal(array.type):
        array = array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
    zero = pa.scalar(0, pa.int64()).cast(array.type)
    return (valid, pc.fill_null(array, zero).to_numpy(zero_copy_only=False).tobytes())


def _plain(chunk: pa.Array) -> pa.Array:
    chunk = chunk.dictionary_decode() if pt.is_dictionary(chunk.type) else chunk
    return (
        chunk.cast(pa.string()) if pt.is_large_string(chunk.type) or pt.is_string_view(chunk.type) else chunk
    )
