"""Sounds as pictures: levels by time and frequency, dark where there is silence."""

import numpy as np

from reverie.io import pictures, sounds
from reverie.nn import spectra

HIGH, WIDE = 64, 128
"""Pixels of a picture."""
FLOOR, QUIETEST = -70.0, -100.0
"""Decibels under a sound's loudest level that are shown as silence, and of one that is silent throughout."""
SECONDS = 30.0
"""Seconds of a sound that are shown."""
RAMP = ((17, 20, 38), (49, 46, 112), (134, 60, 128), (222, 98, 92), (250, 196, 120), (255, 250, 224))
"""Colours from silence to the loudest, each lighter than the one before."""


def sonogram(content: bytes) -> bytes:
    """A PNG of a sound, low frequencies below. Raises UnreadableError."""
    waveform, rate = sounds.read(content, SECONDS)
    found = spectra.decibels(waveform.mean(1), spectra.window_of(rate), QUIETEST + FLOOR)
    shares = np.clip((found - max(float(found.max()), QUIETEST)) / -FLOOR + 1, 0, 1).T[::-1]
    return pictures.write(_coloured(_stretched(_stretched(shares, HIGH).T, WIDE).T))


def seconds(content: bytes) -> float:
    """How long a sound is. Raises UnreadableError."""
    waveform, rate = sounds.read(content)
    return len(waveform) / rate


def _stretched(values: np.ndarray, size: int) -> np.ndarray:
    """Values (n, m) at `size` places along the first axis: the loudest of those that fall on one."""
    edges = np.linspace(0, len(values), size + 1)
    low = np.minimum(np.floor(edges[:-1]).astype(int), len(values) - 1)
    high = np.maximum(np.ceil(edges[1:]).astype(int), low + 1)
    return np.stack([values[start:end].max(0) for start, end in zip(low, high, strict=True)])


def _coloured(shares: np.ndarray) -> np.ndarray:
    """Colours (high, wide, 3) uint8 of shares (high, wide) between 0 and 1."""
    places, ramp = np.linspace(0, 1, len(RAMP)), np.array(RAMP, float)
    found = [np.interp(shares, places, ramp[:, channel]) for channel in range(3)]
    return np.rint(np.stack(found, axis=2)).astype(np.uint8)
