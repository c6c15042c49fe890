"""Frames of the same kind, with media in the forms in which they came."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from reverie.io.frames import read_frame
from reverie.io.moulds import Mould

WAVE = (np.sin(np.arange(400) / 3).astype(np.float32) / 2, 8_000)
IMAGES = [Image.new("RGB", (4, 3), "red"), None, Image.new("RGB", (4, 3), "blue")]
COLUMNS = {"n": [1, 2, 3], "photo": IMAGES, "call": [WAVE, WAVE, None], "name": ["a", "b", "c"]}


def polars() -> pl.DataFrame:
    objects = {name: pl.Series(name, COLUMNS[name], dtype=pl.Object) for name in ("photo", "call")}
    return pl.DataFrame({**COLUMNS, **objects})


def objects(values) -> pd.Series:
    held = pd.Series([None] * len(values), dtype=object)
    for place, value in enumerate(values):
        held.iloc[place] = value
    return held


def pandas() -> pd.DataFrame:
    return pd.DataFrame({**COLUMNS, **{name: objects(COLUMNS[name]) for name in ("photo", "call")}})


@pytest.mark.parametrize("made", [lambda: COLUMNS, pandas, polars])
def test_media_come_back_as_they_came(made):
    frame = made()
    table = read_frame(frame).single()[1]
    assert [table.schema.field(name).type for name in ("photo", "call")] == [pa.binary()] * 2
    mould = Mould.of(frame)
    again = Mould.from_state({**mould.state(), "other": 1})
    for one in (mould, again):
        found = one.filled(table)
        assert type(found) is type(frame)
        assert list(getattr(found, "columns", found)) == list(COLUMNS)
        photos, calls = (list(found[name]) for name in ("photo", "call"))
        assert isinstance(photos[0], Image.Image)
        assert photos[2].getpixel((0, 0)) == (0, 0, 255)
        assert photos[1] is None
        assert calls[2] is None
        assert calls[0][1] == 8_000
        np.testing.assert_allclose(calls[0][0], WAVE[0], atol=1e-4)
        assert list(found["name"]) == ["a", "b", "c"]
    assert "IMAGES" not in repr(mould.state())


def test_one_row_comes_back_too():
    table = read_frame({"photo": IMAGES[:1], "n": [1]}).single()[1]
    for like in (pandas(), polars()):
        found = Mould.of(like).filled(table)
        assert isinstance(next(iter(found["photo"])), Image.Image)


def test_files_come_back_as_bytes():
    table = read_frame(COLUMNS).single()[1]
    for frame in (table, table.to_pandas(), pl.from_arrow(table)):
        mould = Mould.of(frame)
        assert mould.forms == {}
        assert isinstance(next(iter(mould.filled(table)["photo"])), bytes | pa.Scalar)
    assert Mould.of("somewhere/").filled(table) is table


def test_a_form_that_is_not_of_media_changes_nothing():
    mould = Mould.from_state(
        {"frame": "builtins", "media": {"n": {"kind": "image"}, "gone": {"kind": "pixels"}}}
    )
    assert mould.filled(pa.table({"n": [1, 2]})) == {"n": [1, 2]}


@pytest.mark.parametrize(
    "state", [{}, {"frame": "pandas", "media": {"x": {"kind": "code"}}}, {"frame": "", "media": 3}]
)
def test_states_that_make_no_sense_are_refused(state):
    with pytest.raises((LookupError, ValueError, TypeError, AttributeError)):
        Mould.from_state(state)
