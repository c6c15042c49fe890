"""Pictures from files and back: every kind that users have, and those that cannot be used."""

import io
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from reverie.io import pictures
from reverie.io.pictures import UnreadableError, as_channels, content, is_picture, read, resized, write


def file_of(image, form="PNG", **options):
    out = io.BytesIO()
    image.save(out, format=form, **options)
    return out.getvalue()


GREY = np.arange(48, dtype=np.uint8).reshape(6, 8, 1)
COLOUR = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
CLEAR = np.concatenate([COLOUR, GREY], axis=2)


@pytest.mark.parametrize("pixels", [GREY, COLOUR, CLEAR])
def test_png_round_trip(pixels):
    assert is_picture(write(pixels))
    np.testing.assert_array_equal(read(write(pixels)), pixels)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "BMP", "GIF"])
def test_other_kinds(form):
    found = file_of(Image.fromarray(np.full((6, 8, 3), 200, np.uint8)), form)
    assert is_picture(found)
    pixels = read(found)
    assert pixels.shape[:2] == (6, 8)
    assert abs(pixels[:, :, :3].astype(int) - 200).max() < 8


def test_cmyk_palette_and_bits():
    assert read(file_of(Image.new("CMYK", (4, 3), (0, 0, 0, 0)), "JPEG")).shape == (3, 4, 3)
    assert read(file_of(Image.new("1", (4, 3), 1))).max() == 255
    palette = Image.fromarray(COLOUR).convert("P", palette=Image.Palette.ADAPTIVE)
    assert read(file_of(palette)).shape == (6, 8, 3)
    deep = Image.fromarray(np.full((3, 4), 40_000, np.uint16))
    np.testing.assert_array_equal(read(file_of(deep)), np.full((3, 4, 1), 40_000 >> 8))


def test_of_an_animation_the_first_frame():
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "blue")]
    found = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read(found)[0, 0, 0] > 200


def test_a_camera_held_sideways_is_turned_and_nothing_else_is_kept():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a secret place"
    taken = file_of(Image.new("RGB", (8, 6), "red"), "JPEG", exif=exif)
    assert b"a secret place" in taken
    pixels = read(taken)
    assert pixels.shape == (8, 6, 3)
    assert b"secret" not in write(pixels)
    assert not Image.open(io.BytesIO(write(pixels))).getexif()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"", "empty"),
        (b"hello there, I am a text", "of another kind"),
        (write(COLOUR)[:60], "damaged"),
        (file_of(Image.fromarray(COLOUR), "JPEG")[:200], "damaged"),
    ],
)
def test_what_cannot_be_used(given, reason):
    with pytest.raises(UnreadableError, match=reason):
        read(given)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 40)
    with pytest.raises(UnreadableError, match="of more than"):
        read(write(COLOUR))


def test_the_middle_is_kept():
    wide = np.zeros((4, 12, 1), np.uint8)
    wide[:, 4:8] = 255
    assert (resized(wide, 4, 4) == 255).all()
    assert resized(wide, 8, 24).shape == (8, 24, 1)
    assert resized(wide, 4, 12) is wide


def test_channels():
    assert as_channels(COLOUR, 3) is COLOUR
    np.testing.assert_array_equal(as_channels(as_channels(GREY, 3), 1), GREY)
    assert as_channels(GREY, 4).shape == (6, 8, 4)
    clear = np.zeros((2, 2, 4), np.uint8)
    assert (as_channels(clear, 3) == 255).all()
    assert (as_channels(clear, 1) == 255).all()


def test_given_in_many_ways(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(write(COLOUR))
    for given in (path, str(path), write(COLOUR), Image.fromarray(COLOUR), COLOUR):
        np.testing.assert_array_equal(read(content(given)), COLOUR)
    np.testing.assert_array_equal(read(content(GREY[:, :, 0])), GREY)
    with pytest.raises(UnreadableError, match="not there"):
        content(tmp_path / "b.png")
    assert read(content(Image.new("CMYK", (4, 3)))).shape == (3, 4, 3)
    for wrong in (np.zeros((2, 2)), np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2, 1), np.uint8)):
        with pytest.raises(UnreadableError, match="neither"):
            content(wrong)
    with pytest.raises(UnreadableError, match="not there"):
        content("/dev/zero")
    for wrong in ("~nosuchuser/x.png", "a\0b.png"):
        with pytest.raises(UnreadableError, match=r"not to be read|not there"):
            content(wrong)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_damage_anywhere_is_no_defect(form):
    """A flipped byte or a cut leaves pixels or a reason, whatever it hits."""
    rng, whole = np.random.default_rng(0), file_of(Image.fromarray(COLOUR), form)
    for _ in range(200):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        damaged[rng.integers(len(damaged))] = rng.integers(256)
        with suppress(UnreadableError):
            assert read(bytes(damaged)).dtype == np.uint8
