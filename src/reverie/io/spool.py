"""Tables that need not fit in memory: batches go to an unnamed temporary file that is then memory-mapped."""

import mmap
import tempfile
from collections.abc import Iterable

import pyarrow as pa

from reverie.core.space import space


def gather(schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, on_disk: bool) -> pa.Table:
    """The batches as one table, held in memory or in a mapped temporary file.

    The file has no name from the start (or is removed by the system when closed), so nothing is ever left
    behind; its space is freed with the last table that looks into it. Raises OutputError if the disk is full.
    """
    if not on_disk:
        return pa.Table.from_batches(list(batches), schema)
    with tempfile.TemporaryFile(prefix="reverie-") as file, space():
        with pa.ipc.new_file(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.flush()
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return pa.ipc.open_file(pa.py_buffer(view)).read_all()
