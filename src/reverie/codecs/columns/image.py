"""Pictures: a grid of numbers a picture, all of one size, and back to PNG files that hold pixels alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from reverie.codecs.base import Codec, Condition, Lesson, Match, Profile, Protection
from reverie.codecs.latents import PIECE, Latents, grids_of, numbers_of, restored
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.core.space import roomy
from reverie.io import pictures
from reverie.io.sounds import is_sound
from reverie.schema.blocks import Real, RealEvidence
from reverie.schema.types import Column

MOST_SIDE, USUAL_SIDE, LEAST_SIDE = 128, 64, 8
"""Pixels on the longer side that can be learned, that are unless told, and the fewest."""
STEPS = {16: 1, 32: 2, 64: 4, 128: 8}
"""What sides are multiples of, by the most pixels of the longer: networks take patches of so many pixels."""
WITH_OTHERS = 8
"""The same where an autoencoder is given."""
COLOURED = 8
"""Levels (of 255) by which channels of one pixel differ where a picture has colours."""
MOST_PIXELS = 32
"""Pixels on the longer side up to which pixels are learned, and not latents."""
LATENT = {4: 4, 8: 8}
"""Numbers at a place of a latent grid, by the pixels on a side that it stands for."""
LEAST_SPREAD = 1.0


@dataclass(frozen=True)
class Sketch:
    """What one partition tells: kinds of cell, how often pictures have each size and number of channels, and
    their number with the sums of their mean levels and mean squared levels.
    """

    kinds: Mapping[str, int]
    sizes: Counter
    channels: Counter
    moments: np.ndarray


class Image(Codec):
    """Pictures of one size: blocks are presence, where it varies, and a grid of pixels."""

    TYPES = ("image",)
    MODALITY = "grid"
    OPTIONS: ClassVar[Mapping[str, type]] = {"side": int, "autoencoder": str}

    def __init__(
        self,
        column: Column,
        presence: Presence,
        shape: tuple[int, int, int],
        mean: float,
        spread: float,
        latents: Latents | None = None,
    ) -> None:
        self.column, self.presence, self.shape, self.mean, self.spread = column, presence, shape, mean, spread
        self.latents = latents
        *places, numbers = shape if latents is None else (*latents.shape.places, latents.shape.latent)
        grid = Real(column.name, places[0] * places[1], numbers, presence.gate, (places[0], places[1]))
        self.specs = (*presence.specs, grid)

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Whatever is binary and no sounds, as reading made sure that it is media."""
        first = profile.sample.drop_null()[:1].to_pylist()
        if not pt.is_binary(profile.sample.type) or (first and is_sound(first[0])):
            return None
        return Match("image", 1.0, f"pictures in {profile.rows - profile.nulls:,} rows")

    @classmethod
    def sketch(cls, column: Column, values: pa.Array) -> Sketch:
        """Sizes, channels and levels."""
        if not pt.is_binary(values.type) and not pt.is_null(values.type):
            raise DataError(
                f"{values.type} values are not pictures", where=column.name, fix="Change the type"
            )
        sizes, channels, moments = Counter(), Counter(), np.zeros(3)
        for cell in values.drop_null().to_pylist():
            pixels = _opened(cell, column.name)
            sizes[pixels.shape[:2]] += 1
            channels[_needed(pixels)] += 1
            levels = pixels[:, :, :3].astype(float)
            moments += (1.0, levels.mean(), np.square(levels).mean())
        return Sketch(count_kinds(values), sizes, channels, moments)

    @classmethod
    def merge(cls, column: Column, left: Sketch, right: Sketch) -> Sketch:
        """Sums."""
        del column
        kinds = add_kinds(left.kinds, right.kinds)
        both = left.sizes + right.sizes, left.channels + right.channels, left.moments + right.moments
        return Sketch(kinds, *both)

    @classmethod
    def finish(cls, column: Column, sketch: Sketch, protection: Protection) -> "Image":
        """The size that most pictures can be given, and the channels that enough of them need."""
        side = column.options.get("side")
        if side is not None and not LEAST_SIDE <= side <= MOST_SIDE:
            what = f"option 'side' is {side}, not between {LEAST_SIDE} and {MOST_SIDE}"
            raise SchemaError(what, where=column.name, fix="Correct the option in the schema")
        _, mean, square = sketch.moments / max(sketch.moments[0], 1.0)
        spread = max(float(np.sqrt(max(square - mean**2, 0.0))), LEAST_SPREAD)
        least = max(min(protection.k, sketch.channels.total()), 1)
        enough = [n for n in (4, 3) if sum(c for k, c in sketch.channels.items() if k >= n) >= least]
        channels = enough[0] if enough else 1
        if "autoencoder" in column.options:
            channels = min(channels, 3)
        step = WITH_OTHERS if "autoencoder" in column.options else None
        shape = (*_fitting(sketch.sizes, side, step), channels)
        return cls(
            column, Presence.of(column.name, sketch.kinds), shape, round(float(mean), 3), round(spread, 3)
        )

    @classmethod
    def portrait(cls, cell: bytes, side: int) -> np.ndarray:
        """In colour, whatever is transparent on white."""
        pixels = pictures.resized(pictures.as_channels(pictures.read(cell), 3), side, side)
        return pixels.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1

    @property
    def teachable(self) -> bool:
        """Whether pictures are so large that an autoencoder is to make them smaller, or one is asked for, and
        it is not there.
        """
        return self.latents is None and (self._patch > 1 or "autoencoder" in self.column.options)

    def taught(self, values: pa.ChunkedArray, lesson: Lesson) -> "Image":
        """With an autoencoder of these pictures, or the one that the column asks for."""
        from reverie.nn.autoencoder import Shape

        if not self.teachable:
            return self
        if source := self.column.options.get("autoencoder"):
            return self._adopted(values, source, lesson)
        high, wide, channels = self.shape
        shape = Shape(channels, high, wide, self._patch, LATENT[self._patch], mirrored=True)
        what = f"autoencoder of '{self.column.name}'"
        latents = Latents.of_cells(values, self._grid, shape, lesson, what)
        return Image(self.column, self.presence, self.shape, self.mean, self.spread, latents)

    def _adopted(self, values: pa.ChunkedArray, source: str, lesson: Lesson) -> "Image":
        """With an autoencoder that others trained. Raises SchemaError if it cannot be had."""
        from reverie.nn.pretrained import Pretrained

        high, wide, channels = self.shape
        try:
            net = Pretrained.load(source, channels, self.mean, self.spread)
            latents = Latents.adopt(values, self._grid, (channels, high, wide), net, lesson)
        except ValueError as error:
            what = f"the autoencoder {source!r}: {error}"
            fix = "Give in the schema a folder, or a name on the hub, of an AutoencoderTiny or AutoencoderKL"
            raise SchemaError(what, where=self.column.name, fix=fix) from None
        return Image(self.column, self.presence, self.shape, self.mean, self.spread, latents)

    @property
    def _patch(self) -> int:
        """Pixels on a side that become one place of a latent grid; 1 where pixels are learned."""
        high, wide, _ = self.shape
        side = max(high, wide)
        return 1 if side <= MOST_PIXELS else 4 if side <= USUAL_SIDE else 8

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence, and levels or latents of mean 0 and variance 1, NaN where there is no picture."""
        del rng
        spec = self.specs[-1]
        assert isinstance(spec, Real)
        found = roomy((len(values), spec.n, spec.d), np.float32)
        for start in range(0, len(values), PIECE):
            cells = values.slice(start, PIECE).to_pylist()
            there = [row for row, cell in enumerate(cells) if cell is not None]
            part = found[start : start + len(cells)]
            part[:] = np.nan
            if there:
                part[there] = numbers_of(np.stack([self._grid(cells[row]) for row in there]), self.latents)
        return {**self.presence.encode(values), self.column.name: found}

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """PNG files."""
        del rng, offset
        filled = self.presence.are("value", arrays, rows)
        numbers = np.nan_to_num(arrays[self.column.name][filled])
        high, wide, channels = self.shape
        files: list[bytes] = []
        for start in range(0, len(numbers), PIECE):
            grids = grids_of(numbers[start : start + PIECE], (channels, high, wide), self.latents)
            pixels = np.clip(np.rint(grids * self.spread + self.mean), 0, 255).astype(np.uint8)
            files += [pictures.write(one) for one in pixels.transpose(0, 2, 3, 1)]
        return self.presence.place(pa.array(files, pa.binary()), arrays, rows)

    def blank(self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator) -> pa.Array:
        """Nothing where there is a cell."""
        del rng
        return self.presence.blank(arrays, rows).cast(pa.binary())

    def evidence(self, condition: Condition) -> dict[str, Any]:
        """A picture that is given, or whether there is one."""
        if condition.values is None or condition.negate or len(condition.values) != 1:
            return self.presence.evidence(condition, "holds pictures, of which one can be given by its path")
        try:
            content = pictures.content(condition.values[0])
            pictures.read(content)
        except pictures.UnreadableError as error:
            what = f"is given a picture that is {error}"
            raise ConditionError(what, where=self.column.name, fix="Give the path of a picture") from None
        grid = self.encode(pa.array([content], pa.binary()), np.random.default_rng(0))[self.column.name]
        present = self.presence.evidence(Condition(condition.column, missing=False), "")
        return {**present, self.column.name: RealEvidence(values=grid)}

    def exact(self, condition: Condition) -> Any:
        """A picture that is given, at the size that is made: of latents it would come back blurred."""
        if condition.values is None or condition.negate:
            return None
        high, wide, channels = self.shape
        pixels = pictures.as_channels(pictures.read(pictures.content(condition.values[0])), channels)
        return pictures.write(pictures.resized(pixels, high, wide))

    def holds(self) -> str:
        """Their size."""
        high, wide, channels = self.shape
        kind = {1: "grey", 3: "in colour", 4: "with transparency"}[channels]
        told = f"pictures of {wide} by {high}, {kind}"
        if self.latents is None:
            return told
        told += f", as {self.latents.told()}"
        if not self.latents.judged:
            return told
        return f"{told} ({self.noise_ratio:.1f} dB on {self.latents.judged:,} unseen ones)"

    @property
    def noise_ratio(self) -> float:
        """Peak signal-to-noise ratio of unseen pictures that passed the autoencoder, in dB."""
        assert self.latents is not None
        return 20 * np.log10(255 / (self.spread * max(self.latents.unseen, 1e-12) ** 0.5))

    def state(self) -> dict[str, Any]:
        """Size, channels and scale."""
        kinds = list(self.presence.kinds)
        told = {"kinds": kinds, "shape": list(self.shape), "mean": self.mean, "spread": self.spread}
        return told if self.latents is None else {**told, "latents": self.latents.state()}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Image":
        """Rebuild what `state` gave."""
        high, wide, channels = (int(side) for side in state["shape"])
        if not (0 < high <= MOST_SIDE and 0 < wide <= MOST_SIDE and channels in (1, 3, 4)):
            raise ValueError("no such pictures")
        presence = Presence(column.name, tuple(state["kinds"]))
        latents = restored(state, (channels, high, wide), "pictures")
        scale = float(state["mean"]), float(state["spread"])
        return cls(column, presence, (high, wide, channels), *scale, latents)

    def _grid(self, cell: bytes) -> np.ndarray:
        """A picture at the learned size, (channels, high, wide), of mean 0 and variance 1."""
        high, wide, channels = self.shape
        pixels = pictures.resized(pictures.as_channels(_opened(cell, self.column.name), channels), high, wide)
        return ((pixels.transpose(2, 0, 1).astype(np.float32) - self.mean) / self.spread).astype(np.float32)


def _opened(cell: bytes, where: str) -> np.ndarray:
    try:
        return pictures.read(cell)
    except pictures.UnreadableError as error:
        raise DataError(f"holds pictures that are {error}", where=where, fix="Read the data anew") from None


def _needed(pixels: np.ndarray) -> int:
    """Channels without which something of a picture would be lost."""
    if pixels.shape[2] == 4 and pixels[:, :, 3].min() < 255:
        return 4
    colours = pixels[:, :, :3].astype(np.int16)
    return 3 if colours.shape[2] == 3 and np.ptp(colours, axis=2).mean() > COLOURED / 4 else 1


def _fitting(sizes: Counter, side: int | None, step: int | None) -> tuple[int, int]:
    """Height and width that fit most pictures, the longer of at most `side` pixels, multiples of `step` or of
    what a network takes.
    """
    if not sizes:
        return LEAST_SIDE, LEAST_SIDE
    shapes = np.array(list(sizes))
    weights = np.array(list(sizes.values()), float)
    high, wide = (_median(shapes[:, axis].astype(float), weights) for axis in (0, 1))
    ratio = _median(np.log(shapes[:, 0] / shapes[:, 1]), weights)
    longer = float(side or min(max(high, wide), USUAL_SIDE))
    step = step or next(step for most, step in STEPS.items() if longer <= most)
    high, wide = (longer, longer * np.exp(-ratio)) if ratio >= 0 else (longer * np.exp(ratio), longer)
    found = [int(np.clip(round(each / step) * step, LEAST_SIDE, MOST_SIDE)) for each in (high, wide)]
    return found[0], found[1]


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])


CODECS = (Image,)
