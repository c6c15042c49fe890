"""Pictures: a grid of numbers a picture, all of one size, and back to PNG files that hold pixels alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from reverie.codecs.base import Codec, Condition, Match, Profile, Protection
from reverie.codecs.presence import Presence, add_kinds, count_kinds
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.io import pictures
from reverie.schema.blocks import Real, RealEvidence
from reverie.schema.types import Column

MOST_SIDE, USUAL_SIDE, LEAST_SIDE = 128, 64, 8
"""Pixels on the longer side that can be learned, that are unless told, and the fewest."""
STEPS = {16: 1, 32: 2, 64: 4, 128: 8}
"""What sides are multiples of, by the most pixels of the longer: networks take patches of so many pixels."""
COLOURED = 8
"""Levels (of 255) by which channels of one pixel differ where a picture has colours."""
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
    OPTIONS: ClassVar[Mapping[str, type]] = {"side": int}

    def __init__(
        self, column: Column, presence: Presence, shape: tuple[int, int, int], mean: float, spread: float
    ) -> None:
        self.column, self.presence, self.shape, self.mean, self.spread = column, presence, shape, mean, spread
        high, wide, channels = shape
        grid = Real(column.name, high * wide, channels, presence.gate, (high, wide))
        self.specs = (*presence.specs, grid)

    @classmethod
    def matches(cls, profile: Profile) -> Match | None:
        """Whatever is binary, as reading made sure that it is pictures."""
        if not pt.is_binary(profile.sample.type):
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
        shape = (*_fitting(sketch.sizes, side), enough[0] if enough else 1)
        return cls(
            column, Presence.of(column.name, sketch.kinds), shape, round(float(mean), 3), round(spread, 3)
        )

    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Presence, and levels of mean 0 and variance 1, NaN where there is no picture."""
        del rng
        high, wide, channels = self.shape
        grid = np.full((len(values), high * wide, channels), np.nan, np.float32)
        for row, cell in enumerate(values.to_pylist()):
            if cell is not None:
                pixels = pictures.as_channels(_opened(cell, self.column.name), channels)
                grid[row] = self._scaled(pictures.resized(pixels, high, wide)).reshape(-1, channels)
        return {**self.presence.encode(values), self.column.name: grid}

    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """PNG files."""
        del rng, offset
        filled = self.presence.are("value", arrays, rows)
        levels = np.nan_to_num(arrays[self.column.name][filled]) * self.spread + self.mean
        pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8).reshape(-1, *self.shape)
        files = pa.array([pictures.write(one) for one in pixels], pa.binary())
        return self.presence.place(files, arrays, rows)

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

    def holds(self) -> str:
        """Their size."""
        high, wide, channels = self.shape
        return (
            f"pictures of {wide} by {high}, {({1: 'grey', 3: 'in colour', 4: 'with transparency'})[channels]}"
        )

    def state(self) -> dict[str, Any]:
        """Size, channels and scale."""
        kinds = list(self.presence.kinds)
        return {"kinds": kinds, "shape": list(self.shape), "mean": self.mean, "spread": self.spread}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Image":
        """Rebuild what `state` gave."""
        high, wide, channels = (int(side) for side in state["shape"])
        if not (0 < high <= MOST_SIDE and 0 < wide <= MOST_SIDE and channels in (1, 3, 4)):
            raise ValueError("no such pictures")
        presence = Presence(column.name, tuple(state["kinds"]))
        return cls(column, presence, (high, wide, channels), float(state["mean"]), float(state["spread"]))

    def _scaled(self, pixels: np.ndarray) -> np.ndarray:
        return ((pixels.astype(np.float32) - self.mean) / self.spread).astype(np.float32)


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


def _fitting(sizes: Counter, side: int | None) -> tuple[int, int]:
    """Height and width that fit most pictures, the longer of at most `side` pixels, rounded to what a
    network takes.
    """
    if not sizes:
        return LEAST_SIDE, LEAST_SIDE
    shapes = np.array(list(sizes))
    weights = np.array(list(sizes.values()), float)
    high, wide = (_median(shapes[:, axis].astype(float), weights) for axis in (0, 1))
    ratio = _median(np.log(shapes[:, 0] / shapes[:, 1]), weights)
    longer = float(side or min(max(high, wide), USUAL_SIDE))
    step = next(step for most, step in STEPS.items() if longer <= most)
    high, wide = (longer, longer * np.exp(-ratio)) if ratio >= 0 else (longer * np.exp(ratio), longer)
    found = [int(np.clip(round(each / step) * step, LEAST_SIDE, MOST_SIDE)) for each in (high, wide)]
    return found[0], found[1]


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])


CODECS = (Image,)
