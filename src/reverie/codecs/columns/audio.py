"""Sounds: a grid of levels in time and frequency, how long and how loud each is, and back to WAV files.

Levels are those of a short-time Fourier transform in decibels under the loudest of the sound's own, so that
the same sound has the same grid however loud it is, and rows of loud sounds weigh no more than others. How
loud and how long it is are numbers beside the grid, learned jointly with the row as any number is. Phases are
not learned but found anew from the levels (`nn.phases`): `decode(encode(x))` keeps the duration to a sample,
but not the waveform. Until there are latents it keeps the loudest level to about a decibel, and levels to
about a thirtieth (-25 to -30 dB of spectral convergence where sounds are of speech); latents keep as much as
`holds` says, and `codecs.grain` gives back the noise that they leave out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from reverie.codecs.base import Codec, Condition, Lesson, Match, Profile, Protection
from reverie.codecs.counts import Counts
from reverie.codecs.grain import Grain
from reverie.codecs.latents import PIECE, Latents, grids_of, numbers_of, restored, some_of
from reverie.codecs.loudness import FLOOR, LONG_STEP, SILENT, Form, frames_of, levels_of, portrait
from reverie.codecs.pieces import learn_scale
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.codecs.scale import Scale
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.core.space import roomy
from reverie.io import sounds
from reverie.nn import spectra
from reverie.schema.blocks import Real, RealEvidence
from reverie.schema.types import Column

LEAST_RATE, MOST_RATE = 1_000, 16_000
"""Samples a second that can be learned; the most are what reading keeps."""
LEAST_SECONDS, USUAL_SECONDS, MOST_SECONDS = 0.01, 4.0, 10.0
"""Seconds that a column's sounds can be given, and that they are at most unless told."""
ENOUGH = 0.95
"""Share of sounds that are not cut."""
APART = 1e-3
"""By how much channels of a sound differ that is stereo."""
LEAST_SPREAD = 1.0
MOST_LEVELS = 1 << 10
"""Levels of a grid up to which these are learned, and not latents."""
PATCH, LATENT = 8, 8
"""Levels on a side that become one place of a latent grid, and its numbers."""
GRAINED = 256
"""Sounds by which it is told what latents leave out."""
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


