import datetime as dt
import errno
import io
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.core.errors import OutputError
from reverie.io import writing
from reverie.io.files import read
from reverie.io.writing import write_folder, write_text, writer

SUFFIXES = [".csv", ".tsv", ".parquet", ".jsonl", ".xlsx"]
TABLE = pa.table(
    {
        "n": [1, None, 2**60],
        "x": [1.0, 0.1, None],
        "s": ['=1+1, "q"', "é\nü\\\t\x01", None],
        "d": [dt.date(2020, 1, 2), None, dt.date(1500, 1, 1)],
        "t": [dt.datetime(2020, 1, 1, 3, 4, 5), None, dt.datetime(1600, 1, 1, 0, 0, 0, 7)],
        "b": [True, False, None],
        "z": pa.array([0, None, 1_500_000], pa.timestamp("us", "UTC")),
    }
)


def save(path, *tables):
    with writer(path, tables[0].schema) as sink:
        for table in tables:
            sink.write(table)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reads_back_the_same(tmp_path, suffix):
    save(tmp_path / f"a{suffix}", TABLE)
    table = read(tmp_path / f"a{suffix}").single()[1]
    if suffix == ".xlsx":  # which holds no control characters, and long integers and old years only as text
        assert table["s"].to_pylist() == ['=1+1, "q"', "é\nü\\\t", None]
        table = table.drop(["s", "n", "t"])
        assert table.equals(TABLE.drop(["s", "n", "t"]))
    else:
        assert table.equals(TABLE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_rows_same_bytes_in_any_pieces(tmp_path, suffix):
    whole = save(tmp_path / f"a{suffix}", TABLE)
    assert save(tmp_path / f"b{suffix}", TABLE.slice(0, 1), TABLE.slice(1, 0), TABLE.slice(1)) == whole


def test_parquet_row_groups_do_not_depend_on_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_GROUP_ROWS", 1024)
    table = pa.table(
        {"n": range(5000), "s": pa.array([f"w{i % 7}" for i in range(5000)]).dictionary_encode()}
    )
    whole = save(tmp_path / "a.parquet", table)
    assert save(tmp_path / "b.parquet", *(table.slice(start, 333) for start in range(0, 5000, 333))) == whole
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(5)] == [1024] * 4 + [904]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_dictionaries_are_written_as_what_they_stand_for(tmp_path, suffix):
    plain = pa.table({"s": ["b", None, "a", "b"], "n": [5, 7, None, 5]})
    coded = pa.table({name: plain[name].dictionary_encode() for name in plain.column_names})
    save(tmp_path / f"a{suffix}", coded)
    assert read(tmp_path / f"a{suffix}").single()[1].equals(plain)
    if suffix == ".parquet":
        assert pq.read_schema(tmp_path / "a.parquet").types == [pa.string(), pa.int64()]


def test_parquet_takes_pieces_with_other_dictionaries(tmp_path):
    first = pa.table({"s": pa.array(["a", "b"]).dictionary_encode()})
    second = pa.table({"s": pa.array(["c", "a"]).dictionary_encode()})
    save(tmp_path / "a.parquet", first, second, pa.table({"s": ["d"]}))
    assert read(tmp_path / "a.parquet").single()[1]["s"].to_pylist() == ["a", "b", "c", "a", "d"]


def test_csv_by_the_letter(tmp_path):
    table = pa.table({"a,b": ["x", "", None, 'q"'], "n": [1.0, 1e20, 1e-7, None]})
    assert save(tmp_path / "a.csv", table).decode() == '"a,b",n\nx,1.0\n"",1e+20\n,1e-7\n"q""",\n'


def test_one_column_keeps_its_missing_rows(tmp_path):
    table = pa.table({"a": [1, None, 3]})
    save(tmp_path / "a.csv", table)
    assert read(tmp_path / "a.csv").single()[1].equals(table)


def test_standard_output_is_csv(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw))
    with writer("-", TABLE.schema) as sink:
        sink.write(TABLE.select(TABLE.column_names[::-1]))
    assert raw.getvalue().startswith(b"n,x,s,d,t,b,z\n1,1.0,")


class BrokenOff:
    """Rows that end in an error."""

    def __init__(self, error):
        self._error = error

    def send_to(self, sink):
        sink.write(TABLE)
        raise self._error


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
@pytest.mark.parametrize("existing", [True, False])
def test_nothing_is_left_after_an_error_inside(tmp_path, suffix, error, existing):
    path = tmp_path / f"a{suffix}"
    if existing:
        path.write_text("before")
    rows = BrokenOff(error)
    with pytest.raises(error), writer(path, TABLE.schema) as sink:
        rows.send_to(sink)
    assert left_in(tmp_path) == ([path.name] if existing else [])
    assert not existing or path.read_text() == "before"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("room", [0, 40, 900])
