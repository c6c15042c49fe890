import gzip

import pytest

from reverie.core.errors import DataError
from reverie.io.sources import find, list_folder


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", b"a,b\n", "csv"),
        ("a.b.tsv", b"a\tb\n", "csv"),
        ("A.CSV.GZ", gzip.compress(b"a,b\n", mtime=0), "csv"),
        ("a", b'\xef\xbb\xbf {"a": 1}', "json"),
        ("a", b"[]", "json"),
        ("a", b"PAR1....", "parquet"),
        ("a.csv", b"PAR1....", "parquet"),
        ("a", b"a,b\n", "csv"),
        ("a.csv", b'{"a",b\n', "csv"),
    ],
)
def test_kind(tmp_path, name, content, kind):
    (tmp_path / name).write_bytes(content)
    assert find(tmp_path / name).kind == kind


def test_table_is_named_after_its_file(tmp_path):
    (tmp_path / "orders.2024.csv.gz").write_bytes(gzip.compress(b"a"))
    assert find(tmp_path / "orders.2024.csv.gz").name == "orders.2024"


def test_folder_lists_tables_by_name(tmp_path):
    for name in ("b.csv", "a.parquet", "notes.txt", ".c.csv", "picture.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "sub.csv").mkdir()
    assert [source.name for source in list_folder(tmp_path)] == ["a", "b"]


def test_head_of_damaged_file(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(b"\x1f\x8b\x08broken")
    with pytest.raises(DataError, match="damaged or cut short"):
        find(tmp_path / "a.csv.gz").head()


def test_a_model_is_no_data(tmp_path):
    (tmp_path / "m.reverie").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match=r"m\.reverie: is a Reverie model, not data\. Make rows"):
        find(tmp_path / "m.reverie")