class Audio(Codec):
    """Sounds: blocks are presence, where it varies, the normal scores of seconds and of the loudest level,
    and a grid of levels, frequencies from the lowest on by frames.

    Option `rate` is in samples a second, `seconds` the longest that a sound is to be.
    """

    TYPES = ("audio",)
    MODALITY = "grid"
    OPTIONS: ClassVar[Mapping[str, type]] = {"rate": int, "seconds": float}

    def __init__(
        self,
        column: Column,
        presence: Presence,
        form: Form,
        seconds: Scale,
        level: Scale,
        latents: Latents | None = None,
        grain: Grain | None = None,
    ) -> None:
        self.column, self.presence, self.form = column, presence, form
        self.latents, self.grain = latents, grain
        self.scales = {f"{column.name}#seconds": seconds, f"{column.name}#level": level}
        gate, shape, numbers = presence.gate, (form.high, form.frames), form.channels
        if latents is not None:
            shape, numbers = latents.shape.places, latents.shape.latent
        grid = Real(column.name, shape[0] * shape[1], numbers, gate, shape)
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
            grid, level = levels_of(waveform, spectra.window_of(rate))
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
        form = Form(rate, frames_of(longest, rate), 2 if sketch.channels[2] >= least else 1, 0.0, 1.0)
        most = form.samples / rate
        durations = durations.map(np.minimum(durations.values, most))
        mean, spread = _moments(sketch.moments, float(durations.values @ durations.counts), durations, most)
        form = Form(rate, form.frames, form.channels, mean, spread)
        seconds, level = (
            learn_scale(counts, np.zeros(len(counts.values), bool), protection.k, bounds)
            for counts, bounds in ((durations, (0.0, most)), (levels, (SILENT, np.inf)))
        )
        return cls(column, Presence.of(column.name, sketch.kinds), form, seconds, level)

    @classmethod
    def portrait(cls, cell: bytes, side: int) -> np.ndarray:
        """Bands of its levels, -1 for silence and 1 for its loudest, over the whole of it, however long."""
        return portrait(*sounds.read(cell, MOST_SECONDS), side)

    @property
    def teachable(self) -> bool:
        """Whether an autoencoder is to make the grid smaller, and is not there yet."""
        return self.latents is None and self.form.high * self.form.frames > MOST_LEVELS

    def taught(self, values: pa.ChunkedArray, lesson: Lesson) -> "Audio":
        """With an autoencoder of these sounds."""
        from reverie.nn.autoencoder import Shape

        if not self.teachable:
            return self
        shape = Shape(self.form.channels, self.form.high, self.form.frames, PATCH, LATENT)
        what = f"autoencoder of '{self.column.name}'"
        latents = Latents.of_cells(values, lambda cell: self._grid(cell)[0], shape, lesson, what)
        grain, (seconds, level) = None, self.scales.values()
        if latents is not None:
            size = shape.channels, shape.high, shape.wide
            most = GRAINED * int(np.prod(size))
            real = some_of(values, lambda cell: self._grid(cell)[0], size, lesson.rng, most)
            kept = latents.decode(latents.encode(real))
            grain = Grain.learn(self.form.decibels(real), self.form.decibels(kept), FLOOR)
        return Audio(self.column, self.presence, self.form, seconds, level, latents, grain)

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence, scores and levels or latents of mean 0 and variance 1, NaN where there is no sound."""
        rows, spec = len(values), self.specs[-1]
        assert isinstance(spec, Real)
        grids, numbers = roomy((rows, spec.n, spec.d), np.float32), np.full((rows, 2), np.nan)
        for start in range(0, rows, PIECE):
            cells = values.slice(start, PIECE).to_pylist()
            part = grids[start : start + len(cells)]
            part[:] = np.nan
            there = [row for row, cell in enumerate(cells) if cell is not None]
            if there:
                found = [self._grid(cells[row]) for row in there]
                part[there] = numbers_of(np.stack([grid for grid, _, _ in found]), self.latents)
                numbers[start + np.array(there)] = [told for _, *told in found]
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
        del offset
        filled = np.flatnonzero(self.presence.are("value", arrays, rows))
        seconds, level = (
            scale.decode(np.nan_to_num(arrays[name].reshape(-1)[filled]))
            for name, scale in self.scales.items()
        )
        counts = np.clip(np.rint(seconds * self.form.rate), 1, self.form.samples).astype(int)
        files, shape = [], (self.form.channels, self.form.high, self.form.frames)
        for start in range(0, len(filled), CHUNK):
            part = slice(start, start + CHUNK)
            numbers = np.nan_to_num(arrays[self.column.name][filled[part]])
            levels = self.form.decibels(grids_of(numbers, shape, self.latents))
            if self.grain is not None:
                levels = self.grain.added(levels, self.form.window, rng)
            waveforms = self.form.waveforms(levels, level[part], counts[part])
            cut = zip(waveforms, counts[part], strict=True)
            files += [sounds.write(one[:count], self.form.rate) for one, count in cut]
        return self.presence.place(pa.array(files, pa.binary()), arrays, rows)

    def blank(self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator) -> pa.Array:
        """Nothing where there is a cell."""
        del rng
        return self.presence.blank(arrays, rows).cast(pa.binary())

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

    def exact(self, condition: Condition) -> Any:
        """A sound that is given, at the rate that is made: of levels it would come back with other phases."""
        if condition.values is None or condition.negate:
            return None
        waveform, rate = sounds.read(sounds.content(condition.values[0]), MOST_SECONDS)
        return sounds.write(self.form.cut(waveform, rate), self.form.rate)

    def holds(self) -> str:
        """Their rate and longest duration."""
        most, kind = self.form.samples / self.form.rate, "stereo" if self.form.channels == 2 else "mono"
        told = f"sounds of at most {most:.2f} s at {self.form.rate:,} Hz, {kind}"
        if self.latents is None:
            return told
        told += f", as {self.latents.told()}"
        if not self.latents.judged:
            return told
        wrong = self.form.spread * self.latents.unseen**0.5
        return f"{told} (levels to {wrong:.1f} dB on {self.latents.judged:,} unseen ones)"

    def state(self) -> dict[str, Any]:
        """Rate, frames, channels, levels and the scales."""
        form = self.form
        seconds, level = self.scales.values()
        told = {} if self.latents is None else {"latents": self.latents.state()}
        told |= {} if self.grain is None else {"grain": self.grain.state()}
        return {
            "kinds": list(self.presence.kinds), "rate": form.rate, "frames": form.frames,
            "channels": form.channels, "mean": form.mean, "spread": form.spread,
            "seconds": seconds.state(), "level": level.state(), **told,
        }  # fmt: skip

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Audio":
        """Rebuild what `state` gave."""
        rate, frames, channels = (int(state[name]) for name in ("rate", "frames", "channels"))
        longest = frames_of(MOST_SECONDS, MOST_RATE) + LONG_STEP
        if not (LEAST_RATE <= rate <= MOST_RATE and 0 < frames <= longest and channels in (1, 2)):
            raise ValueError("no such sounds")
        mean, spread = float(state["mean"]), float(state["spread"])
        if not (np.isfinite(mean) and LEAST_SPREAD <= spread < np.inf):
            raise ValueError("no such levels")
        scales = (Scale.from_state(state[name]) for name in ("seconds", "level"))
        form = Form(rate, frames, channels, mean, spread)
        latents = restored(state, (channels, form.high, frames), "sounds")
        seconds, level = scales
        grain = Grain.from_state(state["grain"]) if "grain" in state and latents is not None else None
        return cls(column, Presence(column.name, tuple(state["kinds"])), form, seconds, level, latents, grain)

    def _grid(self, cell: bytes) -> tuple[np.ndarray, float, float]:
        """Levels (channels, high, frames) of a sound, of mean 0 and variance 1, its seconds and its loudest
        level.
        """
        return self.form.grid(*_opened(cell, self.column.name))


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
