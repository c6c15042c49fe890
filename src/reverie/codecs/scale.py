"""The scale of a number: pieces of probability, between which and the normal score it translates exactly.

A piece holds a share of the rows and covers an interval of values evenly; an atom is a piece of one value.
The normal score of a value is drawn evenly from all the scores that stand for it (the randomised
probability integral transform; Source: Rueschendorf 2009, "On the distributional transform"), so that
encoded values are standard normal even where values repeat, and every score within the interval decodes to
the same value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from reverie.codecs.mesh import Mesh

_BINS = 1 << 16
_MARGIN = 1e-9
_CELL_MARGIN = 1e-6
_BELOW_ONE = 1 - 2.0**-53


@dataclass(frozen=True)
class Scale:
    """`m` pieces in ascending order: piece j covers `low[j]`..`high[j]` (both included) and the shares
    `edges[j]`..`edges[j + 1]`.

    `edges` is (m + 1,) float64 from 0 to 1. `low` and `high` are (m,), int64 for numbers on a grid of whole
    units, else float64; a `mesh` says which grid points have more than their even share of a piece.
    """

    edges: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mesh: Mesh | None = None

    @property
    def grid(self) -> bool:
        """Whether values are whole units (int64)."""
        return self.low.dtype == np.int64

    @cached_property
    def _width(self) -> np.ndarray:
        """How many grid points a piece has; off the grid, half its width (the whole may overflow)."""
        if self.grid:
            return (self.high - self.low).view(np.uint64).astype(np.float64) + 1
        return self.high / 2 - self.low / 2

    @cached_property
    def _share(self) -> np.ndarray:
        return np.diff(self.edges)

    @cached_property
    def _bin_piece(self) -> np.ndarray:
        """The piece at the left edge of each of the equal bins of (0, 1), so that most look-ups need no
        search.
        """
        return (
            np.searchsorted(self.edges, np.arange(_BINS) / _BINS, side="right")
            .clip(1, len(self.low))
            .astype(np.int32)
            - 1
        )

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Normal scores (rows,) float64 of `values` (rows,); values off the scale take the nearest place on
        it.
        """
        piece, values = self.place(values)
        start, stop = self._fractions(piece, values)
        within = start + (stop - start) * (_CELL_MARGIN + (1 - 2 * _CELL_MARGIN) * rng.random(len(values)))
        within = np.clip(within, _MARGIN, 1 - _MARGIN)  # an end belongs to the neighbour as much
        return ndtri(self.edges[piece] + within * self._share[piece])

    def decode(self, scores: np.ndarray) -> np.ndarray:
        """The values (rows,) that normal scores (rows,) stand for."""
        u = ndtr(np.asarray(scores, dtype=np.float64))
        piece = self._piece(u)
        within = np.clip((u - self.edges.take(piece)) / self._share.take(piece), 0, _BELOW_ONE)
        if self.grid:
            steps = self._steps(piece, within)
            return self.low.take(piece) + steps.astype(np.uint64).view(np.int64)
        along = self._width.take(piece) * within
        return np.minimum(self.low.take(piece) + along + along, self.high.take(piece))

    def tolerance(self, values: np.ndarray) -> np.ndarray:
        """The most by which decode(encode(x)) may differ from x, (rows,) float64.

        It is the distance from x to the scale, and what rounding of the score costs: nothing on atoms, and
        less than half a unit on any grid of fewer than some 10^12 units a piece.
        """
        # At the ends of what floats can hold a tolerance may be infinite.
        with np.errstate(over="ignore"):
            return self._tolerance(values)

    def _tolerance(self, values: np.ndarray) -> np.ndarray:
        piece, placed = self.place(values)
        away = np.abs(placed / 2 - values / 2) * 2
        reach = self._width[piece] * (4e-15 / self._share[piece] + _MARGIN)
        if self.grid:
            cell = self._cell(piece, placed)
            sure = (cell * self._share[piece] * _CELL_MARGIN > 4e-15) & (cell > _MARGIN)
            return away + np.where(
                sure, 0, np.ceil(reach) + (1 if self.mesh is None else self.mesh.unit[piece])
            )
        return away + 2 * reach + np.maximum(np.abs(self.low), np.abs(self.high))[piece] * 4e-16

    def share_below(self, value: float, *, inclusive: bool) -> float:
        """The share of rows below `value`, or with `inclusive` also at it."""
        piece = int(np.searchsorted(self.low, value, side="right" if inclusive else "left")) - 1
        if piece < 0:
            return 0.0
        low, high = self.low[piece].item(), self.high[piece].item()
        if self.grid:
            steps = np.array([min(value, high) - low + (inclusive or value > high)], dtype=np.float64)
            covered = float(self._below(np.array([piece]), steps)[0])
        else:
            covered = 1.0 if value >= high else (value / 2 - low / 2) / (high / 2 - low / 2)
        return float(self.edges[piece] + self._share[piece] * covered)

    def state(self) -> dict[str, Any]:
        mesh = {} if self.mesh is None else {"unit": self.mesh.unit, "extra": self.mesh.extra}
        return {"edges": self.edges, "low": self.low, "high": self.high, **mesh}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Scale":
        low, high = state["low"], state["high"]
        return cls(
            state["edges"],
            low,
            high,
            Mesh(low, high, state["unit"], state["extra"]) if "unit" in state else None,
        )

    def _piece(self, u: np.ndarray) -> np.ndarray:
        """The piece that each share (rows,) falls into, (rows,) int."""
        piece = self._bin_piece.take((u * _BINS).astype(np.int32), mode="clip")
        late = np.flatnonzero(u >= self.edges.take(piece + 1))
        found = np.searchsorted(self.edges, u[late], side="right") - 1
        piece[late] = np.minimum(found, len(self.low) - 1)
        return piece

    def _steps(self, piece: np.ndarray, within: np.ndarray) -> np.ndarray:
        """The grid point that a place within its piece falls on, counted from the piece's lowest, float64."""
        steps = np.floor(within * self._width.take(piece))
        if self.mesh is not None:
            meshed = np.flatnonzero(self.mesh.extra.take(piece))
            part = piece[meshed]
            steps[meshed] = np.minimum(self.mesh.steps(part, within[meshed]), self._width[part] - 1)
        return steps

    def _below(self, piece: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """The share of its piece that the first `steps` grid points have."""
        if self.mesh is None:
            return steps / self._width[piece]
        return self.mesh.below(piece, steps)

    def _cell(self, piece: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The share of its piece that each grid point has."""
        return 1 / self._width[piece] if self.mesh is None else self.mesh.cell(piece, values)

    def place(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The piece of each value, and the value moved to the nearest place on the scale."""
        piece = np.searchsorted(self.low, values, side="right") - 1
        piece = np.maximum(piece, 0)
        off = np.flatnonzero((values > self.high[piece]) & (piece + 1 < len(self.low)))
        after = piece[off] + 1
        beyond = values[off] / 2 - self.high[after - 1] / 2
        piece[off] += (self.low[after] / 2 - values[off] / 2) < beyond
        return piece, np.clip(values, self.low[piece], self.high[piece])

    def _fractions(self, piece: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The interval of its piece, within [0, 1], that stands for each value."""
        if self.grid:
            steps = (values - self.low[piece]).view(np.uint64).astype(np.float64)
            return self._below(piece, steps), self._below(piece, steps + 1)
        width = self._width[piece]
        atom = width == 0
        within = (values / 2 - self.low[piece] / 2) / np.where(atom, 1, width)
        return np.where(atom, 0, within), np.where(atom, 1, within)
