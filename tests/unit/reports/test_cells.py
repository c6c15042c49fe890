"""Cells in pages: whole or small."""

import base64

import numpy as np

from reverie.io import pictures, sounds
from reverie.reports.cells import Shown, Size, shown


def held(url: str) -> bytes:
    return base64.b64decode(url.partition("base64,")[2])


def test_pictures_are_whole_or_small() -> None:
    large = pictures.write(np.zeros((40, 100, 3), np.uint8))
    assert held(shown("p", large).picture) == large
    assert pictures.read(held(shown("p", large, Size(50, 1)).picture)).shape == (20, 50, 3)
    assert pictures.read(held(shown("p", large, Size(200, 1)).picture)).shape == (40, 100, 3)
    assert shown("p", None, Size(50, 1)) == Shown("p")


def test_sounds_are_cut_and_mixed_and_say_how_long_they_are() -> None:
    long = sounds.write(np.zeros((16_000, 2)), 8_000)
    assert held(shown("s", long).sound) == long
    found = shown("s", long, Size(50, 0.5))
    waveform, rate = sounds.read(held(found.sound))
    assert (waveform.shape, rate) == ((4_000, 1), 8_000)
    assert found.lasts == "2.00 s"
    assert found.picture.startswith("data:image/png;base64,")
