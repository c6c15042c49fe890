"""Sounds as files hold them, as waveforms and back. Nothing but samples is ever kept of a file."""

import importlib.util
import io
import math
import struct
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from reverie.core.errors import DependencyError
from reverie.io.pictures import UnreadableError, file_of

MOST_SAMPLES, MOST_SECONDS = 50_000_000, 3_600
"""Samples of all channels, and seconds, beyond which a sound is not read."""
TOO_LONG = f"of more than an hour, or {MOST_SAMPLES:,} samples"
LEAST_RATE, MOST_RATE = 1_000, 768_000
"""Samples a second that a file can have."""
STARTS = (b"fLaC", b"OggS")
"""The first bytes of a FLAC or Ogg; a WAV begins as any RIFF file: bytes 8 to 12 tell."""
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG")
FINEST_TERM = 4_000
"""The largest number by which samples are thinned out where their rate changes."""
SUFFIXES = (".wav", ".flac", ".ogg")
DAMAGED = "damaged or cut short"
_FULL = 1 << 15
_OPEN_ENDED = (0, 0xFFFFFFFF)
"""Sizes that a file written to a pipe gives in place of those it does not know yet."""


def is_sound(content: bytes) -> bool:
    """Whether these bytes begin as a sound does."""
    return content.startswith(STARTS) or (content[:4] in (b"RIFF", b"RF64") and content[8:12] == b"WAVE")


def is_heard(value: Any) -> bool:
    """Whether this is a pair of a waveform and its rate, or a dict of `array` and `sampling_rate`."""
    if isinstance(value, Mapping):
        value = value.get("array"), value.get("sampling_rate")
    if not isinstance(value, tuple) or len(value) != 2:
        return False
    return isinstance(value[0], np.ndarray) and isinstance(value[1], int | np.integer)


def require() -> Any:
    """The package soundfile. Raises DependencyError, in one line, if it is missing."""
    if importlib.util.find_spec("soundfile") is None:
        raise DependencyError(
            "sounds need soundfile", where="sounds", fix="Run: pip install 'reverie[media]'"
        )
    import soundfile

    return soundfile


def read(content: bytes, seconds: float = MOST_SECONDS) -> tuple[np.ndarray, int]:
    """Its first `seconds` as a waveform (samples, channels) float32 of 1 or 2 channels within -1 and 1, and
    its rate in samples a second.

    Channels beyond the second are mixed to two. What is longer than an hour is refused before any of it is
    unpacked. Raises UnreadableError.
    """
    soundfile = require()
    if not content:
        raise UnreadableError("empty")
    if not is_sound(content):
        raise UnreadableError("of another kind")
    if _is_cut(content):
        raise UnreadableError(DAMAGED)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as opened:
            wanted = _samples(opened, seconds)
            found, rate = opened.read(wanted, dtype="float32", always_2d=True), int(opened.samplerate)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError, MemoryError):
        raise UnreadableError(DAMAGED) from None
    if len(found) < wanted or not np.isfinite(found).all():
        raise UnreadableError(DAMAGED)
    return _tamed(_mixed(found)), rate


def content(given: Any) -> bytes:
    """The file of a sound that is given by its path, as bytes, or as a waveform (samples,) or (samples,
    channels) of floats within -1 and 1 or of whole numbers, with its rate. Raises UnreadableError.
    """
    if isinstance(given, bytes):
        return given
    if isinstance(given, str | Path):
        return file_of(given)
    if not is_heard(given):
        raise UnreadableError("neither a path nor a waveform with its rate")
    waveform, rate = (given["array"], given["sampling_rate"]) if isinstance(given, Mapping) else given
    if waveform.ndim == 2 and waveform.shape[0] < waveform.shape[1]:
        waveform = waveform.T  # channels first, as some libraries have them
    if waveform.ndim not in (1, 2) or not waveform.size or waveform.dtype.kind not in "iuf":
        raise UnreadableError("not a waveform (samples,) or (samples, channels)")
    if not LEAST_RATE <= rate <= MOST_RATE or waveform.size > MOST_SAMPLES:
        raise UnreadableError(TOO_LONG if waveform.size > MOST_SAMPLES else _rate(int(rate)))
    return write(_tamed(_mixed(_floats(waveform.reshape(len(waveform), -1)))), int(rate))


