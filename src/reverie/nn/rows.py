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
WIDENED = 1 << 24
"""Bytes that are multiplied at a time."""
COMPARED = 1 << 22
"""Most rows that are compared with each other."""
COPIES = 5
"""Most copies of a row that stay together."""


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

    def divided(self, held: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions of about `held` rows that are held out at random, and of the others, both ascending.

        Some copies of a row stay together, or what was learned by heart would look as if it had been
        understood. What there are many of is no secret, and many rows are not learned by heart.
        """
        order = np.random.default_rng(seed).permutation(len(self))
        if 0 < held < len(self) <= COMPARED:
            _, one, group, times = np.unique(
                self._keys(), return_index=True, return_inverse=True, return_counts=True
            )
            place = np.argsort(order)
            together = np.where(times[group] <= COPIES, place[one][group], place)
            if (together != place).any():
                order = np.lexsort((place, together))
                begun = together[order]
                whole = int(np.searchsorted(begun, begun[held]))
                held = whole or int(np.searchsorted(begun, begun[held], side="right"))
        return np.sort(order[:held]), np.sort(order[held:])

    def _keys(self) -> np.ndarray:
        """A number for each row, (rows,) uint64, which copies share."""
        found, rng = np.zeros(len(self), np.uint64), np.random.default_rng(0)
        for array in self.arrays.values():
            width = array[:1].nbytes // array.itemsize
            factors = rng.integers(1 << 62, size=width * array.itemsize, dtype=np.uint64) * 2 + 1
            size = max(min(DIGESTED, WIDENED // max(width * array.itemsize, 1)), 1)
            for start in range(0, len(array), size):
                part = np.ascontiguousarray(array[start : start + size])
                whole = part.reshape(len(part), width).view(np.uint8).astype(np.uint64)
                found[start : start + size] += whole @ factors
        return found

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
