"""Memorised media: are synthetic ones nearer to those the model learned from than unseen ones are?

Pictures are compared by their pixels, all of one small size, so that shifts of a pixel or of a level change
little; sounds by what is how loud when in them, likewise small, whatever their loudness and length. As of
rows, with as many learned from as unseen ones a generator that copies nothing is nearer to one that was
learned from half of the time. Sources: Platzer and Reutterer (2021); Carlini et al. (2023), Extracting
Training Data from Diffusion Models, section 4.2 (distances to the nearest).
"""

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Codec, codec_for
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import wilson
from reverie.io.attachments import kind_of

MOST = 2_000
"""Pictures or sounds of each table that are looked at."""
FEWEST = 50
SIDE = 16
"""Pixels on a side of pictures, or bands and moments of sounds, that are compared."""
NEAR = 0.01
"""A synthetic one counts as a copy if it is nearer to a known one than this share of unseen ones are."""


class Media(Measure):
    """How near synthetic pictures and sounds come to those learned from, beside unseen ones."""

    name = "media"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`media_nearer` and `media_copies` of the column where they are worst; none without a column of
        media or a holdout, or with too few.
        """
        names = [column.name for column in comparison.schema.columns if codec_for(column).MODALITY == "grid"]
        if comparison.holdout is None:
            return []
        found = [pair for name in names if (pair := _column(comparison, comparison.holdout, name))]
        return [max(kind, key=lambda one: one.low) for kind in zip(*found, strict=True)] if found else []


def _column(comparison: Comparison, holdout: pa.Table, name: str) -> tuple[Measurement, Measurement] | None:
    rng = comparison.generator("media", name)
    tables = (comparison.real, holdout, comparison.fake)
    codec = codec_for(next(column for column in comparison.schema.columns if column.name == name))
    train, unseen, fake = (_points(table.column(name), codec, rng) for table in tables)
    size = min(len(train), len(unseen))
    if min(size, len(fake)) < FEWEST:
        return None
    train, unseen = train[:size], unseen[:size]
    own, (other, _) = _nearest(fake, train), _nearest(fake, unseen)
    what = f"{_name(comparison.fake.column(name))} of '{name}'"
    return _nearer(own, other, what), _copies(own[0], _nearest(unseen, train)[0], what)


def _name(cells: pa.ChunkedArray) -> str:
    kind = kind_of(cells.drop_null()[0].as_py())
    return "pictures" if kind is None else kind.name


def _points(cells: pa.ChunkedArray, codec: type[Codec], rng: np.random.Generator) -> np.ndarray:
    """Some pictures or sounds as points, (cells, numbers) float32."""
    there = np.flatnonzero(cells.is_valid().to_numpy())
    points = [codec.portrait(cells[int(row)].as_py(), SIDE) for row in rng.permutation(there)[:MOST]]
    return np.reshape(points, (len(points), -1)).astype(np.float32)


def _nearest(queries: np.ndarray, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest record and its place, both (queries,)."""
    gaps = np.square(queries).sum(1)[:, None] - 2 * queries @ records.T + np.square(records).sum(1)
    places = gaps.argmin(1)
    # Row by row, free of the rounding of the products.
    return np.sqrt(np.square(queries - records[places]).sum(1)), places


def _nearer(own: tuple[np.ndarray, np.ndarray], other: np.ndarray, what: str) -> Measurement:
    nearer = own[0] < other
    share = float(np.mean(nearer + 0.5 * (own[0] == other)))
    # Those with the same nearest one are one piece of evidence.
    _, sizes = np.unique(np.where(nearer, own[1], -1 - np.arange(len(nearer))), return_counts=True)
    low, high = wilson(share, len(nearer) ** 2 / float(np.square(sizes.astype(float)).sum()))
    about = f"Share of synthetic {what} nearer to one that was learned from than to an unseen one"
    return Measurement(
        "media_nearer", share, low, high, 0.5, len(nearer), "target", 0.5, f"{about}; 0.5 is no copying."
    )


def _copies(near: np.ndarray, unseen: np.ndarray, what: str) -> Measurement:
    """Those as near as only one in a hundred unseen pictures is."""
    limit = float(np.quantile(unseen, NEAR))
    share, floor = float((near <= limit).mean()), float((unseen <= limit).mean())
    low, high = wilson(share, len(near))
    about = f"Per cent of synthetic {what} as near to one that was learned from as {NEAR:.0%} of"
    return Measurement(
        "media_copies", 100 * share, 100 * low, 100 * high, 100 * floor, len(near), "lower", 0.0,
        f"{about} unseen ones are.", {"floor_n": len(unseen), "attack": share, "control": floor},
    )  # fmt: skip


MEASURE = Media()
