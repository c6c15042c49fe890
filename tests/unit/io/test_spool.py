import errno

import pyarrow as pa
import pytest

from reverie.core.errors import OutputError
from reverie.io import spool
from reverie.io.spool import gather

SCHEMA = pa.schema({"n": pa.int64(), "s": pa.string()})
BATCHES = [
    pa.record_batch({"n": range(k), "s": [f"w{i}" for i in range(k)]}, schema=SCHEMA)
    for k in (1000, 1, 0, 5000)
]


def test_mapped_table_is_equal_and_takes_no_memory():
    before = pa.total_allocated_bytes()
    table = gather(SCHEMA, iter(BATCHES), on_disk=True)
    assert pa.total_allocated_bytes() - before < table.nbytes / 20
    assert table.equals(gather(SCHEMA, BATCHES, on_disk=False))


def test_nothing_is_left_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(spool.tempfile, "tempdir", str(tmp_path))
    table = gather(SCHEMA, BATCHES, on_disk=True)
    assert list(tmp_path.iterdir()) == []
    assert table["n"][-1].as_py() == 4999


def test_no_rows():
    assert gather(SCHEMA, [], on_disk=True).shape == (0, 2)


def test_full_disk_is_one_clear_line():
    def batches():
        yield BATCHES[0]
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="no space left for temporary data"):
        gather(SCHEMA, batches(), on_disk=True)
