"""The conditional distribution of a category: a boosted ensemble."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.models.bins import Bins
from reverie.models.boosting import Recipe, fit_classes
from reverie.models.ensemble import Ensemble


@dataclass(frozen=True)
class Classes:
    """P(code | bins)."""

    ensemble: Ensemble

    @classmethod
    def fit(
        cls, bins: Bins, target: np.ndarray, k: int, recipe: Recipe, rng: np.random.Generator
    ) -> "Classes":
        """Learn from `target` (rows,) codes below `k`."""
        return cls(fit_classes(bins, target, k, recipe, rng))

    @property
    def loss(self) -> float:
        """The mean of -log probability over held-out rows, NaN unless just learned."""
        return float(self.ensemble.losses.min()) if len(self.ensemble.losses) else np.nan

    def draw(
        self, codes: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A code a row among the `allowed` (k,) bool, and P(allowed), both (rows,)."""
        return self.ensemble.draw(codes, allowed, rng)

    def mass(self, codes: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """P(allowed) of each row, (rows,)."""
        return self.ensemble.draw(codes, allowed, np.random.default_rng(0))[1]

    def log_probability(self, codes: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Log probability of each row's code, (rows,)."""
        return self.ensemble.log_probability(codes, classes)

    def state(self) -> dict[str, Any]:
        """Nested arrays to rebuild it from."""
        return {"ensemble": self.ensemble.state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], features: int) -> "Classes":
        """Rebuild what `state` gave, over `features` features."""
        return cls(Ensemble.from_state(state["ensemble"], features))
