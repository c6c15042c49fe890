"""Levels of sounds in time and frequency, as grids of one size, and waveforms of such grids again."""

from dataclasses import dataclass

import numpy as np

from reverie.io import sounds
from reverie.nn import phases, spectra

FLOOR = -80.0
"""Decibels under a sound's loudest level at which all quieter ones lie."""
SILENT = -96.0
"""Decibels at and under which a sound is silent: below what 16 bits hold."""
STEP, LONG, LONG_STEP = 8, 128, 16
"""What the number of frames is a multiple of, and beyond so many frames."""
PORTRAYED, PORTRAYED_FLOOR, TINY = 8_000, -60.0, 1e-12
"""Samples a second by which measures compare sounds, decibels under the loudest, and the least power that is
told from none.
"""


@dataclass(frozen=True)
class Form:
    """The grids of a column: of sounds of `rate` samples a second in `frames` frames and `channels`; `mean`
    and `spread` of their levels.
    """

    rate: int
    frames: int
    channels: int
    mean: float
    spread: float

    @property
    def window(self) -> int:
        """Samples of a window."""
        return spectra.window_of(self.rate)

    @property
    def samples(self) -> int:
        """The most samples of a sound."""
        return self.frames * self.window // spectra.OVERLAP

    @property
    def high(self) -> int:
        """Frequencies of a frame."""
        return self.window // 2

    def grid(self, waveform: np.ndarray, rate: int) -> tuple[np.ndarray, float, float]:
        """Levels (channels, high, frames) of a sound, of mean 0 and variance 1, its seconds and its loudest
        level.
        """
        waveform = self.cut(waveform, rate)
        found, level = levels_of(waveform, self.window)
        whole = np.full((self.channels, self.frames, self.high), FLOOR, np.float32)
        whole[:, : found.shape[1]] = found
        scaled = (whole.transpose(0, 2, 1) - self.mean) / self.spread
        return scaled.astype(np.float32), len(waveform) / self.rate, level

    def cut(self, waveform: np.ndarray, rate: int) -> np.ndarray:
        """A waveform (samples, channels) in this rate and these channels, no longer than is learned."""
        return sounds.as_channels(sounds.at_rate(waveform, rate, self.rate)[: self.samples], self.channels)

    def decibels(self, grids: np.ndarray) -> np.ndarray:
        """Grids, of any shape, as levels under the loudest."""
        return grids * self.spread + self.mean

    def waveforms(self, levels: np.ndarray, loudest: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Waveforms (sounds, samples, channels) of levels (sounds, channels, high, frames) in decibels, the
        loudest level of each and numbers of samples.
        """
        levels = levels.transpose(0, 1, 3, 2)
        # What is made keeps to its level: the loudest of a grid is 0, unless all of it is silence.
        top = levels.max((1, 2, 3), keepdims=True)
        levels = np.where(top > FLOOR / 2, levels - top, levels)
        sizes = np.where(levels > FLOOR + 1, 10 ** (np.minimum(levels, 0.0) / 20), 0.0) * (self.window / 4)
        whole = np.pad(sizes, [*[(0, 0)] * 3, (0, 1)])
        found = phases.waveforms_of(whole, self.window, counts[:, None], stereo=True)
        gain = np.where(loudest > SILENT, 10 ** (loudest / 20), 0.0)
        return (found * gain[:, None, None]).transpose(0, 2, 1)


def levels_of(waveform: np.ndarray, window: int) -> tuple[np.ndarray, float]:
    """Levels (channels, frames, frequencies) of a waveform (samples, channels) under its loudest one, which
    is told too.
    """
    found = spectra.decibels(waveform.T, window, SILENT + FLOOR)
    level = max(float(found.max()), SILENT)
    return np.maximum(found - level, FLOOR), level


def frames_of(seconds: float, rate: int) -> int:
    """Frames that hold so many seconds, rounded up to what a network takes."""
    hop = spectra.window_of(rate) // spectra.OVERLAP
    found = max(int(np.ceil(seconds * rate / hop)), 1)
    step = STEP if found <= LONG else LONG_STEP
    return -(-found // step) * step


def portrait(waveform: np.ndarray, rate: int, side: int) -> np.ndarray:
    """Bands of a sound's levels, (1, side, side) float32, -1 for silence and 1 for its loudest, over the
    whole of it, however long it is; `side` is a power of two.
    """
    waveform = sounds.at_rate(waveform, rate, PORTRAYED).mean(1)
    power = np.square(np.abs(spectra.transform(waveform, spectra.window_of(PORTRAYED))[:, :-1]))
    bands = power.reshape(len(power), side, -1).mean(2).T
    levels = np.maximum(10 * np.log10(bands / max(float(bands.max()), TINY) + TINY), PORTRAYED_FLOOR)
    places = (np.arange(side) + 0.5) * levels.shape[1] / side - 0.5
    found = [np.interp(places, np.arange(levels.shape[1]), band) for band in levels]
    return (2 * np.stack(found) / -PORTRAYED_FLOOR + 1)[None].astype(np.float32)
