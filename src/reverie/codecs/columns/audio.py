"""Sounds: a grid of levels in time and frequency, how long and how loud each is, and back to WAV files.

Levels are those of a short-time Fourier transform in decibels under the loudest of the sound's own, so that
the same sound has the same grid however loud it is, and rows of loud sounds weigh no more than others. How
loud and how long it is are numbers beside the grid, learned jointly with the row as any number is. Phases are
not learned but found anew from the levels (`nn.phases`): `decode(encode(x))` keeps the duration to a sample,
the loudest level to about a decibel, and levels to about a thirtieth of what they are (-25 to -30 dB of
spectral convergence where sounds are of speech), but not the waveform.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.counts import Counts
from reverie.codecs.pieces import learn_scale
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.codecs.scale import Scale
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.io import sounds
from reverie.nn import phases, spectra
from reverie.schema.blocks import Real, RealEvidence
from reverie.schema.types import Column

LEAST_RATE, MOST_RATE = 1_000, 16_000
"""Samples a second that can be learned; the most are what reading keeps."""
LEAST_SECONDS, USUAL_SECONDS, MOST_SECONDS = 0.01, 4.0, 10.0
"""Seconds that a column's sounds can be given, and that they are at most unless told."""
ENOUGH = 0.95
"""Share of sounds that are not cut."""
FLOOR = -80.0
"""Decibels under a sound's loudest level at which all quieter ones lie."""
SILENT = -96.0
"""Decibels at and under which a sound is silent: below what 16 bits hold."""
STEP, LONG, LONG_STEP = 8, 128, 16
"""What the number of frames is a multiple of, and beyond so many frames."""
APART = 1e-3
"""By how much channels of a sound differ that is stereo."""
LEAST_SPREAD = 1.0
CHUNK = 64
"""Sounds whose phases are found at a time."""


@dataclass(frozen=True)
class Sketch:
    """What one partition tells: kinds of cell, how often sounds have each rate and number of channels, their
    seconds and loudest levels, and the number, sum and sum of squares of levels in their grids.
    """

    kinds: Mapping[str, int]
    rates: Counter
    channels: Counter
    seconds: Counts
    levels: Counts
    moments: np.ndarray


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


