"""Weighted distinct numbers: the mergeable sketch of a column of numbers, in bounded memory."""

from dataclasses import dataclass

import numpy as np

LIMIT = 1 << 17


@dataclass(frozen=True)
class Counts:
    """Sorted distinct `values` (int64 or float64, no NaN) and how many rows hold each (int64).

    Above `LIMIT` distinct values, light neighbours are joined into centroids of nearly equal mass; heavy
    values stay exact.
    """

    values: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Counts":
        """Count `values` (rows,), int64 or float64 without NaN. Negative zero is zero."""
        distinct, counts = np.unique(values + 0, return_counts=True)
        return cls(distinct, counts)._thinned()

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def merge(self, other: "Counts") -> "Counts":
        """The counts of both together."""
        values = np.concatenate([self.values, other.values])
        return _summed(values, np.concatenate([self.counts, other.counts]))._thinned()

    def map(self, values: np.ndarray) -> "Counts":
        """The same counts with `values` in place of the values, joined where they have become equal."""
        return _summed(values, self.counts)

    def _thinned(self) -> "Counts":
        if len(self.values) <= LIMIT:
            return self
        heavy = self.counts >= self.rows / (LIMIT // 8)
        light = np.where(heavy, 0, self.counts)
        room = max(light.sum() / (LIMIT // 2), 1)
        bucket = ((np.cumsum(light) - light) / room).astype(np.int64)
        begins = (np.diff(bucket, prepend=-1) != 0) | heavy | np.r_[False, heavy[:-1]]
        starts, group = np.flatnonzero(begins), np.cumsum(begins) - 1
        counts = np.add.reduceat(self.counts, starts)
        # Relative to its first member, so that the mean of a group of large whole numbers stays precise.
        first = self.values[starts]
        offset = np.add.reduceat(self.counts / counts[group] * (self.values - first[group]), starts)
        offset = np.where(np.isfinite(offset), offset, 0)
        if self.values.dtype == np.int64:
            offset = np.rint(offset).astype(np.int64)
        return _summed(first + offset, counts)


def _summed(values: np.ndarray, counts: np.ndarray) -> Counts:
    """Sort, and add up the counts of equal values."""
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    if not len(values):
        return Counts(values, counts)
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return Counts(values[starts], np.add.reduceat(counts, starts))
