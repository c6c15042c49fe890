"""The two nearest records of each query among mixed columns, by brute force in matrix products.

Squared distance: numbers scaled to the real data's range count their squared difference, a missing one lies
at -1; a category counts 1 where it differs, missing being a category.
"""

from dataclasses import dataclass

import numpy as np

from reverie.evaluation.view import Field, Side, View

CHUNK = 64
WIDE = 24
"""Categories of more labels than this are compared code by code, not by one-hot columns."""


@dataclass(frozen=True)
class Nearest:
    """For each query the distances to its nearest and second nearest record, and the place of the nearest."""

    first: np.ndarray
    second: np.ndarray
    record: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """Nearest over second nearest distance, in [0, 1]; 1 where both are 0."""
        return np.divide(self.first, self.second, out=np.ones_like(self.first), where=self.second > 0)

    def take(self, queries: np.ndarray) -> "Nearest":
        """The queries at integer positions."""
        return Nearest(self.first[queries], self.second[queries], self.record[queries])


def nearest(view: View, queries: Side, records: Side) -> Nearest:
    """The nearest records; at least two records are needed."""
    scale = _scale(view.real.numbers)
    wide = [field for field in view.categories if len(field.labels) > WIDE]
    points = [_embed(view, side, scale) for side in (queries, records)]
    lengths = np.square(points[1]).sum(1)
    places = np.empty((queries.rows, 2), np.int64)
    for start in range(0, queries.rows, CHUNK):
        rows = slice(start, start + CHUNK)
        # The query's own length is the same for all records, and left out.
        gaps = points[0][rows] @ (-2 * points[1].T) + lengths
        for field in wide:
            gaps += queries.codes[rows, field.index, None] != records.codes[None, :, field.index]
        places[rows] = _two_smallest(gaps)
    distances = np.stack([_exact(queries, records.take(places[:, k]), scale) for k in (0, 1)], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    distances, places = (np.take_along_axis(array, order, axis=1) for array in (distances, places))
    return Nearest(distances[:, 0], distances[:, 1], places[:, 0])


def _two_smallest(gaps: np.ndarray) -> np.ndarray:
    rows = np.arange(len(gaps))
    first = gaps.argmin(1)
    gaps[rows, first] = np.inf
    return np.stack([first, gaps.argmin(1)], axis=1)


def _scale(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest value and range of each column; a range of 0 is taken as 1."""
    holes = np.isnan(numbers)
    low = np.min(numbers, axis=0, initial=np.inf, where=~holes)
    high = np.max(numbers, axis=0, initial=-np.inf, where=~holes)
    usable = high > low
    return np.where(np.isfinite(low), low, 0), np.where(usable, high - np.where(usable, low, 0), 1)


def _scaled(side: Side, scale: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.nan_to_num((side.numbers - scale[0]) / scale[1], nan=-1.0)


def _embed(view: View, side: Side, scale: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    narrow = [field for field in view.categories if len(field.labels) <= WIDE]
    parts = [_scaled(side, scale).astype(np.float32), *(_one_hot(field, side) for field in narrow)]
    return np.ascontiguousarray(np.hstack(parts))


def _one_hot(field: Field, side: Side) -> np.ndarray:
    return (np.eye(len(field.labels) + 1, dtype=np.float32) * np.float32(0.5**0.5))[
        side.codes[:, field.index]
    ]


def _exact(queries: Side, records: Side, scale: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Distances row by row, free of the rounding of the products, so that equal distances are found equal."""
    squares = np.square(_scaled(queries, scale) - _scaled(records, scale)).sum(1)
    return np.sqrt(squares + (queries.codes != records.codes).sum(1))
