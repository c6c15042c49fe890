"""What cells of pictures or sounds show, told by a network that learned the user's own real rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from reverie.codecs.base import codec_for
from reverie.evaluation.base import Comparison
from reverie.evaluation.view import Side

if TYPE_CHECKING:
    from reverie.nn.recognition import Recogniser

MOST = 3_000
"""Cells of a table that are looked at."""
SIDE = 32
"""Places on a side of a cell that is looked at."""
PASSES, STEPS, BATCH = 20, 600, 64
"""Passes over the cells in training, the most steps, and cells of one."""
MOST_LABELS = 100
"""Labels of a category that is told from cells."""
CHUNK = 256


@dataclass(frozen=True)
class Cells:
    """Some rows of a table that have a cell: `grids` (rows, channels, side, side), and their columns."""

    grids: np.ndarray
    side: Side

    def __len__(self) -> int:
        return len(self.grids)


@dataclass(frozen=True)
class Told:
    """What is told of cells: `features` (rows, d) and codes (rows, categories)."""

    features: np.ndarray
    codes: np.ndarray


def cells_of(comparison: Comparison, table: pa.Table, side: Side, name: str) -> Cells:
    """At most 3,000 random rows that have a cell in the column `name`."""
    column = next(column for column in comparison.schema.columns if column.name == name)
    rng, values = comparison.generator("recognition", name), table.column(name)
    rows = np.sort(rng.permutation(np.flatnonzero(values.is_valid().to_numpy()))[:MOST])
    portrait = codec_for(column).portrait
    grids = [portrait(values[int(row)].as_py(), SIDE) for row in rows]
    return Cells(np.stack(grids) if grids else np.zeros((0, 1, SIDE, SIDE), np.float32), side.take(rows))


@dataclass(frozen=True)
class Recognised:
    """A network that learned the numbers of a side and the categories at its places `categories`."""

    net: "Recogniser"
    categories: tuple[int, ...]

    @classmethod
    def learn(cls, cells: Cells, sizes: list[int], seed: int) -> "Recognised":
        """From real cells; `sizes` are the numbers of labels of the side's categories.

        Where there is no column to tell, how cells are turned is learned (Gidaris et al. 2018).
        """
        from reverie.nn.recognition import Recogniser, Recognition
        from reverie.nn.rows import Rows
        from reverie.nn.train import Training, train
        from reverie.nn.weights import seeded

        told = tuple(place for place, size in enumerate(sizes) if 1 < size <= MOST_LABELS)
        numbers = cells.side.numbers
        centre, scale = _moments(numbers)
        arrays = {
            "grid": cells.grids,
            "codes": cells.side.codes[:, told].astype(np.int32),
            "numbers": ((numbers - centre) / scale).astype(np.float32),
        }
        labels = [sizes[place] for place in told]
        if not labels and not numbers.shape[1]:
            turns = np.random.default_rng(seed).integers(0, 4, len(cells))
            turned = [np.rot90(one, turn, (1, 2)) for one, turn in zip(cells.grids, turns, strict=True)]
            arrays |= {"grid": np.stack(turned), "codes": turns.astype(np.int32)[:, None]}
            labels = [4]
        steps = int(np.clip(PASSES * len(cells) / BATCH, 1, STEPS))
        with seeded(np.random.default_rng(seed)):
            net = Recogniser(cells.grids.shape[1], labels, numbers.shape[1])
            training = Training(
                batch=BATCH, least_batch=BATCH, steps=steps, epochs=steps, rate=2e-3, cosine=True, clip=5.0,
                average=0.9, holdout=0.0, most_steps=steps,
            )  # fmt: skip
            train(Recognition(net), Rows(arrays), training, seed=seed, device="cpu")
        return cls(net, told)

    def tell(self, cells: Cells) -> Told:
        """What the network tells of cells."""
        import torch

        found: list[tuple[np.ndarray, ...]] = []
        with torch.inference_mode():
            for start in range(0, max(len(cells), 1), CHUNK):
                part = torch.from_numpy(cells.grids[start : start + CHUNK])
                logits, _ = self.net(part)
                best = [one.argmax(1).numpy() for one in logits]
                codes = np.stack(best, 1) if best else np.zeros((len(part), 0), np.int64)
                found.append((self.net.features(part).numpy(), codes))
        features, codes = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Told(features.astype(float), codes)


def _moments(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each column, 0 and 1 where there is nothing."""
    there = ~np.isnan(numbers)
    count = np.maximum(there.sum(0), 1)
    centre = np.where(there, numbers, 0.0).sum(0) / count
    scale = np.sqrt(np.where(there, np.square(numbers - centre), 0.0).sum(0) / count)
    return centre, np.where(scale > 0, scale, 1.0)
