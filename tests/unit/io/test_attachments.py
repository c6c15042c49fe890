"""Media of a table: found by path or as bytes, checked, and counted where they cannot be used."""

import io
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from PIL import Image

from reverie.core.errors import DataError
from reverie.io import sounds
from reverie.io.attachments import FINEST, LARGEST, LONGEST, attach, kind_of
from reverie.io.files import read
from reverie.io.pictures import read as pixels_of
from reverie.io.pictures import write


def picture(level=0, side=4):
    return write(np.full((side, side, 1), level, np.uint8))


@pytest.fixture
def folder(tmp_path):
    for at in range(10):
        (tmp_path / f"{at}.png").write_bytes(picture(at))
    return tmp_path


def index(folder, paths):
    lines = [f"{path},{row}" for row, path in enumerate(paths)]
    (folder / "index.csv").write_text("\n".join(["file,n", *lines]))


def test_paths_become_pictures(folder):
    index(folder, [f"{at}.png" for at in range(10)])
    found = read(folder)
    table = found.single()[1]
    assert table.schema.field("file").type == pa.binary()
    assert [pixels_of(cell.as_py()).max() for cell in table["file"]] == list(range(10))
    assert found.notes == ()
    assert read(folder / "index.csv").single()[1].equals(table)


def test_what_cannot_be_used_is_counted_and_named(folder):
    (folder / "0.png").write_bytes(b"")
    (folder / "1.png").write_bytes(picture(1)[:40])
    (folder.parent / "secret.png").write_bytes(picture(9))
    good = [f"{at}.png" for at in range(2, 10)] * 3
    index(folder, ["0.png", "1.png", "../secret.png", "gone.png", "", *good])
    found = read(folder)
    assert found.single()[1]["file"].null_count == 5
    (note,) = found.notes
    assert "index.file: 4 of 28 pictures cannot be used and count as missing" in note
    for what, name in (
        ("empty", "0.png"),
        ("damaged or cut short", "1.png"),
        ("not there", "gone.png"),
        ("outside of the folder", "../secret.png"),
    ):
        assert f"1 is {what}" in note
        assert name not in note
        assert f"1 is {what} ({name})" in found.named


def test_a_link_that_leaves_the_folder_is_not_followed(folder):
    (folder.parent / "secret.png").write_bytes(picture(9))
    (folder / "0.png").unlink()
    (folder / "0.png").symlink_to(folder.parent / "secret.png")
    index(folder, [f"{at}.png" for at in range(10)])
    assert read(folder).single()[1]["file"].null_count == 1


def test_too_many_that_cannot_be_used(folder):
    for at in range(3):
        (folder / f"{at}.png").write_bytes(b"")
    index(folder, [f"{at}.png" for at in range(10)])
    with pytest.raises(
        DataError, match=r"3 of 10 pictures cannot be used: 3 are empty \(0.png, 1.png, 2.png\)"
    ):
        read(folder)


def test_names_of_files_that_are_not_there_stay_text(tmp_path):
    index(tmp_path, [f"{at}.png" for at in range(10)])
    found = read(tmp_path)
    assert found.single()[1].schema.field("file").type == pa.string()
    assert found.notes == ("index.file: names pictures that are not there, and is read as text",)


def test_links_in_a_ring(folder):
    (folder / "0.png").unlink()
    (folder / "0.png").symlink_to(folder / "0.png")
    index(folder, [f"{at}.png" for at in range(10)])
    assert read(folder).single()[1]["file"].null_count == 1


def test_bytes_are_checked():
    table = pa.table({"x": pa.array([picture(1), b"", *[picture(2)] * 10, None])})
    found = attach(table, None, "data")
    assert found.table["x"].null_count == 2
    assert "1 is empty" in found.notes[0]
    assert found.named == ("1 is empty (row 2)",)
    with pytest.raises(DataError, match="column 'x' holds bytes that are no text, and no pictures"):
        attach(pa.table({"x": pa.array([b"\xff\xfe"] * 5)}), None, "data")


