"""A ridge regression over binned features, kept as a sum of look-ups: one small table a feature.

Trees need many rows to see a weak trend that runs through a whole column; a line needs few. Boosting starts
from what the line says, so that small tables keep their correlations and large ones lose nothing.

Sources: Hoerl & Kennard 1970 (ridge); Golub, Heath & Wahba 1979 (generalised cross-validation).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from reverie.core.errors import ArtifactError
from reverie.models import kernels
from reverie.models.boosting import Bins

CODES = 256
MOST_LEVELS = 64
"""Levels of an unordered feature; one of more is left to the trees."""
PENALTIES = np.logspace(-4, 3, 15)
"""Candidate penalties, as a share of the mean square of a regressor over all rows."""


@dataclass(frozen=True)
class Linear:
    """E(y | codes) = `base` + the sum over features of `tables[feature, code]`; tables are (features, 256)
    float32."""

    base: float
    tables: np.ndarray

    @classmethod
    def constant(cls, base: float, features: int) -> "Linear":
        """The same for all rows."""
        return cls(base, np.zeros((features, CODES), np.float32))

    @classmethod
    def fit(cls, bins: Bins, target: np.ndarray) -> "Linear":
        """Least squares of `target` (rows,) on the bins, with the penalty of least cross-validated error."""
        base = float(target.mean())
        owners, tables = _regressors(bins)
        if not len(owners):
            return cls.constant(base, len(bins.sizes))
        design = np.empty((bins.rows, len(owners)), np.float32)
        for column, (owner, table) in enumerate(zip(owners, tables, strict=True)):
            design[:, column] = table[bins.codes[owner]]
        weights = _ridge(design, target - base)
        summed = np.zeros((len(bins.sizes), CODES), np.float32)
        np.add.at(summed, owners, (weights[:, None] * tables).astype(np.float32))
        return cls(base, summed)

    def score(self, codes: np.ndarray) -> np.ndarray:
        """The mean of each row, (rows,) float64, of `codes` (features, rows) uint8."""
        out = np.full(codes.shape[1], self.base)
        kernels.add_lookups(codes, self.tables, out)
        return out

    def state(self) -> dict[str, Any]:
        """Arrays to rebuild it from."""
        return {"base": np.array([self.base]), "tables": self.tables}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], features: int) -> "Linear":
        """Rebuild what `state` gave, over `features` features. Raises ArtifactError if it makes no sense."""
        if state["tables"].shape != (features, CODES) or state["base"].shape != (1,):
            raise ArtifactError("holds a line over other features", where="model", fix="Fit it again")
        return cls(float(state["base"][0]), state["tables"].astype(np.float32))


def normal_scores(codes: np.ndarray) -> np.ndarray:
    """The codes (rows,) of an ordered feature as normal scores, (rows,); 0 where there is no place."""
    found = _ordered(np.bincount(codes, minlength=CODES) / len(codes))
    return found[0][codes] if found else np.zeros(len(codes))


def _regressors(bins: Bins) -> tuple[np.ndarray, np.ndarray]:
    """Features (d,) and, for each, a table (d, 256) from its codes to a regressor of mean 0 over the rows.

    An ordered feature gives the normal score of its codes, and whether it has a place on the line at all; an
    unordered one gives an indicator a level.
    """
    owners, tables = [], []
    for feature, (size, ordered) in enumerate(zip(bins.sizes, bins.ordered, strict=True)):
        share = np.bincount(bins.codes[feature], minlength=CODES) / bins.rows
        found = _ordered(share) if ordered else _levels(share, int(size))
        owners += [feature] * len(found)
        tables += found
    return np.array(owners, np.int64), np.array(tables).reshape(len(owners), CODES)


def _ordered(share: np.ndarray) -> list[np.ndarray]:
    placed = share.copy()
    placed[0] = 0
    found = []
    if np.count_nonzero(placed) > 1:
        placed /= placed.sum()
        score = ndtri(np.clip(np.cumsum(placed) - placed / 2, 1e-9, 1 - 1e-9))
        score[0] = 0
        found.append(score - score @ share)
    if 0 < share[0] < 1:
        found.append((np.arange(CODES) == 0) - share[0])
    return found


def _levels(share: np.ndarray, size: int) -> list[np.ndarray]:
    if size > MOST_LEVELS:
        return []
    levels = np.flatnonzero(share)
    return [(np.arange(CODES) == level) - share[level] for level in levels] if len(levels) > 1 else []


def _ridge(design: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Weights (d,) under the penalty of least generalised cross-validation error."""
    rows = len(target)
    gram = (design.T @ design).astype(np.float64) / rows
    along = (design.T @ target.astype(np.float32)).astype(np.float64) / rows
    values, vectors = np.linalg.eigh(gram)
    values, turned = np.maximum(values, 0), vectors.T @ along
    power, scale = float(np.mean(target**2)), max(float(np.trace(gram)) / len(along), 1e-12)
    errors = []
    for penalty in PENALTIES * scale:
        solved = turned / (values + penalty)
        left = power - 2 * solved @ turned + solved**2 @ values
        free = np.sum(values / (values + penalty)) / rows
        errors.append(max(left, 0.0) / max(1 - free, 1e-3) ** 2)
    penalty = PENALTIES[int(np.argmin(errors))] * scale
    return vectors @ (turned / (values + penalty))
