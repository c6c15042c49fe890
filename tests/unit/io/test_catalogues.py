"""Folders of rows with media: whole or not at all."""

import csv

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import OutputError
from reverie.io.catalogues import check_folder, is_folder, write
from reverie.io.files import read
from reverie.io.pictures import write as png
from reverie.io.sounds import write as wav


def rows(start=0):
    pictures = [png(np.full((4, 4, 1), at, np.uint8)) for at in range(start, start + 3)]
    return pa.table({"a picture/of": pa.array([*pictures[:2], None], pa.binary()), "n": [1, 2, 3]})


def test_a_folder_is_read_as_it_was_written(tmp_path):
    place = str(tmp_path / "new") + "/"
    assert write(place, iter([rows(), rows(3)])) == 6
    with (tmp_path / "new" / "index.csv").open() as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["a picture/of", "n"]
    assert lines[1] == ["a_picture_of/000001.png", "1"]
    assert lines[3] == ["", "3"]
    assert lines[4][0] == "a_picture_of/000004.png"
    again = read(tmp_path / "new").single()[1]
    assert (
        again["a picture/of"]
        .combine_chunks()
        .equals(pa.concat_tables([rows(), rows(3)])["a picture/of"].combine_chunks())
    )


def test_nothing_is_left_after_an_error(tmp_path):
    def parts():
        yield rows()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(str(tmp_path / "new"), parts())
    assert list(tmp_path.iterdir()) == []


def test_places_that_will_not_do(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for place, what in (("full", "is not empty"), ("full/x", "is a file"), ("none/new", "does not exist")):
        with pytest.raises(OutputError, match=what):
            check_folder(str(tmp_path / place))
    (tmp_path / "empty").mkdir()
    assert write(str(tmp_path / "empty"), iter([rows()])) == 3
    for place in ("new/", "new.v2/", "new"):
        assert is_folder(place)
    assert is_folder(str(tmp_path / "empty"))
    for place in ("new.csv", "-", "/dev/stdout"):
        assert not is_folder(place)


def test_columns_of_like_names_have_folders_of_their_own(tmp_path):
    one = pa.array([png(np.zeros((4, 4, 1), np.uint8))], pa.binary())
    write(str(tmp_path / "new"), iter([pa.table({"a b": one, "a_b": one, "写" * 90: one})]))
    assert len([path for path in (tmp_path / "new").iterdir() if path.is_dir()]) == 3


def test_pictures_and_sounds_have_files_of_their_kind(tmp_path):
    heard, seen = wav(np.zeros((40, 1)), 8_000), png(np.zeros((4, 4, 1), np.uint8))
    table = pa.table({"s": pa.array([heard, None], pa.binary()), "p": pa.array([seen, seen], pa.binary())})
    write(str(tmp_path / "new"), iter([table]))
    files = sorted(path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*.*"))
    assert files == ["index.csv", "p/000001.png", "p/000002.png", "s/000001.wav"]
    assert (tmp_path / "new" / "s" / "000001.wav").read_bytes() == heard
    assert read(tmp_path / "new").single()[1].equals(table)
