"""Logistic regression by Newton's method: for some hundred features it needs a handful of matrix products."""

from dataclasses import dataclass

import numpy as np

from reverie.evaluation.view import Side, View

WIDTH = 400
"""At most so many one-hot columns; beyond, the most frequent categories of each column are kept and the rest
pooled.
"""
STEPS = 25
ROUGH = 0.1
TOLERANCE = 1e-4
RIDGE = 1.0


def design(view: View, side: Side) -> np.ndarray:
    """Scaled numbers, a mark where they are missing, and one-hot categories, with a constant; (rows, d)
    float64.
    """
    parts = [np.ones((side.rows, 1)), _scaled(side.numbers)]
    holes = np.isnan(side.numbers)
    parts.append(holes[:, holes.any(0)].astype(float))
    if view.categories:
        room = max(2, WIDTH // len(view.categories))
        parts += [_one_hot(side.codes[:, field.index], room) for field in view.categories]
    return np.hstack(parts)


@dataclass(frozen=True)
class Solution:
    """Coefficients, (d,), and the inverse curvature there, (d, d), that makes the next, similar problem
    quick.
    """

    coefficients: np.ndarray
    inverse: np.ndarray


def logistic(inputs: np.ndarray, positive: np.ndarray, near: Solution | None = None) -> Solution:
    """Ridge-penalised logistic regression for a mask of positives, (rows,).

    Starting `near` the solution for most of the same rows, steps use its curvature and cost one pass over the
    rows.
    """
    solution = near or _newton(inputs, positive)
    coefficients = solution.coefficients
    for _ in range(STEPS):
        step = solution.inverse @ _gradient(inputs, positive, coefficients)[0]
        coefficients = coefficients + step
        if np.abs(step).max() < TOLERANCE:
            break
    return Solution(coefficients, solution.inverse)


def _newton(inputs: np.ndarray, positive: np.ndarray) -> Solution:
    coefficients, inverse = np.zeros(inputs.shape[1]), np.eye(inputs.shape[1])
    for _ in range(STEPS):
        gradient, chance = _gradient(inputs, positive, coefficients)
        curvature = inputs.T @ (inputs * (chance * (1 - chance))[:, None])
        curvature[np.diag_indices_from(curvature)] += RIDGE
        inverse = np.linalg.inv(curvature)
        step = inverse @ gradient
        coefficients = coefficients + step
        if np.abs(step).max() < ROUGH:
            break
    return Solution(coefficients, inverse)


def _gradient(
    inputs: np.ndarray, positive: np.ndarray, coefficients: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of the penalised log-likelihood, and each row's chance to be positive."""
    chance = 1 / (1 + np.exp(-np.clip(inputs @ coefficients, -30, 30)))
    return inputs.T @ (positive - chance) - RIDGE * coefficients, chance


def _scaled(numbers: np.ndarray) -> np.ndarray:
    present = ~np.isnan(numbers)
    n = np.maximum(present.sum(0), 1)
    size = np.max(np.where(present, np.abs(numbers), 0), axis=0, initial=1e-300)
    filled = np.where(present, numbers, 0) / size
    centred = np.where(present, filled - filled.sum(0) / n, 0)
    deviation = np.sqrt(np.square(centred).sum(0) / n)
    return centred / np.where(deviation > 0, deviation, 1)


def _one_hot(codes: np.ndarray, room: int) -> np.ndarray:
    counts = np.bincount(codes + 1)
    kept = np.argsort(-counts, kind="stable")[: min(room, np.count_nonzero(counts))]
    place = np.full(len(counts), len(kept))
    place[kept] = np.arange(len(kept))
    # The last column, for the rest, is left out: the constant stands for it.
    return np.eye(len(kept) + 1)[place[codes + 1]][:, : len(kept)]