def test_nothing_is_left_when_the_disk_is_full(tmp_path, monkeypatch, suffix, room):
    real = os.path.realpath(tmp_path / f"a{suffix}")
    open_really = Path.open

    def open_small(path, *args, **options):
        return SmallDisk(open_really(path, *args, **options), room)

    monkeypatch.setattr(Path, "open", open_small)
    table = pa.concat_tables([TABLE] * 500)
    with pytest.raises(OutputError, match="no space left"), writer(real, table.schema) as sink:
        sink.write(table)
    assert left_in(tmp_path) == []


class SmallDisk(io.BufferedIOBase):
    """A file on a disk with `room` bytes left."""

    def __init__(self, file, room):
        self._file, self._room = file, room

    def write(self, data):
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def writable(self):
        return True

    def tell(self):
        return self._file.tell()

    def close(self):
        self._file.close()
        super().close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_device():
    with (
        pytest.raises(OutputError, match="/dev/full: no space left"),
        writer("/dev/full", TABLE.schema) as sink,
    ):
        sink.write(pa.concat_tables([TABLE] * 20_000))


def test_a_device_is_not_replaced():
    with writer("/dev/null", TABLE.schema) as sink:
        sink.write(TABLE)
    assert not os.path.isfile("/dev/null")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none/a.csv", "folder does not exist"),
        ("file/a.csv", "file, not a folder"),
        ("folder.csv", "is a folder"),
        ("a.docx", "unsupported suffix '.docx'"),
        ("a", "no suffix"),
        ("x" * 300 + ".csv", "name is too long"),
    ],
)
def test_bad_place_is_refused_at_once(tmp_path, name, message):
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match=message) as caught, writer(tmp_path / name, TABLE.schema):
        pytest.fail("the block ran")
    assert "\n" not in str(caught.value)


def test_existing_file_is_kept_unless_overwritten(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(OutputError, match="exists already"), writer(path, TABLE.schema, overwrite=False):
        pytest.fail("the block ran")
    save(path, TABLE)
    assert path.read_text().startswith("n,x,s")


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    save(tmp_path / "link.csv", TABLE)
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_size


def test_write_text(tmp_path):
    write_text(tmp_path / "a.json", "é\n")
    assert (tmp_path / "a.json").read_bytes() == "é\n".encode()
    assert left_in(tmp_path) == ["a.json"]


def test_folder_is_written_whole_or_not_at_all(tmp_path):
    def broken():
        yield TABLE.to_batches()[0]
        raise KeyboardInterrupt

    tables = {"a": TABLE, "b": pa.RecordBatchReader.from_batches(TABLE.schema, broken())}
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "out", tables)
    assert left_in(tmp_path) == []
    write_folder(tmp_path / "out", {"a": TABLE, "b": TABLE}, suffix=".csv")
    assert left_in(tmp_path / "out") == ["a.csv", "b.csv"]
    with pytest.raises(OutputError, match="cannot name a file"):
        write_folder(tmp_path / "out", {"../a": TABLE})


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
columns = st.fixed_dictionaries(
    {
        "n": st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=4, max_size=4),
        "x": st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4),
        "s": st.lists(st.none() | texts, min_size=4, max_size=4),
        "t": st.lists(st.none() | st.datetimes(), min_size=4, max_size=4),
    }
)
SCHEMA = pa.schema({"n": pa.int64(), "x": pa.float64(), "s": pa.string(), "t": pa.timestamp("us")})


@settings(deadline=None, max_examples=25)
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
@given(values=columns)
def test_round_trip(tmp_path_factory, suffix, values):
    path = tmp_path_factory.mktemp("w") / f"a{suffix}"
    table = pa.table(values, schema=SCHEMA)
    save(path, table)
    if suffix in (".csv", ".tsv"):
        options = arrow_csv.ConvertOptions(
            column_types=SCHEMA, strings_can_be_null=True, quoted_strings_can_be_null=False
        )
        parse = arrow_csv.ParseOptions(delimiter="\t" if suffix == ".tsv" else ",", newlines_in_values=True)
        assert arrow_csv.read_csv(path, parse_options=parse, convert_options=options)["n"].equals(table["n"])
    found = read(path).single()[1] if suffix != ".parquet" else pq.read_table(path)
    for name in SCHEMA.names:
        if pa.types.is_null(found[name].type) or found[name].type == SCHEMA.field(name).type:
            assert found[name].to_pylist() == table[name].to_pylist() or name == "s"
    assert (
        found["s"].cast(pa.string()).to_pylist() == table["s"].to_pylist() or found["s"].type != pa.string()
    )
