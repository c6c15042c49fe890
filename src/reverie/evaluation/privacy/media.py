"""Memorised media: are synthetic ones nearer to those the model learned from than unseen ones are?

As of rows, with as many learned from as unseen ones a generator that copies nothing is nearer to one that was
learned from half of the time. Sources: Platzer and Reutterer (2021); Carlini et al. (2023), Extracting
Training Data from Diffusion Models, section 4.2 (distances to the nearest).
"""

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.columnwise import worst
from reverie.evaluation.intervals import wilson
from reverie.evaluation.likeness import NEAR, Likeness, likeness, media_columns
from reverie.io.attachments import kind_of


class Media(Measure):
    """How near synthetic pictures and sounds come to those learned from, beside unseen ones."""

    name = "media"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`media_nearer` and `media_copies` of the column where they are worst; none without a column of
        media or a holdout, or with too few.
        """
        names = media_columns(comparison.schema)
        return worst(((name, _column(comparison, name)) for name in names), lambda one: one.low)


def _column(comparison: Comparison, name: str) -> list[Measurement]:
    found = likeness(comparison, name)
    if found is None:
        return []
    what = f"{_name(comparison.fake.column(name))} of '{name}'"
    return [_nearer(found, what), _copies(found, what)]


def _name(cells: pa.ChunkedArray) -> str:
    kind = kind_of(cells.drop_null()[0].as_py())
    return "pictures" if kind is None else kind.name


def _nearer(found: Likeness, what: str) -> Measurement:
    own, other = found.even.distance, found.other.distance
    nearer = own < other
    share = float(np.mean(nearer + 0.5 * (own == other)))
    # Those with the same nearest one are one piece of evidence.
    _, sizes = np.unique(np.where(nearer, found.even.others, -1 - np.arange(len(nearer))), return_counts=True)
    low, high = wilson(share, len(nearer) ** 2 / float(np.square(sizes.astype(float)).sum()))
    about = f"Share of synthetic {what} nearer to one that was learned from than to an unseen one"
    return Measurement(
        "media_nearer", share, low, high, 0.5, len(nearer), "target", 0.5, f"{about}; 0.5 is no copying."
    )


def _copies(found: Likeness, what: str) -> Measurement:
    """Those as near as only one in a hundred unseen ones is; the rows of the others are kept as clear."""
    near, unseen = found.near, found.floor.distance <= found.limit
    share, floor = float(near.mean()), float(unseen.mean())
    low, high = wilson(share, len(near))
    about = f"Per cent of synthetic {what} as near to one that was learned from as {NEAR:.0%} of"
    detail = {"floor_n": len(unseen), "attack": share, "control": floor}
    return Measurement(
        "media_copies", 100 * share, 100 * low, 100 * high, 100 * floor, len(near), "lower", 0.0,
        f"{about} unseen ones are.", detail | {"clear": found.own.rows[~near].tolist()},
    )  # fmt: skip


MEASURE = Media()
