"""95 % intervals without resampling: Wilson's for shares, by influence functions for all else."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A value and the influence of each row it came from: its variance is the sum of their squares."""

    value: float
    influence: np.ndarray

    def interval(self, floor: float = -math.inf, ceiling: float = math.inf) -> tuple[float, float]:
        """95 % normal interval, cut to [floor, ceiling]."""
        half = Z * float(np.sqrt(np.square(self.influence).sum()))
        return max(floor, self.value - half), min(ceiling, self.value + half)


def quantile(among: int = 1) -> float:
    """Half the width of a 95 % normal interval, in standard errors, that holds for the worst of `among`."""
    return Z if among == 1 else NormalDist().inv_cdf(1 - 0.025 / among)


def wilson(share: float, n: float, among: int = 1) -> tuple[float, float]:
    """Wilson's score interval of a share of `n` independent rows; (0, 1) if there are none.

    The interval holds at 95 % for the largest of `among` shares too (Bonferroni's correction).

    Source: Wilson (1927), equation for the score interval; well behaved near 0 and 1.

    >>> low, high = wilson(0.0, 100)
    >>> low, round(high, 4)
    (0.0, 0.037)
    """
    if n <= 0:
        return 0.0, 1.0
    z = quantile(among)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half) if share > 0 else 0.0, min(1.0, centre + half) if share < 1 else 1.0


def exceeds(share: float, n: int, other: float, m: int) -> float:
    """How far a share of `n` rows surely (97.5 %) is above another of `m` rows; below 0 if it may not be."""
    return newcombe(share, n, other, m)[0]


def newcombe(share: float, n: float, other: float, m: float, among: int = 1) -> tuple[float, float]:
    """95 % interval of a share of `n` rows less another of `m` rows, the largest of `among` such.

    Source: Newcombe (1998), method 10, the difference of two Wilson intervals.

    >>> low, high = newcombe(0.5, 100, 0.5, 100)
    >>> round(low, 3), round(high, 3)
    (-0.136, 0.136)
    """
    (low, high), (other_low, other_high) = wilson(share, n, among), wilson(other, m, among)
    below = math.hypot(share - low, other_high - other)
    above = math.hypot(high - share, other - other_low)
    return share - other - below, share - other + above


def auc(positive: np.ndarray, score: np.ndarray) -> Estimate:
    """Area under the ROC curve with DeLong's influence of each row; ties count half.

    `positive` is a mask, (rows,). Both classes must occur. Source: DeLong, DeLong and Clarke-Pearson (1988).
    """
    above, below = score[positive], score[~positive]
    everywhere = _midranks(score)
    wins = (everywhere[positive] - _midranks(above)) / len(below)
    losses = 1 - (everywhere[~positive] - _midranks(below)) / len(above)
    value = float(wins.mean())
    influence = np.empty(len(score))
    influence[positive] = (wins - value) / len(above)
    influence[~positive] = (losses - value) / len(below)
    return Estimate(value, influence)


def r2(truth: np.ndarray, guess: np.ndarray) -> Estimate:
    """Coefficient of determination; a constant truth gives 0."""
    squares, spread = np.square(truth - guess), np.square(truth - truth.mean())
    error, variance = squares.mean(), spread.mean()
    if variance == 0:
        return Estimate(0.0, np.zeros(len(truth)))
    influence = (-(squares - error) + error / variance * (spread - variance)) / variance / len(truth)
    return Estimate(float(1 - error / variance), influence)


def _midranks(values: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]
