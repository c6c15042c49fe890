"""Short-time Fourier transforms of sounds and back, of many sounds at a time.

Windows overlap by three quarters. Frame f is centred on the middle of the f-th piece of a quarter window, so
that a sound of n such pieces has n frames. Source: Griffin & Lim 1984, equation 6 (the way back is by least
squares).
"""

from functools import cache

import numpy as np
from scipy import fft

SECONDS = 0.032
"""About how long a window is."""
LEAST = 32
"""Samples that a window has at least."""
OVERLAP = 4
"""Windows that each sample is in."""
_LEAST = 1e-6


def window_of(rate: int) -> int:
    """Samples of a window at `rate` samples a second: a power of two.

    >>> window_of(8_000), window_of(16_000)
    (256, 512)
    """
    return max(1 << round(np.log2(SECONDS * rate)), LEAST)


def transform(waveforms: np.ndarray, window: int) -> np.ndarray:
    """(..., frames, window / 2 + 1) complex64 of (..., samples), the last piece filled up with silence."""
    hop = window // OVERLAP
    edge = (window - hop) // 2
    missing = max(-waveforms.shape[-1] % hop, hop - waveforms.shape[-1])
    around = [(0, 0)] * (waveforms.ndim - 1)
    padded = np.pad(waveforms.astype(np.float32), [*around, (edge, edge + missing)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, -1)[..., ::hop, :]
    return np.asarray(fft.rfft(frames * _hann(window), axis=-1))


def inverse(spectra: np.ndarray, window: int) -> np.ndarray:
    """The waveforms (..., frames * window / 4) float32 whose transforms are nearest to `spectra`."""
    hop = window // OVERLAP
    edge, count = (window - hop) // 2, spectra.shape[-2]
    frames = np.asarray(fft.irfft(spectra, window, axis=-1)) * _hann(window)
    pieces = frames.reshape(*frames.shape[:-1], OVERLAP, hop)
    power = np.square(_hann(window)).reshape(OVERLAP, hop)
    total = np.zeros((*frames.shape[:-2], count + OVERLAP - 1, hop), np.float32)
    weight = np.zeros((count + OVERLAP - 1, hop), np.float32)
    for late in range(OVERLAP):
        total[..., late : late + count, :] += pieces[..., late, :]
        weight[late : late + count] += power[late]
    whole = (total / np.maximum(weight, 1e-3)).reshape(*frames.shape[:-2], -1)
    return whole[..., edge : edge + count * hop]


def decibels(waveforms: np.ndarray, window: int, floor: float) -> np.ndarray:
    """Levels (..., frames, window / 2) float32 of all frequencies but the last, not under the `floor`; 0 is
    that of a sine as loud as can be.
    """
    sizes = np.abs(transform(waveforms, window)[..., :-1]) / (window / 4)
    return 20 * np.log10(np.maximum(sizes, 10 ** (floor / 20)))


def noise(shape: tuple[int, ...], frames: int, window: int, rng: np.random.Generator) -> np.ndarray:
    """Levels (*shape, frames, window / 2) float32 of white noise, of mean 0 and variance 1."""
    waveforms = rng.standard_normal((*shape, frames * window // OVERLAP), np.float32)
    levels = np.log(np.maximum(np.abs(transform(waveforms, window)[..., :-1]), _LEAST))
    # What is squared is exponential; at frequency 0, which has no phase, chi-squared with one freedom.
    mean, spread = np.full(window // 2, -np.euler_gamma / 2), np.full(window // 2, np.pi / 24**0.5)
    mean[0], spread[0] = -(np.euler_gamma + np.log(2)) / 2, np.pi / 8**0.5
    return ((levels - mean - np.log(np.square(_hann(window)).sum()) / 2) / spread).astype(np.float32)


@cache
def _hann(window: int) -> np.ndarray:
    found = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.float32)
    found.flags.writeable = False
    return found
