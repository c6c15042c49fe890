"""Rows written into files and folders."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from reverie.cli import results
from reverie.io.pictures import write as png


def test_files_hold_all_parts(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    parts = (pa.table({"a": [row]}) for row in range(3))
    assert results.write(str(out), parts, folder=False) == 3
    assert out.read_text().split() == ["a", "0", "1", "2"]


def test_folders_have_a_page(tmp_path: Path) -> None:
    table = pa.table({"p": pa.array([png(np.zeros((4, 4, 1), np.uint8))] * 2, pa.binary()), "a": [1, 2]})
    assert results.write(str(tmp_path / "new"), iter([table]), folder=True) == 2
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["gallery.html", "index.csv", "p"]


def test_nothing_is_written_if_the_first_part_fails(tmp_path: Path) -> None:
    def broken():
        raise KeyError
        yield pa.table({})

    with pytest.raises(KeyError):
        results.write_file(str(tmp_path / "o.csv"), broken())
    assert not list(tmp_path.iterdir())
