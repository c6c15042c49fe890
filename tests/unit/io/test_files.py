import datetime as dt
import gzip
import io
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.core.errors import DataError
from reverie.io.files import read
from reverie.io.writing import write_folder

TEXT = 'id,name,price,born\n1,Ann,1.5,2001-02-03\n2,Zoë,,1500-12-31\n3,"x, y",2,\n'
ROWS = [
    {"id": 1, "name": "Ann", "price": 1.5, "born": dt.date(2001, 2, 3)},
    {"id": 2, "name": "Zoë", "price": None, "born": dt.date(1500, 12, 31)},
    {"id": 3, "name": "x, y", "price": 2.0, "born": None},
]


def table_of(data, **options) -> pa.Table:
    return read(data, **options).single()[1]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv", lambda raw: raw),
        ("a.csv.gz", gzip.compress),
        ("a.csv.zst", lambda raw: pa.compress(raw, codec="zstd", asbytes=True)),
        ("a.csv", gzip.compress),
    ],
)
def test_reads_plain_and_packed_text(tmp_path, name, pack):
    data = read(write(tmp_path / name, pack(TEXT.encode())))
    assert list(data.tables) == ["a"]
    assert data.single()[1].to_pylist() == ROWS


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_reads_every_encoding(tmp_path, encoding):
    data = read(write(tmp_path / "a.csv", TEXT.encode(encoding)))
    assert data.single()[1].to_pylist() == ROWS


@pytest.mark.parametrize(
    ("name", "delimiter"), [("a.csv", ";"), ("a.csv", "|"), ("a.csv", "\t"), ("a.tsv", "\t")]
)
def test_reads_every_delimiter(tmp_path, name, delimiter):
    text = TEXT.replace(",", delimiter).replace('"x' + delimiter, '"x,')
    assert table_of(write(tmp_path / name, text)).to_pylist() == ROWS


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl", ".tsv", ".xlsx"])
def test_same_table_from_every_format(tmp_path, suffix):
    write_folder(tmp_path / "d", {"a": pa.Table.from_pylist(ROWS)}, suffix=suffix)
    assert table_of(tmp_path / "d" / f"a{suffix}").to_pylist() == ROWS


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_large_file_is_mapped_and_equal(tmp_path, suffix):
    table = pa.table(
        {"n": range(70_000), "s": [f"w{i % 9}" for i in range(70_000)], "x": [i / 4 for i in range(70_000)]}
    )
    write_folder(tmp_path, {"a": table}, suffix=suffix)
    mapped = table_of(tmp_path / f"a{suffix}", limit=1)
    assert mapped.equals(table_of(tmp_path / f"a{suffix}"))
    assert mapped.equals(table)


def test_type_decided_by_last_row(tmp_path):
    rows = "\n".join(str(i) for i in range(50_000))
    data = read(write(tmp_path / "a.csv", f"n\n{rows}\nlast\n"))
    assert data.single()[1].schema.field("n").type == pa.string()
    assert data.notes == ("column 'n': mixes 50000 numbers with 1 other texts, and is read as text",)


def test_folder_is_one_table_a_file(tmp_path):
    write(tmp_path / "b.csv", TEXT)
    write(tmp_path / "a.jsonl", '{"k": 1}\n')
    write(tmp_path / "README.md", "not a table")
    write(tmp_path / ".hidden.csv", "x")
    data = read(tmp_path)
    assert {name: table.num_rows for name, table in data.tables.items()} == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    "content", [TEXT, '{"id": 1}\n{"id": 2}\n', "parquet"], ids=["csv", "jsonl", "parquet"]
)
def test_standard_input_by_content(monkeypatch, content):
    raw = io.BytesIO(content.encode())
    if content == "parquet":
        raw = io.BytesIO()
        pq.write_table(pa.table({"id": [1, 2]}), raw)
        raw.seek(0)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    name, table = read("-").single()
    assert name == "stdin"
    assert table["id"].to_pylist()[:2] == [1, 2]


def test_sheet_is_only_for_excel(tmp_path):
    with pytest.raises(DataError, match="has no sheets"):
        read(write(tmp_path / "a.csv", TEXT), sheet="one")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "\n\n", "is empty"),
        ("a.csv", "a,b\n", "no rows"),
        ("a.csv", "a,,c,\n1,2,3,4\n", "blank at position 2, 4"),
        ("a.csv", "a,b,a\n1,2,3\n", "'a' occurs at positions 1, 3"),
        ("a.csv", "a,b\n1,2\n3\n", "line 3 has 1 fields, and the header has 2"),
        ("a.csv", "a,b\n1,2\n3,4,5\n", "line 3 has 3 fields"),
        ("a.csv", 'a,b\n"x\ny",1\n2,3,4\n', "line 4 has 3 fields"),
        ("a.csv", 'a,b\n1,"x\n2,y\n3,z\n', "broken quoting in the row that starts on line 2"),
        ("a.csv", 'a,b,c\n1,"p,2\n3,"q,4\n', "broken quoting in the row that starts on line 2"),
        ("a.csv", 'a,b\n"x"y,1\n', "broken quoting in the row that starts on line 2"),
        ("a.csv", b"a,b\n\x00\x01\x02,3\n", "zero bytes"),
        ("a.csv", "é\u00fc\u00e4,b\nö,1\n".encode() + b"\xe9,2\n", "line 3 holds bytes that are not UTF-8"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16") + b"\x00", "UTF-16"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:-9], "damaged or cut short"),
        ("a.parquet", b"PAR1 broken PAR1", "damaged or no Parquet"),
        ("a.parquet", b"", "damaged or no Parquet"),
        ("a.jsonl", "", "is empty"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2|line 3"),
        ("a.jsonl", '{"a": 1}\n[2]\n', "record 2 is no object"),
        ("a.jsonl", '{"a": 1, "a": 2}\n', "'a' occurs at positions 1, 2"),
        ("a.json", "[]", "no records"),
        ("a.xlsx", b"PK\x03\x04 broken", "no readable Excel file"),
        ("a.docx", b"x", "unsupported suffix '.docx'"),
    ],
)
def test_bad_input_gets_one_clear_line(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read(write(tmp_path / name, content))
    assert "\n" not in str(caught.value)
    assert caught.value.fix
    assert name in caught.value.where


def test_missing_file_and_folder_without_tables(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(DataError, match="folder without tables"):
        read(tmp_path)
    with pytest.raises(DataError, match="addresses cannot be read"):
        read("postgresql://user:secret@host/db")


def test_two_files_of_one_name(tmp_path):
    write(tmp_path / "a.csv", TEXT)
    write(tmp_path / "a.jsonl", '{"k": 1}\n')
    with pytest.raises(DataError, match="two files make a table 'a'"):
        read(tmp_path)


def test_five_thousand_columns(tmp_path):
    names = ",".join(f"c{i}" for i in range(5000))
    row = ",".join(str(i) for i in range(5000))
    table = table_of(write(tmp_path / "a.csv", f"{names}\n" + f"{row}\n" * 20))
    assert table.shape == (20, 5000)
    assert set(table.schema.types) == {pa.int64()}


def test_size_of_parquet_is_that_of_the_table(tmp_path):
    """Repeated values take next to nothing in the file, and a row's worth each in the table."""
    table = pa.table({"s": ["the same long text"] * 100_000, "n": [7] * 100_000})
    pq.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < table.nbytes / 100
    before = pa.total_allocated_bytes()
    read_back = table_of(tmp_path / "a.parquet", limit=table.nbytes // 2)
    assert pa.total_allocated_bytes() - before < table.nbytes / 5
    assert read_back.equals(table)