@pytest.mark.parametrize(("form", "side"), [("JPEG", 2 * LARGEST), ("PNG", 2 * LARGEST), ("PNG", 64)])
def test_pictures_are_kept_small_and_without_metadata(form, side):
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010E] = "a secret place"
    Image.new("RGB", (side, side // 2), "red").save(out, form, exif=exif)
    content = out.getvalue() + b"a secret at the end"
    kept = attach(pa.table({"x": pa.array([content])}), None, "data").table["x"][0].as_py()
    most = min(side, LARGEST)
    assert pixels_of(kept).shape == (most // 2, most, 3)
    assert b"secret" in content
    assert b"secret" not in kept


def tone(seconds=0.1, rate=8_000, channels=1):
    return np.repeat(np.sin(np.arange(round(seconds * rate)) / 3)[:, None] / 2, channels, axis=1)


@pytest.fixture
def heard(tmp_path):
    for at in range(20):
        (tmp_path / f"{at}.wav").write_bytes(sounds.write(tone() * (at + 1) / 20, 8_000))
    return tmp_path


def test_paths_become_sounds(heard):
    soundfile.write(heard / "3.flac", tone(), 11_025)
    index(heard, [f"{at}.{'flac' if at == 3 else 'wav'}" for at in range(20)])
    found = read(heard)
    kept = [sounds.read(cell.as_py()) for cell in found.single()[1]["file"]]
    assert found.notes == ()
    assert [rate for _, rate in kept] == [8_000] * 3 + [11_025] + [8_000] * 16
    assert all(cell.as_py()[:4] == b"RIFF" for cell in found.single()[1]["file"])


def test_sounds_that_cannot_be_used_are_counted_and_named(heard):
    wrong = {
        "empty": b"",
        "cut": sounds.write(tone(), 8_000)[:300],
        "other": picture(),
        "none": sounds.write(np.zeros((0, 1)), 8_000),
    }
    for name, content in wrong.items():
        (heard / f"{name}.wav").write_bytes(content)
    (heard.parent / "secret.wav").write_bytes(sounds.write(tone(), 8_000))
    bad = [*(f"{name}.wav" for name in wrong), "../secret.wav", "gone.wav"]
    index(heard, [*bad, *[f"{at}.wav" for at in range(20)] * 2])
    found = read(heard)
    assert found.single()[1]["file"].null_count == 6
    (note,) = found.notes
    assert "index.file: 6 of 46 sounds cannot be used and count as missing" in note
    for what, name in (
        ("empty", "empty.wav"),
        ("damaged or cut short", "cut.wav"),
        ("of another kind", "other.wav"),
        ("without a sample", "none.wav"),
        ("outside of the folder", "../secret.wav"),
        ("not there", "gone.wav"),
    ):
        assert f"1 is {what}" in note
        assert f"1 is {what} ({name})" in found.named


def test_of_pictures_and_sounds_in_one_column_the_fewer_are_lost():
    some, others = [picture(1)] * 4, [sounds.write(tone(), 8_000)] * 20
    found = attach(pa.table({"x": pa.array(some + others)}), None, "data")
    assert found.table["x"].null_count == 4
    assert "4 of 24 sounds cannot be used" in found.notes[0]
    with pytest.raises(DataError, match="10 of 30 sounds cannot be used"):
        attach(pa.table({"x": pa.array([picture(1)] * 10 + others)}), None, "data")
    assert [kind.name for kind in map(kind_of, (some[0], others[0])) if kind] == ["pictures", "sounds"]
    assert kind_of(b"no media") is None


def test_names_of_sounds_that_are_not_there_stay_text(tmp_path):
    index(tmp_path, [f"{at}.OGG" for at in range(10)])
    assert read(tmp_path).notes == ("index.file: names sounds that are not there, and is read as text",)


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_sounds_are_kept_small_and_without_metadata(form):
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", samplerate=44_100, channels=2, format=form) as file:
        file.title = file.artist = "a secret place"
        file.write(tone(12.0, 44_100, 2))
    content = out.getvalue() + b"a secret at the end"
    kept = attach(pa.table({"x": pa.array([content])}), None, "data").table["x"][0].as_py()
    waveform, rate = sounds.read(kept)
    assert (waveform.shape, rate) == ((LONGEST * FINEST, 2), FINEST)
    assert len(kept) == 44 + waveform.size * 2
    assert b"secret" in content
    assert b"secret" not in kept


def test_an_hour_of_sound_does_not_fill_memory():
    content = sounds.write(np.zeros((3_600 * 4_000, 1), np.float16), 4_000)
    table = pa.table({"x": pa.array([content])})
    del content
    tracemalloc.start()
    kept = attach(table, None, "data").table["x"][0].as_py()
    assert len(kept) == 44 + 2 * LONGEST * 4_000
    assert tracemalloc.get_traced_memory()[1] < 80_000_000  # the file itself, and 10 s of what it holds
    tracemalloc.stop()
