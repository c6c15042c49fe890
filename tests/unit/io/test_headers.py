"""Files without a line of names are told, and names that are years or counts are not taken for values."""

import datetime as dt

import pyarrow as pa
import pytest

from reverie.io.files import read
from reverie.io.headers import doubt_header

DAY = dt.date(2020, 1, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"5.1": [4.9], "3.5": [3.0], "Iris": ["Iris"]},
        {"17": [3], "4": [9]},
        {"Rome": ["Oslo"], "34": [35], "2020-02-03": [DAY]},
        {"2020-01-01": ["x"]},
        {"1,5": ["2,5"]},
    ],
)
def test_a_first_line_of_values(columns):
    assert "put a line of names above it" in doubt_header(pa.table(columns))


@pytest.mark.parametrize(
    "columns",
    [
        {"age": [3], "city": ["Rome"]},
        {"city": ["Rome"], "name": ["x"]},
        {"country": ["x"], "2019": [1], "2020": [2]},
        {"country": ["x"], "2020": [1]},
        {"0": [1.5], "1": [2.5], "2": [3]},
        {"age": [1], "5": [1]},
        {"2019": [1], "2020": [1]},
    ],
)
def test_a_line_of_names(columns):
    assert doubt_header(pa.table(columns)) == ""


def test_reading_says_so(tmp_path):
    (tmp_path / "a.csv").write_text("5.1,3.5\n4.9,3.0\n4.7,3.2\n")
    (tmp_path / "b.csv").write_text("x,y\n4.9,3.0\n4.7,3.2\n")
    assert "read as column names" in " ".join(read(tmp_path / "a.csv").notes)
    assert read(tmp_path / "b.csv").notes == ()
