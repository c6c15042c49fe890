import datetime as dt
import decimal
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
from PIL import Image

from reverie.core.errors import DataError
from reverie.io.frames import from_arrow, read_frame, to_arrow
from reverie.io.pictures import read as pixels
from reverie.io.sounds import read as heard

PANDAS = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "m": pd.array([1, None, 3], dtype="Int64"),
        "small": np.array([1, 2, 3], np.int8),
        "x": [0.5, np.nan, 2.0],
        "f": np.array([0.1, 0.2, 0.3], np.float32),
        "b": [True, False, True],
        "c": pd.Categorical(["lo", "hi", None], categories=["lo", "mid", "hi"], ordered=True),
        "s": ["a", None, "é"],
        "t": pd.to_datetime(["2020-01-01 00:00:00", None, "2021-05-06 07:08:09"]),
        "z": pd.to_datetime(["2020-01-01", None, "2021-05-06"]).tz_localize("Europe/Berlin"),
        "d": pd.to_timedelta(["1 day", None, "2 hours"]),
    }
)


def test_pandas_comes_back_as_it_was():
    back = from_arrow(to_arrow(PANDAS), PANDAS)
    pd.testing.assert_frame_equal(back, PANDAS)


def test_pandas_types():
    schema = to_arrow(PANDAS).schema
    assert [str(kind) for kind in schema.types] == [
        "int64", "int64", "int64", "double", "double", "bool", "string", "string",
        "timestamp[us]", "timestamp[us, tz=Europe/Berlin]", "duration[us]",
    ]  # fmt: skip


def test_float32_keeps_its_decimals():
    assert to_arrow(PANDAS)["f"].to_pylist() == [0.1, 0.2, 0.3]


def test_index_is_dropped_and_numbered_columns_are_named():
    frame = pd.DataFrame([[1, 2], [3, 4]], index=["p", "q"])
    table = to_arrow(frame)
    assert table.to_pydict() == {"0": [1, 3], "1": [2, 4]}
    assert list(from_arrow(table, frame).columns) == [0, 1]


@pytest.mark.parametrize("frame", [pl.DataFrame, pl.LazyFrame])
def test_polars_comes_back_as_it_was(frame):
    like = frame(
        {"n": [1, None], "s": ["a", "b"], "c": ["u", "v"], "d": [dt.date(2020, 1, 1), None], "i": [1, 2]},
        schema_overrides={"c": pl.Categorical, "i": pl.Int16},
    )
    back = from_arrow(to_arrow(like), like)
    assert type(back) is frame
    polars.testing.assert_frame_equal(back, like)


def test_arrow_comes_back_as_it_was():
    table = pa.table({"n": pa.array([1, 2], pa.int8()), "c": pa.array(["a", "b"]).dictionary_encode()})
    assert to_arrow(table).schema.types == [pa.int64(), pa.string()]
    assert from_arrow(to_arrow(table), table).equals(table)
    batch = table.to_batches()[0]
    assert from_arrow(to_arrow(batch), batch).equals(batch)


def test_capsule_and_dict():
    class Capsule:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.table({"n": [1]}).__arrow_c_stream__(requested_schema)

    assert to_arrow(Capsule()).to_pydict() == {"n": [1]}
    assert from_arrow(to_arrow({"n": [1, None], "s": ["a", "b"]}), {}) == {"n": [1, None], "s": ["a", "b"]}


def test_mixed_objects_become_text_with_a_note():
    data = read_frame(pd.DataFrame({"o": ["a", 1, None]}))
    assert data.single()[1]["o"].to_pylist() == ["a", "1", None]
    assert "column 'o': mixes values" in data.notes[0]


def test_infinite_becomes_missing_with_a_note():
    data = read_frame(pd.DataFrame({"x": [1.0, np.inf, -np.inf]}))
    assert data.single()[1]["x"].to_pylist() == [1.0, None, None]
    assert data.notes == ("column 'x': 2 infinite values are read as missing",)


def test_decimals_and_huge_integers():
    frame = {
        "money": [decimal.Decimal("1.10"), decimal.Decimal("2.25")],
        "long": [decimal.Decimal("1.1234567890123456789"), None],
        "huge": pa.array([2**64 - 1, 1], pa.uint64()),
    }
    data = read_frame(frame)
    table = data.single()[1]
    assert table["money"].to_pylist() == [1.1, 2.25]
    assert table["long"].to_pylist() == ["1.1234567890123456789", None]
    assert table["huge"].to_pylist() == [str(2**64 - 1), "1"]
    assert len(data.notes) == 3