class Audio(Codec):
    """Sounds: blocks are presence, where it varies, the normal scores of seconds and of the loudest level,
    and a grid of levels, frequencies from the lowest on by frames.

    Option `rate` is in samples a second, `seconds` the longest that a sound is to be.
    """

    TYPES = ("audio",)
    MODALITY = "grid"
    OPTIONS: ClassVar[Mapping[str, type]] = {"rate": int, "seconds": float}

    def __init__(self, column: Column, presence: Presence, form: Form, seconds: Scale, level: Scale) -> None:
        self.column, self.presence, self.form = column, presence, form
        self.scales = {f"{column.name}#seconds": seconds, f"{column.name}#level": level}
        gate, shape = presence.gate, (form.high, form.frames)
        grid = Real(column.name, shape[0] * shape[1], form.channels, gate, shape)
        self.specs = (*presence.specs, *(Real(name, gate=gate) for name in self.scales), grid)

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Whatever is binary and begins as sounds do, as reading made sure that all of it is."""
        first = profile.sample.drop_null()[:1].to_pylist()
        if not pt.is_binary(profile.sample.type) or not first or not sounds.is_sound(first[0]):
            return None
        return Match("audio", 1.0, f"sounds in {profile.rows - profile.nulls:,} rows")

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """Rates, channels, durations and levels."""
        if not pt.is_binary(values.type) and not pt.is_null(values.type):
            raise DataError(f"{values.type} values are not sounds", where=column.name, fix="Change the type")
        rates, channels, moments = Counter(), Counter(), np.zeros(3)
        seconds, levels = [], []
        for cell in values.drop_null().to_pylist():
            waveform, rate = _opened(cell, column.name)
            rates[rate] += 1
            channels[_needed(waveform)] += 1
            grid, level = _levels(waveform, spectra.window_of(rate))
            moments += (grid.size, grid.sum(dtype=float), np.square(grid).sum(dtype=float))
            seconds.append(len(waveform) / rate)
            levels.append(level)
        counts = (Counts.of(np.array(seconds, float)), Counts.of(np.array(levels, float)))
        return Sketch(count_kinds(values), rates, channels, *counts, moments)

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        """Sums."""
        del column
        return Sketch(
            add_kinds(left.kinds, right.kinds),
            left.rates + right.rates,
            left.channels + right.channels,
            left.seconds.merge(right.seconds),
            left.levels.merge(right.levels),
            left.moments + right.moments,
        )

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Audio":
        """The rate of most sounds, the duration that nearly all keep, and channels that enough need."""
        rate = _asked(column, "rate", LEAST_RATE, MOST_RATE)
        longest = _asked(column, "seconds", LEAST_SECONDS, MOST_SECONDS)
        rate = int(rate or np.clip(_middle(sketch.rates), LEAST_RATE, MOST_RATE))
        durations = sketch.seconds if sketch.seconds.rows else Counts.of(np.array([1.0]))
        levels = sketch.levels if sketch.levels.rows else Counts.of(np.array([SILENT]))
        longest = longest or min(_quantile(durations, ENOUGH), USUAL_SECONDS)
        least = max(min(protection.k, sketch.channels.total()), 1)
        form = Form(rate, _frames(longest, rate), 2 if sketch.channels[2] >= least else 1, 0.0, 1.0)
        most = form.samples / rate
        durations = durations.map(np.minimum(durations.values, most))
        mean, spread = _moments(sketch.moments, float(durations.values @ durations.counts), durations, most)
        form = Form(rate, form.frames, form.channels, mean, spread)
        scales = (
            learn_scale(counts, np.zeros(len(counts.values), bool), protection.k, bounds)
            for counts, bounds in ((durations, (0.0, most)), (levels, (SILENT, np.inf)))
        )
        return cls(column, Presence.of(column.name, sketch.kinds), form, *scales)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence, scores and levels of mean 0 and variance 1, NaN where there is no sound."""
        form, rows = self.form, len(values)
        grids = np.full((rows, form.high * form.frames, form.channels), np.nan, np.float32)
        numbers = np.full((rows, 2), np.nan)
        for row, cell in enumerate(values.to_pylist()):
            if cell is not None:
                grid, *numbers[row] = self._grid(cell)
                grids[row] = (grid - form.mean) / form.spread
        there = ~np.isnan(numbers[:, 0])
        scores = np.full((rows, 2), np.nan)
        for at, scale in enumerate(self.scales.values()):
            scores[there, at] = scale.encode(numbers[there, at], rng)
        named = {name: scores[:, at].reshape(-1, 1, 1) for at, name in enumerate(self.scales)}
        return {**self.presence.encode(values), **named, self.column.name: grids}

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """WAV files."""
        del rng, offset
        filled = np.flatnonzero(self.presence.are("value", arrays, rows))
        seconds, level = (
            scale.decode(np.nan_to_num(arrays[name].reshape(-1)[filled]))
            for name, scale in self.scales.items()
        )
        counts = np.clip(np.rint(seconds * self.form.rate), 1, self.form.samples).astype(int)
        files = []
        for start in range(0, len(filled), CHUNK):
            part = slice(start, start + CHUNK)
            waveforms = self._waveforms(arrays[self.column.name][filled[part]], level[part], counts[part])
            cut = zip(waveforms, counts[part], strict=True)
            files += [sounds.write(one[:count], self.form.rate) for one, count in cut]
        return self.presence.place(pa.array(files, pa.binary()), arrays, rows)

    def evidence(self, condition: Condition) -> dict[str, Any]:
        """A sound that is given, or whether there is one."""
        if condition.values is None or condition.negate or len(condition.values) != 1:
            return self.presence.evidence(condition, "holds sounds, of which one can be given by its path")
        try:
            content = sounds.content(condition.values[0])
            sounds.read(content, MOST_SECONDS)
        except sounds.UnreadableError as error:
            what = f"is given a sound that is {error}"
            raise ConditionError(what, where=self.column.name, fix="Give the path of a sound") from None
        found = self.encode(pa.array([content], pa.binary()), np.random.default_rng(0))
        numbers = {name: RealEvidence(values=found[name].reshape(-1)) for name in self.scales}
        present = self.presence.evidence(Condition(condition.column, missing=False), "")
        return {**present, **numbers, self.column.name: RealEvidence(values=found[self.column.name])}

    def holds(self) -> str:
        """Their rate and longest duration."""
        most, kind = self.form.samples / self.form.rate, "stereo" if self.form.channels == 2 else "mono"
        return f"sounds of at most {most:.2f} s at {self.form.rate:,} Hz, {kind}"

    def state(self) -> dict[str, Any]:
        """Rate, frames, channels, levels and the scales."""
        form = self.form
        seconds, level = self.scales.values()
        return {
            "kinds": list(self.presence.kinds), "rate": form.rate, "frames": form.frames,
            "channels": form.channels, "mean": form.mean, "spread": form.spread,
            "seconds": seconds.state(), "level": level.state(),
        }  # fmt: skip

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Audio":
        """Rebuild what `state` gave."""
        rate, frames, channels = (int(state[name]) for name in ("rate", "frames", "channels"))
        longest = _frames(MOST_SECONDS, MOST_RATE) + LONG_STEP
        if not (LEAST_RATE <= rate <= MOST_RATE and 0 < frames <= longest and channels in (1, 2)):
            raise ValueError("no such sounds")
        mean, spread = float(state["mean"]), float(state["spread"])
        if not (np.isfinite(mean) and LEAST_SPREAD <= spread < np.inf):
            raise ValueError("no such levels")
        scales = (Scale.from_state(state[name]) for name in ("seconds", "level"))
        form = Form(rate, frames, channels, mean, spread)
        return cls(column, Presence(column.name, tuple(state["kinds"])), form, *scales)

    def _grid(self, cell: bytes) -> tuple[np.ndarray, float, float]:
        """Levels (high * frames, channels) of a sound, its seconds and its loudest level."""
        form = self.form
        waveform = sounds.at_rate(*_opened(cell, self.column.name), form.rate)[: form.samples]
        found, level = _levels(sounds.as_channels(waveform, form.channels), form.window)
        grid = np.full((form.channels, form.frames, form.high), FLOOR, np.float32)
        grid[:, : found.shape[1]] = found
        return grid.transpose(2, 1, 0).reshape(-1, form.channels), len(waveform) / form.rate, level

    def _waveforms(self, grids: np.ndarray, loudest: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Waveforms (sounds, samples, channels) of grids (sounds, high * frames, channels), levels and
        numbers of samples.
        """
        form = self.form
        levels = (np.nan_to_num(grids) * form.spread + form.mean).reshape(
            -1, form.high, form.frames, form.channels
        )
        levels = levels.transpose(0, 3, 2, 1)
        # What is made keeps to its level: the loudest of a grid is 0, unless all of it is silence.
        top = levels.max((1, 2, 3), keepdims=True)
        levels = np.where(top > FLOOR / 2, levels - top, levels)
        sizes = np.where(levels > FLOOR + 1, 10 ** (np.minimum(levels, 0.0) / 20), 0.0) * (form.window / 4)
        whole = np.pad(sizes, [*[(0, 0)] * 3, (0, 1)])
        found = phases.waveforms_of(whole, form.window, counts[:, None])
        gain = np.where(loudest > SILENT, 10 ** (loudest / 20), 0.0)
        return (found * gain[:, None, None]).transpose(0, 2, 1)


def _levels(waveform: np.ndarray, window: int) -> tuple[np.ndarray, float]:
    """Levels (channels, frames, frequencies) of a waveform (samples, channels) under its loudest one, which
    is told too.
    """
    found = spectra.decibels(waveform.T, window, SILENT + FLOOR)
    level = max(float(found.max()), SILENT)
    return np.maximum(found - level, FLOOR), level


def _opened(cell: bytes, where: str) -> tuple[np.ndarray, int]:
    try:
        return sounds.read(cell, MOST_SECONDS)
    except sounds.UnreadableError as error:
        raise DataError(f"holds sounds that are {error}", where=where, fix="Read the data anew") from None


def _needed(waveform: np.ndarray) -> int:
    """Channels without which something of a sound would be lost."""
    return 2 if waveform.shape[1] == 2 and np.abs(waveform[:, 0] - waveform[:, 1]).max() > APART else 1


def _asked(column: Column, option: str, least: float, most: float) -> float | None:
    """An option that the schema may have. Raises SchemaError if it is out of bounds."""
    found = column.options.get(option)
    if found is not None and not least <= found <= most:
        what = f"option '{option}' is {found}, not between {least:g} and {most:g}"
        raise SchemaError(what, where=column.name, fix="Correct the option in the schema")
    return found


def _frames(seconds: float, rate: int) -> int:
    """Frames that hold so many seconds, rounded up to what a network takes."""
    hop = spectra.window_of(rate) // spectra.OVERLAP
    found = max(int(np.ceil(seconds * rate / hop)), 1)
    step = STEP if found <= LONG else LONG_STEP
    return -(-found // step) * step


def _moments(sums: np.ndarray, lasting: float, durations: Counts, most: float) -> tuple[float, float]:
    """Mean and spread of levels in grids, filled up with the floor after sounds that last so long in all."""
    _, mean, square = sums / max(sums[0], 1.0)
    share = min(lasting / (durations.rows * most), 1.0)
    mean, square = (
        share * inner + (1 - share) * outer for inner, outer in ((mean, FLOOR), (square, FLOOR**2))
    )
    return round(float(mean), 3), round(max(float(np.sqrt(max(square - mean**2, 0.0))), LEAST_SPREAD), 3)


def _middle(rates: Counter) -> float:
    """The rate that half of the sounds reach."""
    return _quantile(Counts.of(np.array(sorted(rates.elements()) or [MOST_RATE], float)), 0.5)


def _quantile(counts: Counts, share: float) -> float:
    upto = np.cumsum(counts.counts)
    return float(counts.values[np.searchsorted(upto, share * upto[-1])])


CODECS = (Audio,)
