"""How near synthetic pictures and sounds come to those learned from, and unseen ones by themselves.

Pictures are compared by their pixels, all of one small size, so that shifts of a pixel or of a level change
little; sounds by what is how loud when in them, likewise small, whatever their loudness and length.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Codec, codec_for
from reverie.evaluation.base import Comparison
from reverie.schema.types import Table

MOST = 2_000
"""Pictures or sounds of each table that are looked at."""
FEWEST = 50
SIDE = 16
"""Pixels on a side of pictures, or bands and moments of sounds, that are compared."""
NEAR = 0.01
"""A synthetic one counts as a copy if it is nearer to a known one than this share of unseen ones are."""


@dataclass(frozen=True)
class Points:
    """Cells of the rows (n,) of a table as points (n, d) float32 of numbers in [-1, 1]."""

    rows: np.ndarray
    at: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Nearest:
    """For each of the rows (n,) of a table the row (n,) of another that is nearest, and its distance (n,)."""

    rows: np.ndarray
    others: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True)
class Likeness:
    """What is nearest: `own` of those learned from to each synthetic one, and `floor` to each unseen one.

    `even` and `other` are the nearest to each synthetic one among as many learned from as unseen ones.
    Distances are of points of `width` numbers.
    """

    own: Nearest
    floor: Nearest
    even: Nearest
    other: Nearest
    width: int

    @property
    def limit(self) -> float:
        """The distance up to which a cell counts as a copy: one in a hundred unseen ones is as near."""
        return float(np.quantile(self.floor.distance, NEAR))

    @property
    def near(self) -> np.ndarray:
        """Which of the synthetic ones count as copies, (n,) bool."""
        return self.own.distance <= self.limit

    def share(self, distance: float) -> float:
        """A distance as the typical difference of a number, as a share of what numbers can differ."""
        return float(distance / (2 * self.width**0.5))


def media_columns(schema: Table) -> list[str]:
    """The columns whose cells are pictures or sounds."""
    return [column.name for column in schema.columns if codec_for(column).MODALITY == "grid"]


def likeness(comparison: Comparison, name: str) -> Likeness | None:
    """What is nearest in a column of media; None without a holdout, or with fewer than 50 of any."""
    if comparison.holdout is None:
        return None
    rng = comparison.generator("media", name)
    tables = (comparison.real, comparison.holdout, comparison.fake)
    codec = codec_for(next(column for column in comparison.schema.columns if column.name == name))
    train, unseen, fake = (_points(table.column(name), codec, rng) for table in tables)
    size = min(len(train), len(unseen))
    if min(size, len(fake)) < FEWEST:
        return None
    some, others = (Points(one.rows[:size], one.at[:size]) for one in (train, unseen))
    return Likeness(
        nearest(fake, train), nearest(unseen, train), nearest(fake, some), nearest(fake, others),
        fake.at.shape[1],
    )  # fmt: skip


def nearest(queries: Points, records: Points) -> Nearest:
    """The nearest record of each query."""
    one, other = queries.at, records.at
    gaps = np.square(one).sum(1)[:, None] - 2 * one @ other.T + np.square(other).sum(1)
    places = gaps.argmin(1)
    # Row by row, free of the rounding of the products.
    distance = np.sqrt(np.square(one - other[places]).sum(1))
    return Nearest(queries.rows, records.rows[places], distance)


def _points(cells: pa.ChunkedArray, codec: type[Codec], rng: np.random.Generator) -> Points:
    """Some pictures or sounds."""
    rows = rng.permutation(np.flatnonzero(cells.is_valid().to_numpy()))[:MOST]
    points = [codec.portrait(cells[int(row)].as_py(), SIDE) for row in rows]
    return Points(rows, np.reshape(points, (len(points), -1)).astype(np.float32))
