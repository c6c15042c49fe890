"""Training rows: arrays of the same length, in memory or mapped from disk, handed out in batches."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch

Batch = Mapping[str, torch.Tensor]
DIGESTED = 1 << 16
"""Rows that are fingerprinted at a time."""


@dataclass(frozen=True)
class Rows:
    """Arrays (rows, ...) by name; a batch copies only its own rows, so that they may be memory-mapped.

    `weights` (rows,) are relative frequencies, 1 each if there are none.
    """

    arrays: Mapping[str, np.ndarray]
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    @cached_property
    def _mean_weight(self) -> float:
        return 1.0 if self.weights is None else float(self.weights.mean(dtype=np.float64))

    def digest(self) -> bytes:
        """A fingerprint of all rows and weights."""
        found = hashlib.blake2b()
        weights = {} if self.weights is None else {"": self.weights}
        for name, array in {**self.arrays, **weights}.items():
            found.update(repr((name, array.shape, array.dtype.str)).encode())
            for start in range(0, len(array), DIGESTED):
                found.update(np.ascontiguousarray(array[start : start + DIGESTED]).tobytes())
        return found.digest()

    def batch(self, positions: np.ndarray, device: torch.device) -> tuple[Batch, torch.Tensor]:
        """Tensors of the rows at `positions`, and their weights, of mean 1 over all rows."""
        weights = np.ones(len(positions), np.float32)
        if self.weights is not None:
            weights = (self.weights[positions] / self._mean_weight).astype(np.float32)
        # Pages are read in the order of the file.
        order = np.argsort(positions, kind="stable")
        held = {
            name: torch.from_numpy(np.ascontiguousarray(array[positions[order]])).to(device)
            for name, array in self.arrays.items()
        }
        return held, torch.from_numpy(weights[order]).to(device)


def batches(positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """The positions in parts of `size`; a last part of under half of it joins the one before."""
    count = max(int(len(positions) / size + 0.5), 1)
    edges = np.minimum(np.arange(count + 1) * size, len(positions))
    edges[-1] = len(positions)
    return (positions[start:stop] for start, stop in pairwise(edges))
