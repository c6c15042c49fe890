"""Numbers of rows, times, tables and places as they are written."""

from pathlib import Path

import openpyxl
import pytest

from reverie.cli import options
from reverie.core.errors import ConfigError, DataError, OutputError


def test_how_many_rows() -> None:
    assert options.count_rows(None, None, 50) == 50
    assert options.count_rows("9", None, 50) == 9
    assert options.count_rows(None, 0.5, 50) == 25
    assert options.count_rows(None, 1e-9, 50) == 1


def test_tables(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("a\n1\n")
    assert options.read_table(str(tmp_path), "two").single()[0] == "two"
    with pytest.raises(ConfigError, match="one, two"):
        options.read_table(str(tmp_path), None)


def test_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for place, name in enumerate(("First", "Sales")):
        page = book.create_sheet(name, place)
        page.append(["a"])
        page.append([place])
    book.save(tmp_path / "x.xlsx")
    name, table = options.read_table(str(tmp_path / "x.xlsx"), "Sales").single()
    assert (name, table.to_pydict()) == ("Sales", {"a": [1]})
    with pytest.raises(DataError, match=r"no sheet 'x'\. Sheets are: First, Sales"):
        options.read_table(str(tmp_path / "x.xlsx"), "x")


def test_places_are_tried_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept.csv").write_text("x")
    options.check_places((), (str(tmp_path / "kept.csv"), ()), (str(tmp_path / "new.csv"), ()), (None, ()))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept.csv", "x")]
    with pytest.raises(OutputError):
        options.check_places((), (str(tmp_path / "no" / "new.csv"), ()))


def test_standard_streams_and_devices_can_be_read_and_written() -> None:
    options.check_places(("-", "/dev/null"), ("-", (".csv",)), ("/dev/null", ()), ("/dev/null", ()))


def test_cores() -> None:
    assert options.cores() >= 1
