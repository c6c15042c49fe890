"""A fitted sum of a line and oblivious trees: scores, probabilities and draws of any number of rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray as Array  # noqa: N812

from reverie.core.errors import ArtifactError
from reverie.models import kernels, scoring
from reverie.models.linear import Line, Start

MOST_DEPTH = 8
"""Levels of a tree, so that the number of a leaf fits in a byte."""


@dataclass(frozen=True)
class Ensemble:
    """A fitted sum: `base` (k,) and a line, then per tree its questions, its depth, and its leaves' values.

    A question is a table of yes and no over a feature's codes; in `cuts` is the last code that is answered
    no, where the codes are ordered, and -1 elsewhere.

    `losses` (rounds + 1,) are mean held-out losses, before the first round and after each.
    """

    base: np.ndarray
    line: Line
    features: np.ndarray
    tables: np.ndarray
    cuts: np.ndarray
    depths: np.ndarray
    values: np.ndarray
    losses: np.ndarray

    @property
    def parts(self) -> tuple[Array, Array, Array, Array, Array, Array, Array, Array, Array]:
        """The arrays in the order that the kernels take them."""
        line = self.line
        return (
            self.base, line.values, line.places, line.weights,
            self.features, self.tables, self.cuts, self.depths, self.values,
        )  # fmt: skip

    @classmethod
    def constant(cls, base: np.ndarray, depth: int) -> "Ensemble":
        """No trees and no line: the same for all rows."""
        return cls.of(Start.constant(base), depth)

    @classmethod
    def of(cls, start: Start, depth: int = 0) -> "Ensemble":
        """What trees would be added to."""
        nothing, none = np.zeros((0, depth), np.int32), np.zeros(0, np.int32)
        tables = np.zeros((0, depth, 256), np.uint8)
        values = np.zeros((0, 1 << depth, len(start.base)), np.float32)
        base = start.base.astype(np.float32)
        return cls(base, start.line, nothing, tables, nothing, none, values, np.zeros(1))

    def score(self, codes: np.ndarray) -> np.ndarray:
        """Logits (or the mean) of each row, (rows, k) float32, of `codes` (features, rows) uint8."""
        out = np.empty((codes.shape[1], len(self.base)), np.float32)
        scoring.score(codes, *self.parts, out)
        return out

    def draw(
        self, codes: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A class a row among the `allowed` (k,) bool, and P(allowed), both (rows,)."""
        rows = codes.shape[1]
        drawn, mass = np.empty(rows, np.int32), np.empty(rows, np.float32)
        uniform = rng.random(rows, dtype=np.float32)
        fallback = int(np.argmax(np.where(allowed, self.base, -np.inf)))
        room = kernels.room(len(self.base))
        weights = allowed.astype(np.float32)
        scoring.draw_codes(codes, *self.parts, weights, fallback, uniform, *room, drawn, mass)
        return drawn, mass

    def log_probability(self, codes: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Log probability of each row's class, (rows,)."""
        out = np.empty(codes.shape[1])
        scoring.code_log_probability(codes, *self.parts, classes, out)
        return out

    def state(self) -> dict[str, Any]:
        """Nested arrays to rebuild it from."""
        return {
            "base": self.base,
            "line": self.line.state(),
            "features": self.features.astype(np.int16),
            "tables": np.packbits(self.tables, axis=-1),
            "depths": self.depths.astype(np.int8),
            "values": self.values,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], features: int) -> "Ensemble":
        """Rebuild what `state` gave, over `features` features. Raises ArtifactError if it makes no sense."""
        asked, depths = (state[name].astype(np.int32) for name in ("features", "depths"))
        values = state["values"].astype(np.float32)
        tables = np.unpackbits(state["tables"], axis=-1).astype(np.uint8)
        trees, depth = asked.shape
        sound = (
            tables.shape == (trees, depth, 256)
            and depth <= MOST_DEPTH
            and values.shape == (trees, 1 << depth, len(state["base"]))
            and depths.shape == (trees,)
            and (
                not trees
                or (
                    asked.min() >= 0 and asked.max() < features and 0 <= depths.min() <= depths.max() <= depth
                )
            )
        )
        if not sound:
            raise ArtifactError("holds trees that do not fit its features", where="model", fix="Fit it again")
        line = Line.from_state(state["line"], features, len(state["base"]))
        return cls(
            state["base"].astype(np.float32), line, asked, tables, _cuts(tables), depths, values, np.zeros(0)
        )


def _cuts(tables: np.ndarray) -> np.ndarray:
    """The last code that each table (trees, depth, 256) answers no, -1 where it is more than a plain cut."""
    cuts = 255 - tables.sum(axis=-1, dtype=np.int32)
    plain = (tables == (np.arange(256) > cuts[..., None])).all(axis=-1)
    return np.where(plain, cuts, -1).astype(np.int32)