def test_nested_becomes_json():
    data = read_frame({"l": [[1, 2], None], "s": [{"a": 1}, {"a": 2}]})
    assert data.single()[1].to_pylist() == [{"l": "[1,2]", "s": '{"a":1}'}, {"l": None, "s": '{"a":2}'}]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' occurs at positions 1, 2"),
        (pd.DataFrame([[1, 2]], columns=["a", " "]), "blank at position 2"),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])), "several levels"),
        (pd.DataFrame({"a": []}), "no rows"),
        (pd.DataFrame(), "no columns"),
        (pa.table({"a": [b"\xff\xfe"]}), "bytes"),
        (pd.DataFrame({"a": [1 + 2j]}), "'a'"),
        ({"a": [1], "b": [1, 2]}, "different lengths"),
        (42, "a int is no table"),
    ],
)
def test_bad_frames(frame, message):
    with pytest.raises(DataError, match=message) as caught:
        to_arrow(frame)
    assert "\n" not in str(caught.value)


def test_new_values_where_the_old_type_cannot_hold_them():
    like = pd.DataFrame({"c": pd.Categorical(["a"]), "n": [1], "b": [True]})
    back = from_arrow(
        pa.table({"c": ["new"], "n": pa.array([None], pa.int64()), "b": [None], "extra": [1]}), like
    )
    assert list(back["c"]) == ["new"]
    assert back["n"].isna().all()
    assert list(back.columns) == ["c", "n", "b", "extra"]


def test_heavy_libraries_are_not_imported_unasked(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,x\n")
    code = (
        "import sys; from reverie.io import files, frames, writing;"
        "frames.to_arrow(files.read('a.csv').single()[1]);"
        "sys.exit(any(name in sys.modules for name in ('pandas', 'polars', 'duckdb', 'openpyxl')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path).returncode == 0


def test_periods_are_the_moments_they_start():
    months = pd.Series(pd.period_range("2020-01", periods=40, freq="M"))
    frame = pd.DataFrame({"m": months, "c": pd.Categorical(months)})
    frame.loc[1, "m"] = pd.NaT
    found = read_frame(frame)
    table = found.single()[1]
    assert table["m"].to_pylist()[:3] == [dt.datetime(2020, 1, 1), None, dt.datetime(2020, 3, 1)]
    assert table["c"].to_pylist()[1] == dt.datetime(2020, 2, 1)
    assert found.notes[0] == "column 'm': each period[M] is read as the moment it starts"
    back = from_arrow(table, frame)
    pd.testing.assert_series_equal(back["m"], frame["m"])
    days = from_arrow(pa.table({"m": [dt.date(2021, 5, 17)]}), frame)
    assert days["m"].tolist() == [pd.Period("2021-05", "M")]


def test_intervals_are_text():
    cut = pd.cut(np.arange(10), [-1, 4, 9])
    frame = pd.DataFrame({"c": cut, "i": pd.arrays.IntervalArray.from_breaks(range(11))})
    found = read_frame(frame)
    table = found.single()[1]
    assert table["c"].to_pylist() == ["(-1, 4]"] * 5 + ["(4, 9]"] * 5
    assert table["i"].to_pylist()[0] == "(0, 1]"
    assert found.notes == ("column 'c': intervals are read as text", "column 'i': intervals are read as text")
    assert from_arrow(table, frame)["c"].tolist() == table["c"].to_pylist()


def test_pictures_in_columns_of_objects():
    images = [Image.new("RGB", (4, 3), "red"), None, Image.new("L", (4, 3))]
    arrays = [np.zeros((3, 4), np.uint8), np.full((3, 4, 3), 9, np.uint8), None]
    for frame in (pd.DataFrame({"a": images, "b": arrays}), {"a": images, "b": arrays}):
        table = to_arrow(frame)
        assert table.schema.types == [pa.binary(), pa.binary()]
        assert [column.null_count for column in table.columns] == [1, 1]
        assert pixels(table["b"][1].as_py()).max() == 9
    with pytest.raises(DataError, match="column 'b' holds pictures that are neither a path nor pixels"):
        to_arrow({"b": [np.zeros((3, 4), np.uint8), np.zeros((3, 4))]})


def test_sounds_in_columns_of_objects():
    wave = np.sin(np.arange(400) / 3)
    for cell in ((wave, 8_000), {"array": wave, "sampling_rate": 8_000, "path": "a.wav"}):
        for frame in (pd.DataFrame({"a": [cell, None], "n": [1, 2]}), {"a": [cell, None], "n": [1, 2]}):
            found = to_arrow(frame)["a"]
            assert found.null_count == 1
            waveform, rate = heard(found[0].as_py())
            assert rate == 8_000
            np.testing.assert_allclose(waveform[:, 0], wave, atol=1e-4)
    with pytest.raises(DataError, match="column 'a' holds sounds that are not of finite numbers"):
        to_arrow({"a": [(np.full(4, np.nan), 8_000)]})