def levels(waveform: np.ndarray) -> np.ndarray:
    """A waveform within -1 and 1 as numbers of 16 bits, int16."""
    return np.clip(np.rint(waveform * _FULL), -_FULL, _FULL - 1).astype("<i2")


def write(waveform: np.ndarray, rate: int) -> bytes:
    """A WAV file of 16 bits of a waveform (samples, channels) within -1 and 1, which holds nothing else."""
    samples, channels = levels(waveform).tobytes(), waveform.shape[1]
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, 2 * channels * rate, 2 * channels, 16)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def at_rate(waveform: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """The waveform (samples, channels) in `wanted` samples a second; at least one sample."""
    if rate == wanted:
        return waveform
    from scipy.signal import resample_poly

    # Of odd rates the nearest fraction will do, as filters are as long as its terms.
    share = Fraction(wanted, rate).limit_denominator(FINEST_TERM)
    return resample_poly(waveform, share.numerator, share.denominator, axis=0).astype(np.float32)


def as_channels(waveform: np.ndarray, channels: int) -> np.ndarray:
    """The waveform in 1 channel, the mean of both, or 2."""
    if waveform.shape[1] == channels:
        return waveform
    return waveform.mean(1, keepdims=True) if channels == 1 else np.repeat(waveform, 2, axis=1)


def _samples(opened: Any, seconds: float) -> int:
    """How many samples to read of each channel."""
    if opened.format not in FORMATS:
        raise UnreadableError("of another kind")
    if not LEAST_RATE <= opened.samplerate <= MOST_RATE:
        raise UnreadableError(_rate(opened.samplerate))
    if opened.frames > min(MOST_SECONDS * opened.samplerate, MOST_SAMPLES // opened.channels):
        raise UnreadableError(TOO_LONG)
    if opened.frames <= 0:
        raise UnreadableError("without a sample")
    return min(opened.frames, max(math.ceil(seconds * opened.samplerate), 1))


def _rate(rate: int) -> str:
    return f"of {rate:,} samples a second, not {LEAST_RATE:,} to {MOST_RATE:,}"


def _is_cut(content: bytes) -> bool:
    """Whether less is there than a WAV or an Ogg says; readers pass over that."""
    if content.startswith(b"OggS"):
        return _is_cut_ogg(content[content.rfind(b"OggS") :])
    if not content.startswith(b"RIFF"):
        return False
    place = 12
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        if name == b"data":
            return size not in _OPEN_ENDED and place + 8 + size > len(content)
        place += 8 + size + size % 2
    return True


def _is_cut_ogg(page: bytes) -> bool:
    """Whether the last page is not whole, or is not the one that ends a stream (RFC 3533, section 6)."""
    if len(page) < 27 or not page[5] & 4:
        return True
    parts = page[27 : 27 + page[26]]
    return len(page) < 27 + page[26] + sum(parts)


def _mixed(waveform: np.ndarray) -> np.ndarray:
    """Every other channel left, the rest right."""
    if waveform.shape[1] <= 2:
        return waveform
    return np.stack([waveform[:, side::2].mean(1) for side in (0, 1)], axis=1)


def _floats(waveform: np.ndarray) -> np.ndarray:
    """Whole numbers of so many bits as floats within -1 and 1."""
    if waveform.dtype.kind == "f":
        if not np.isfinite(waveform).all():
            raise UnreadableError("not of finite numbers")
        return waveform.astype(np.float32)
    full = 2.0 ** (8 * waveform.dtype.itemsize - 1)
    return (waveform / full - (waveform.dtype.kind == "u")).astype(np.float32)


def _tamed(waveform: np.ndarray) -> np.ndarray:
    """The waveform, less loud as a whole where floats are beyond what a sound can be."""
    peak = float(np.abs(waveform).max(initial=0.0))
    return waveform / peak if peak > 1.0 else waveform
