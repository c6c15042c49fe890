import builtins
import datetime as dt

import openpyxl
import pyarrow as pa
import pytest

from reverie.core.errors import DataError, DependencyError, OutputError
from reverie.io import excel
from reverie.io.files import read
from reverie.io.writing import writer


def save(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


ROWS = [
    ["n", "zip", "day", "at", "ok", "x"],
    [1, "00501", dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4), True, 1.5],
    [None, "10001", None, None, False, 2],
]


def test_types(tmp_path):
    table = read(save(tmp_path / "a.xlsx", {"one": ROWS})).single()[1]
    assert table.schema.types == [
        pa.int64(),
        pa.string(),
        pa.date32(),
        pa.timestamp("us"),
        pa.bool_(),
        pa.float64(),
    ]
    assert table["zip"].to_pylist() == ["00501", "10001"]
    assert table["at"].to_pylist() == [dt.datetime(2020, 1, 2, 3, 4), None]


def test_sheet_by_name(tmp_path):
    path = save(tmp_path / "a.xlsx", {"one": ROWS, "two": [["k"], [5]]})
    assert read(path, sheet="two").single()[1].to_pylist() == [{"k": 5}]
    assert list(read(path, sheet="two").tables) == ["two"]
    said = "read sheet 'one', the first of 2; choose another with --table, or sheet= in Python: two"
    assert read(path).notes == (said,)
    with pytest.raises(DataError, match=r"no sheet 'x'. Sheets are: one, two"):
        read(path, sheet="x")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "is empty"),
        ([["a", "b"]], "no rows"),
        ([["a", None, "b"], [1, 2, 3]], "blank at position 2"),
        ([["a", "a"], [1, 2]], "occurs at positions 1, 2"),
        ([["a"], [1, 2]], "right of the last column name"),
    ],
)
def test_bad_sheets(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read(save(tmp_path / "a.xlsx", {"one": rows}))


def test_missing_library_names_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args):
        if name == "openpyxl":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(DependencyError, match="pip install openpyxl"):
        excel.import_openpyxl()


def test_full_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "_MOST_ROWS", 2)
    table = pa.table({"n": [1, 2, 3]})
    with (
        pytest.raises(OutputError, match="2 rows at most"),
        writer(tmp_path / "a.xlsx", table.schema) as sink,
    ):
        sink.write(table)
    assert list(tmp_path.iterdir()) == []


def test_text_like_a_formula_is_text(tmp_path):
    table = pa.table({"s": ["=1+1", "+x"]})
    with writer(tmp_path / "a.xlsx", table.schema) as sink:
        sink.write(table)
    assert [cell.value for cell in openpyxl.load_workbook(tmp_path / "a.xlsx")["data"]["A"]] == [
        "s",
        "=1+1",
        "+x",
    ]
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["data"]["A2"].data_type == "s"
