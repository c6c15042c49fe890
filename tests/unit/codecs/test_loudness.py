"""Levels of sounds as grids of one size, and back."""

import numpy as np
import pytest

from reverie.codecs.loudness import FLOOR, SILENT, Form, frames_of, levels_of, portrait

RATE = 4_000
FORM = Form(RATE, 32, 1, -40.0, 20.0)


def tone(pitch: float, seconds: float, loud: float = 0.5, rate: int = RATE) -> np.ndarray:
    return loud * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)[:, None]


def test_a_sine_has_the_level_of_its_height() -> None:
    levels, level = levels_of(tone(500, 0.2), FORM.window)
    assert level == pytest.approx(20 * np.log10(0.5), abs=0.5)
    assert levels.max() == 0
    assert levels.min() == FLOOR
    assert levels_of(np.zeros((400, 1)), FORM.window)[1] == SILENT


def test_a_grid_ends_in_silence_and_keeps_its_duration() -> None:
    grid, seconds, _ = FORM.grid(tone(500, 0.1), RATE)
    assert grid.shape == (1, FORM.high, 32)
    assert seconds == pytest.approx(0.1)
    np.testing.assert_allclose(grid[0, :, -1], (FLOOR + 40) / 20)
    assert np.unravel_index(grid[0].argmax(), grid[0].shape)[0] == round(500 / RATE * FORM.window)


def test_waveforms_of_grids_sound_at_their_pitch_and_level() -> None:
    grid, _, level = FORM.grid(tone(500, 0.2), RATE)
    found = FORM.waveforms(FORM.decibels(grid[None]), np.array([level - 6.0]), np.array([800]))[0, :, 0]
    assert np.abs(np.fft.rfft(found[:800])).argmax() == pytest.approx(100, abs=1)
    assert np.abs(found[200:600]).max() == pytest.approx(0.25, rel=0.1)
    assert not found[800:].any()


@pytest.mark.parametrize(
    ("seconds", "rate", "frames"), [(1.0, 8_000, 128), (1.1, 8_000, 144), (0.01, 8_000, 8)]
)
def test_frames_are_what_a_network_takes(seconds: float, rate: int, frames: int) -> None:
    assert frames_of(seconds, rate) == frames


def test_portraits_are_the_same_at_any_rate_and_length() -> None:
    short, long = portrait(tone(500, 0.2), RATE, 16), portrait(tone(500, 0.4, rate=8_000), 8_000, 16)
    assert short.shape == (1, 16, 16)
    assert np.abs(short - long)[:, :, 2:-2].max() < 0.2
    assert np.abs(short - portrait(tone(1_500, 0.2), RATE, 16)).max() > 1
