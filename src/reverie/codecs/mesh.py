"""Round numbers: prices in hundreds, areas in tens. Multiples of a unit get more than an even share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

UNITS = np.unique([unit * 10**power for unit in (2, 5, 10, 20, 25, 50) for power in range(9)])
_BLOCK_ROWS = 100
_SURE = 5.0
_WORTH = 0.02
_MOST = 1 - 1e-4


@dataclass(frozen=True)
class Mesh:
    """For each piece of a grid (m,), of numbers `low`..`high`: a share `extra` of its rows is on multiples of
    `unit`, and the others are spread evenly over all of its numbers.

    Places within a piece run from 0 to 1, and steps count numbers from `low`; both ascend together.
    """

    low: np.ndarray
    high: np.ndarray
    unit: np.ndarray
    extra: np.ndarray

    @cached_property
    def _first(self) -> np.ndarray:
        """Steps to the first multiple."""
        return (-self.low % self.unit).astype(np.float64)

    @cached_property
    def _multiples(self) -> np.ndarray:
        return count_multiples(self.low, self.high, self.unit)

    @cached_property
    def even(self) -> np.ndarray:
        """The share of a piece that each of its numbers has at least."""
        return (1 - self.extra) / (self.high - self.low + 1)

    @cached_property
    def _bonus(self) -> np.ndarray:
        return self.extra / np.maximum(self._multiples, 1)

    def below(self, piece: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """The share of the piece that its first `steps` numbers have."""
        passed = np.ceil((steps - self._first[piece]) / self.unit[piece])
        return self.even[piece] * steps + self._bonus[piece] * np.maximum(passed, 0)

    def cell(self, piece: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The share of the piece that each number has."""
        return self.even[piece] + np.where(values % self.unit[piece] == 0, self._bonus[piece], 0)

    def steps(self, piece: np.ndarray, within: np.ndarray) -> np.ndarray:
        """The number that the place `within` its piece falls on, in steps, float64."""
        even, bonus, first, unit = (
            each.take(piece) for each in (self.even, self._bonus, self._first, self.unit)
        )
        ahead = within - first * even
        lap = even * unit + bonus
        laps = np.clip(np.floor(ahead / lap), 0, self._multiples.take(piece) - 1)
        rest = np.maximum(ahead - laps * lap - bonus, 0)
        return np.where(ahead < 0, np.floor(within / even), first + laps * unit + np.floor(rest / even))


def count_multiples(low: np.ndarray, high: np.ndarray, unit: np.ndarray | int) -> np.ndarray:
    """How many multiples of `unit` lie in `low`..`high`, both included."""
    return high // unit - (low - 1) // unit


def learn_mesh(
    low: np.ndarray, high: np.ndarray, piece: np.ndarray, values: np.ndarray, rows: np.ndarray, k: int
) -> Mesh | None:
    """The units that `values` (n,), held by `rows` rows each and lying in `piece` each, are seen to prefer.

    A unit and its share are learned over 100 rows (or 4 k) together. None if it would tell next to nothing.
    """
    loose = (low < high) & (np.maximum(np.abs(low), np.abs(high)) < 2**50)
    inside = loose[piece] & (values >= low[piece]) & (values <= high[piece])
    piece, values, rows = piece[inside], values[inside], rows[inside]
    if not len(values):
        return None
    of_piece = np.bincount(piece, rows, len(low))
    enough = max(_BLOCK_ROWS, 4 * k)
    block = (np.cumsum(of_piece) / enough).astype(np.int64)
    total = np.bincount(block, of_piece)
    best, unit, extra = np.full(len(total), _SURE), np.ones(len(total), dtype=np.int64), np.zeros(len(total))
    for candidate in UNITS[: np.searchsorted(UNITS, np.abs(values).max(), side="right")].tolist():
        chance = count_multiples(low, high, candidate) / (high - low + 1.0)
        seen = np.bincount(block[piece], rows * (values % candidate == 0), len(total)) / np.maximum(total, 1)
        expected = np.bincount(block, of_piece * chance, len(total)) / np.maximum(total, 1)
        gain = np.where(total >= enough / 2, total * _divergence(seen, expected), 0.0)
        better = gain > best
        best, unit = np.where(better, gain, best), np.where(better, candidate, unit)
        extra = np.where(better, (seen - expected) / np.maximum(1 - expected, 1e-9), extra)
    if best[unit > 1].sum() < _WORTH * total.sum():
        return None
    unit, extra = unit[block], np.clip(extra[block], 0, _MOST)
    some = loose & (count_multiples(low, high, unit) > 0)
    return Mesh(low, high, np.where(some, unit, 1), np.where(some, extra, 0.0))


def _divergence(seen: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence of two coins, in nats; 0 where nothing more than expected was seen."""
    p, q = np.clip(seen, 1e-6, 1 - 1e-6), np.clip(expected, 1e-6, 1 - 1e-6)
    return np.where(p > q, p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)), 0.0)
