"""Waveforms from magnitudes alone: phases that make overlapping windows agree.

A first guess follows the peaks of each frame: a sine goes on from one frame to the next at the frequency of
its peak, and what lies around a peak is of the same sine. From there phases are projected to those of true
waveforms again and again, with momentum. Sources: Beauregard, Harish & Wyse 2015 (single pass spectrogram
inversion); Perraudin, Balazs & Soendergaard 2013 (the fast Griffin-Lim algorithm).
"""

import numpy as np

from reverie.nn.spectra import OVERLAP, inverse, transform

STEPS = 60
"""Projections: more of them change less than can be heard."""
MOMENTUM = 0.99
_TINY = 1e-9


def waveforms_of(
    magnitudes: np.ndarray,
    window: int,
    lengths: np.ndarray | None = None,
    steps: int = STEPS,
    *,
    stereo: bool = False,
) -> np.ndarray:
    """Waveforms (..., frames * window / 4) float32 of magnitudes (..., frames, window / 2 + 1) float32.

    They are silent after their first `lengths` (...,) samples, if told. The same magnitudes give the same
    waveforms. If `stereo`, magnitudes are (..., channels, frames, window / 2 + 1), and channels share their
    phases: each by itself they would be found in other ones, and what is in the middle be heard everywhere.
    """
    whole, lasts = magnitudes.astype(np.float32), np.float32(1)
    if lengths is not None:
        lasts = np.arange(whole.shape[-2] * window // OVERLAP) < np.asarray(lengths)[..., None]
    first = guessed(whole.sum(-3, keepdims=True) if stereo else whole).astype(np.float32)
    found = whole * np.exp(1j * first).astype(np.complex64)
    before = None
    for _ in range(steps):
        true = transform(inverse(found, window) * lasts, window)
        ahead = true if before is None else true + MOMENTUM * (true - before)
        before, ahead = true, ahead.sum(-3, keepdims=True) if stereo else ahead
        found = whole * ahead / np.maximum(np.abs(ahead), _TINY)
    return inverse(found, window) * lasts


def guessed(magnitudes: np.ndarray) -> np.ndarray:
    """Phases of magnitudes (..., frames, frequencies), of the same shape, float64."""
    frames, count = magnitudes.shape[-2:]
    step = 2 * np.pi / OVERLAP  # what a wave of one turn a window turns in a hop
    at, phase = np.arange(count), np.zeros((*magnitudes.shape[:-2], count))
    found = np.empty(magnitudes.shape)
    for frame in range(frames):
        peak, place = _peaks(magnitudes[..., frame, :])
        # Neighbours on the frequency axis are half a turn apart, as a window is centred on its middle.
        phase = np.take_along_axis(phase, peak, -1) + step * place + np.pi * (at - peak)
        found[..., frame, :] = phase = np.remainder(phase, 2 * np.pi)
    return found


def distance(magnitudes: np.ndarray, waveforms: np.ndarray, window: int) -> np.ndarray:
    """How far the magnitudes of waveforms are from those wanted, in decibels, lower is nearer (spectral
    convergence).
    """
    wrong = np.abs(transform(waveforms, window)) - magnitudes
    sizes = (np.sqrt(np.square(one).sum((-2, -1))) for one in (wrong, magnitudes))
    return 20 * np.log10(np.maximum(np.divide(*sizes), _TINY))


def _peaks(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The peak nearest to each frequency (..., frequencies), and where it lies between its neighbours, found
    by a parabola through the logarithms.
    """
    count = sizes.shape[-1]
    levels = np.log(np.maximum(sizes, _TINY))
    left = np.concatenate([levels[..., :1], levels[..., :-1]], -1)
    right = np.concatenate([levels[..., 1:], levels[..., -1:]], -1)
    bend = np.minimum(left - 2 * levels + right, -1e-6)
    places = np.arange(count) + np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    top = (levels >= left) & (levels > right)
    at, far = np.broadcast_to(np.arange(count), sizes.shape), 2 * count
    below = np.maximum.accumulate(np.where(top, at, -far), -1)
    above = np.flip(np.minimum.accumulate(np.flip(np.where(top, at, far), -1), -1), -1)
    nearest = np.clip(np.where(at - below <= above - at, below, above), 0, count - 1)
    return nearest, np.take_along_axis(places, nearest, -1)
