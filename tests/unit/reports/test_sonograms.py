"""Pictures of sounds: what is loud is light, where it is."""

import numpy as np

from reverie.io.pictures import read
from reverie.io.sounds import write
from reverie.reports.sonograms import HIGH, WIDE, seconds, sonogram


def tone(pitch, lasts=0.5, loud=0.5):
    return loud * np.sin(2 * np.pi * pitch * np.arange(int(8_000 * lasts)) / 8_000)[:, None]


def test_a_tone_is_a_line():
    for loud in (0.5, 0.01):
        shown = read(sonogram(write(tone(1_000, loud=loud), 8_000))).sum(2)
        assert shown.shape == (HIGH, WIDE)
        assert abs(shown.mean(1).argmax() - (HIGH - HIGH // 4)) <= 1
        assert shown[:10].mean() < shown.max() / 4


def test_a_later_tone_is_to_the_right():
    shown = read(sonogram(write(np.concatenate([0 * tone(500), tone(500)]), 8_000))).sum(2)
    assert shown[:, : WIDE // 2 - 4].max() < 150
    assert shown[:, WIDE // 2 + 4 :].max() > 700


def test_silence_is_dark_and_the_shortest_sound_is_shown():
    assert read(sonogram(write(np.zeros((800, 1)), 8_000))).max() < 60
    assert read(sonogram(write(np.ones((1, 2)), 8_000))).shape == (HIGH, WIDE, 3)
    assert seconds(write(np.zeros((800, 1)), 8_000)) == 0.1
