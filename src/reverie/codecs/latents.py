"""Latents: grids of many numbers as grids of few, by an autoencoder that a codec learns or is given."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Lesson
from reverie.core.space import roomy
from reverie.nn.weights import arrays_of, load_arrays, seeded

if TYPE_CHECKING:
    from reverie.nn.autoencoder import Autoencoder, Shape
    from reverie.nn.pretrained import Pretrained

MOST_CELLS = 1 << 28
"""Numbers of all grids together that are learned from."""
UNSEEN, MOST_UNSEEN = 0.05, 256
"""Share of the grids, and the most of them, that are not learned from: they tell how well others are kept."""
STEPS = 2_500
"""Steps of training without a limit of time."""
PIECE = 256
"""Cells that are unpacked at a time."""
CHUNK = 64
"""Grids that pass a network at a time."""
PATCHES = (2, 4, 8)
"""Sides of what becomes one place."""
MOST_WIDTH, MOST_BLOCKS, MOST_LATENT, MOST_SIDE = 512, 8, 64, 1_024
"""What a stored network may have."""
LEAST_SPREAD = 1e-3
SCALED = 2_000
"""Grids by which the scale of latents is told."""


@dataclass(frozen=True)
class Latents:
    """An autoencoder of grids (rows, channels, high, wide), with the scale of its latents; `unseen` is the
    mean squared error of `judged` grids that were not learned from.
    """

    shape: "Shape"
    net: "Autoencoder | Pretrained" = field(repr=False)
    mean: np.ndarray = field(repr=False)
    spread: np.ndarray = field(repr=False)
    unseen: float
    judged: int

    @classmethod
    def learn(cls, grids: np.ndarray, shape: "Shape", lesson: Lesson, what: str) -> "Latents":
        """From grids (rows, channels, high, wide) of mean 0 and variance 1; progress is told of `what`."""
        from reverie.nn.autoencoder import Autoencoder, Reconstruction
        from reverie.nn.rows import Rows
        from reverie.nn.train import Training, train

        order = lesson.rng.permutation(len(grids))
        held = min(int(UNSEEN * len(order)), MOST_UNSEEN)
        kept = np.sort(order[held:])
        with seeded(lesson.rng) as seed:
            task = Reconstruction(Autoencoder(shape), mirrored=shape.mirrored)
            training = Training(
                batch=32, least_batch=16, rate=2e-3, average=0.99, clip=1.0, cosine=True, steps=STEPS,
                epochs=STEPS, most_steps=250, holdout=0.05, judged=128,
            )  # fmt: skip
            if lesson.seconds is not None:
                # The cosine goes by time alone.
                training = replace(training, steps=1 << 30, epochs=1 << 30)
            train(
                task, Rows({"grid": grids[kept]}), training, seed=seed, seconds=lesson.seconds,
                device=lesson.device, threads=lesson.threads,
                on_epoch=lambda epoch: lesson.tell(what, epoch.done),
            )  # fmt: skip
        return cls._scaled(shape, task.net, grids[kept[:: -(-len(kept) // SCALED)]], grids[order[:held]])

    @classmethod
    def _scaled(
        cls, shape: "Shape", net: "Autoencoder | Pretrained", some: np.ndarray, test: np.ndarray
    ) -> "Latents":
        """With the scale that latents of `some` grids have, and the error of those of a `test`."""
        made = cls(shape, net, np.zeros(shape.latent), np.ones(shape.latent), 0.0, len(test))
        found = made.encode(some).astype(float)
        spread = np.maximum(found.std((0, 1)), LEAST_SPREAD)
        made = replace(made, mean=found.mean((0, 1)), spread=spread)
        if not len(test):
            return made
        return replace(made, unseen=float(np.square(made.decode(made.encode(test)) - test).mean()))

    @classmethod
    def of_cells(
        cls,
        cells: pa.ChunkedArray,
        grid: Callable[[Any], np.ndarray],
        shape: "Shape",
        lesson: Lesson,
        what: str,
    ) -> "Latents | None":
        """As `learn`, of a column's cells, each of which is a `grid` (channels, high, wide); None of none."""
        grids = some_of(cells, grid, (shape.channels, shape.high, shape.wide), lesson.rng, MOST_CELLS)
        return cls.learn(grids, shape, lesson, what) if len(grids) else None

    @classmethod
    def adopt(
        cls,
        cells: pa.ChunkedArray,
        grid: Callable[[Any], np.ndarray],
        size: tuple[int, int, int],
        net: "Pretrained",
        lesson: Lesson,
    ) -> "Latents":
        """By an autoencoder that others trained, of a column's cells of a `size` (channels, high, wide).
        Raises ValueError if it takes none of that size.
        """
        from reverie.nn.autoencoder import Shape

        channels, high, wide = size
        if high % net.patch or wide % net.patch or net.patch not in PATCHES:
            raise ValueError(f"takes patches of {net.patch} pixels, and pictures are {wide} by {high}")
        shape = Shape(channels, high, wide, net.patch, net.latent)
        some = some_of(cells, grid, size, lesson.rng, min(MOST_CELLS, SCALED * channels * high * wide))
        return cls._scaled(shape, net, some, some[:MOST_UNSEEN])

    def told(self) -> str:
        """Their size, in a few words."""
        high, wide = self.shape.places
        return f"{wide} by {high} places of {self.shape.latent} numbers"

    def encode(self, grids: np.ndarray) -> np.ndarray:
        """Latents (rows, places, latent) float32 of mean 0 and variance 1."""
        import torch

        parts = [np.zeros((0, self.shape.latent, *self.shape.places), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(grids), CHUNK):
                part = torch.from_numpy(np.ascontiguousarray(grids[start : start + CHUNK], np.float32))
                parts.append(self.net.means(part).numpy())
        found = np.concatenate(parts).transpose(0, 2, 3, 1)
        found = found.reshape(len(grids), found.shape[1] * found.shape[2], self.shape.latent)
        return ((found - self.mean) / self.spread).astype(np.float32)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Grids (rows, channels, high, wide) float32 of latents (rows, places, latent)."""
        import torch

        scaled = (latents * self.spread + self.mean).astype(np.float32)
        placed = scaled.reshape(len(latents), *self.shape.places, self.shape.latent).transpose(0, 3, 1, 2)
        parts = [np.zeros((0, self.shape.channels, self.shape.high, self.shape.wide), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(latents), CHUNK):
                part = torch.from_numpy(np.ascontiguousarray(placed[start : start + CHUNK]))
                parts.append(self.net.decode(part).numpy())
        return np.concatenate(parts)

    def state(self) -> dict[str, Any]:
        """Shape, scale, figures and weights."""
        from reverie.nn.autoencoder import Autoencoder

        told = {"shape": asdict(self.shape), "unseen": self.unseen, "judged": self.judged}
        told |= {"mean": self.mean, "spread": self.spread}
        if isinstance(self.net, Autoencoder):
            return {**told, "weights": arrays_of(self.net)}
        return {**told, "levels": [self.net.mean, self.net.spread], "pretrained": self.net.state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Latents":
        """Rebuild what `state` gave. Raises ValueError or ArtifactError if it makes no sense."""
        from reverie.nn.autoencoder import Shape

        shape = Shape(**state["shape"])
        mean, spread = (np.asarray(state[name], float) for name in ("mean", "spread"))
        limits = {"width": MOST_WIDTH, "blocks": MOST_BLOCKS, "fine": MOST_WIDTH, "latent": MOST_LATENT}
        sound = all(0 < getattr(shape, name) <= most for name, most in limits.items())
        sides = shape.high, shape.wide
        sound = sound and 0 < shape.channels <= MOST_LATENT and all(0 < side <= MOST_SIDE for side in sides)
        sound = sound and shape.patch in PATCHES and shape.width % 8 == shape.fine % 8 == 0
        sound = sound and all(side % shape.patch == 0 for side in sides)
        if not (sound and mean.shape == spread.shape == (shape.latent,) and (spread > 0).all()):
            raise ValueError("no such latents")
        net = _restored(shape, state)
        return cls(shape, net, mean, spread, float(state["unseen"]), int(state["judged"]))


def _restored(shape: "Shape", state: Mapping[str, Any]) -> "Autoencoder | Pretrained":
    """The network of that shape in a state."""
    if "pretrained" in state:
        from reverie.nn.pretrained import Pretrained

        mean, spread = map(float, state["levels"])
        net = Pretrained.from_state(state["pretrained"], shape.channels, mean, spread)
        if (net.patch, net.latent) != (shape.patch, shape.latent) or not (
            np.isfinite(mean) and 0 < spread < 1e6
        ):
            raise ValueError("the autoencoder is of another shape")
        return net
    from reverie.nn.autoencoder import Autoencoder

    net = Autoencoder(shape)
    load_arrays(net, state["weights"])
    return net


def some_of(
    cells: pa.ChunkedArray,
    grid: Callable[[Any], np.ndarray],
    size: tuple[int, int, int],
    rng: np.random.Generator,
    most: int,
) -> np.ndarray:
    """Grids (rows, *size) of any cells that are there, of at most so many numbers together."""
    places = np.flatnonzero(cells.is_valid().to_numpy())
    places = np.sort(rng.permutation(places)[: max(most // int(np.prod(size)), 1)])
    grids = roomy((len(places), *size), np.float32)
    for start in range(0, len(places), PIECE):
        some = cells.take(pa.array(places[start : start + PIECE])).to_pylist()
        grids[start : start + len(some)] = [grid(cell) for cell in some]
    return grids


def numbers_of(grids: np.ndarray, latents: Latents | None) -> np.ndarray:
    """Grids (rows, channels, high, wide), or their latents if there are any, as a block (rows, n, d)."""
    if latents is not None:
        return latents.encode(grids)
    return grids.transpose(0, 2, 3, 1).reshape(len(grids), -1, grids.shape[1])


def grids_of(numbers: np.ndarray, shape: tuple[int, int, int], latents: Latents | None) -> np.ndarray:
    """The way back, to grids of the `shape` (channels, high, wide)."""
    if latents is not None:
        return latents.decode(numbers)
    channels, high, wide = shape
    return numbers.reshape(-1, high, wide, channels).transpose(0, 3, 1, 2)


def restored(state: Mapping[str, Any], shape: tuple[int, int, int], what: str) -> Latents | None:
    """The latents in a codec's state, if there are; ValueError unless they are of grids of that `shape`
    (channels, high, wide), those of `what`.
    """
    if "latents" not in state:
        return None
    latents = Latents.from_state(state["latents"])
    if (latents.shape.channels, latents.shape.high, latents.shape.wide) != shape:
        raise ValueError(f"latents are of other {what}")
    return latents
