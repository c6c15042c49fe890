"""A table as small codes, one feature a row: what boosting and lines learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Bins:
    """Features as small codes: `codes` (features, rows) uint8, of which there are `sizes` (features,).

    `ordered` (features,) says whose codes are places on a line.
    """

    codes: np.ndarray
    sizes: np.ndarray
    ordered: np.ndarray

    @property
    def rows(self) -> int:
        return self.codes.shape[1]

    def take(self, rows: np.ndarray) -> "Bins":
        """The rows at integer positions or where the mask is true."""
        return replace(self, codes=np.ascontiguousarray(self.codes[:, rows]))

    def head(self, count: int) -> "Bins":
        """The first `count` features."""
        return Bins(self.codes[:count], self.sizes[:count], self.ordered[:count])

    def arranged(self, order: Sequence[int] | np.ndarray) -> "Bins":
        """The features at the positions `order`."""
        at = np.asarray(order, dtype=np.int64)
        return Bins(self.codes[at], self.sizes[at], self.ordered[at])

    def with_feature(self, codes: np.ndarray, size: int) -> "Bins":
        """One more, ordered, feature."""
        stacked = np.concatenate([self.codes, codes.astype(np.uint8)[None]])
        return Bins(stacked, np.append(self.sizes, size), np.append(self.ordered, True))
