"""Ridge regressions over binned features: of a number, and of a category's logits.

Trees need many rows to see a weak trend that runs through a whole column; a line needs few. Boosting starts
from what the line says, so that small tables keep their correlations and large ones lose nothing.

Sources: Hoerl & Kennard 1970 (ridge); Golub, Heath & Wahba 1979 (generalised cross-validation); Boehning 1992
(a bound on the curvature of the multinomial likelihood, so that one factorisation serves all steps); Nesterov
1983 (momentum).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from reverie.core.errors import ArtifactError
from reverie.models import kernels
from reverie.models.bins import Bins

CODES = 256
MOST_LEVELS = 64
"""Levels of an unordered feature; one of more is left to the trees."""
MOST_REGRESSORS = 256
"""Regressors in all, where unordered features give way: of each, only the most frequent levels count."""
MOST_ROWS = 50_000
"""Rows that a line is learned from, spread evenly over all."""
PENALTIES = np.logspace(-4, 3, 15)
"""Candidate penalties, as a share of the mean square of a regressor over all rows."""
LOGIT_PENALTIES = (1.0, 0.03, 0.001)
LOGIT_STEPS = 15
"""Steps for each penalty, from where the one before it, which is larger, ended."""
LOGIT_WORK = 10_000_000
"""Rows times regressors times classes that a step may cost; beyond, fewer rows are learned from."""
FEWEST_ROWS = 1_000
"""Rows below which that does not go; more classes have no line."""


@dataclass(frozen=True)
class Line:
    """A linear function of features: the sum of values[feature, code] * weights[places[feature, code]].

    `values` (features, 256) float32 and `places` (features, 256) int16 give each code of a feature one
    regressor; `weights` (regressors, k) float32. Of no features, it is 0.
    """

    values: np.ndarray
    places: np.ndarray
    weights: np.ndarray

    @classmethod
    def flat(cls, k: int) -> "Line":
        """Zero for all rows."""
        return cls(
            np.zeros((0, CODES), np.float32), np.zeros((0, CODES), np.int16), np.zeros((0, k), np.float32)
        )

    def state(self) -> dict[str, np.ndarray]:
        """Arrays to rebuild it from."""
        return {"values": self.values, "places": self.places, "weights": self.weights}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], features: int, k: int) -> "Line":
        """Rebuild what `state` gave, over `features` features or none.

        Raises ArtifactError if it makes no sense.
        """
        values, weights = (state[name].astype(np.float32) for name in ("values", "weights"))
        places = state["places"].astype(np.int16)
        sound = (
            values.shape == places.shape
            and values.shape in ((0, CODES), (features, CODES))
            and weights.ndim == 2
            and weights.shape[1] == k
            and (not len(values) or (places.min() >= 0 and places.max() < len(weights)))
        )
        if not sound:
            raise ArtifactError("holds a line over other features", where="model", fix="Fit it again")
        return cls(values, places, weights)


class Start(NamedTuple):
    """What trees are added to: a `base` (k,) and a `line`."""

    base: np.ndarray
    line: Line

    @classmethod
    def constant(cls, base: np.ndarray) -> "Start":
        """The same for all rows."""
        return cls(base, Line.flat(len(base)))


def normal_scores(codes: np.ndarray) -> np.ndarray:
    """The codes (rows,) of an ordered feature as normal scores, (rows,); 0 where there is no place."""
    return _scores(np.bincount(codes, minlength=CODES) / len(codes))[codes]


def fit_line(bins: Bins, target: np.ndarray) -> tuple[Start, float]:
    """Least squares of `target` (rows,) on the bins, and how many parameters they amount to.

    The penalty is the one of least generalised cross-validation error.
    """
    rows = _spread(len(target), MOST_ROWS)
    bins, target = bins.take(rows), target[rows].astype(np.float32)
    base = float(target.mean())
    coding = _Coding.learn(bins)
    if not coding.count:
        return Start.constant(np.array([base])), 0.0
    design = coding.design(bins)
    centre = design.mean(axis=0)
    weights, free = _ridge(design - centre, target - base)
    return coding.start(np.array([base]), centre, weights[:, None]), free


def fit_logits(
    bins: Bins, target: np.ndarray, k: int, train: np.ndarray, penalties: Sequence[float]
) -> tuple[Start, tuple[float, ...]]:
    """Multinomial regression of `target` (rows,) codes below `k` on the `train` rows, (rows,) bool.

    The second value is the penalty: of several `penalties`, which descend, the one under which the other rows
    are likeliest. There is none, and no line, if they are likeliest without or nothing can be learned.
    """
    base = np.log(class_shares(target[train], k))
    coding = _Coding.learn(bins)
    most = LOGIT_WORK // max(coding.count * k, 1)
    if not coding.count or most < FEWEST_ROWS or (len(penalties) > 1 and train.all()):
        return Start.constant(base), ()
    rows = np.flatnonzero(train)
    rows = rows[_spread(len(rows), most)]
    design = coding.design(bins.take(rows))
    centre = design.mean(axis=0)
    path = _logistic_path(design - centre, target[rows], base, penalties)
    chosen = len(path) - 1
    if len(penalties) > 1:
        held = np.flatnonzero(~train)
        held = held[_spread(len(held), most)]
        seen = coding.design(bins.take(held)) - centre
        losses = [_loss(start + seen @ weights, target[held]) for start, weights in path]
        chosen = int(np.argmin(losses))
        if losses[chosen] >= _loss(np.broadcast_to(base, (len(held), k)), target[held]):
            return Start.constant(base), ()
    return coding.start(path[chosen][0], centre, path[chosen][1]), (penalties[chosen],)


def class_shares(target: np.ndarray, k: int) -> np.ndarray:
    """Shares (k,) of the codes `target` (rows,), none of them 0."""
    counts = np.bincount(target, minlength=k) + 0.5
    return counts / counts.sum()


def _spread(rows: int, most: int) -> np.ndarray:
    """At most `most` positions below `rows`, at even distances."""
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.int64)


def _scores(share: np.ndarray) -> np.ndarray:
    """The normal score of each code (256,) of an ordered feature; 0 for code 0, which has no place."""
    placed = share.copy()
    placed[0] = 0
    if np.count_nonzero(placed) < 2:
        return np.zeros(CODES)
    placed /= placed.sum()
    score = ndtri(np.clip(np.cumsum(placed) - placed / 2, 1e-9, 1 - 1e-9))
    score -= score @ placed
    score[0] = 0
    return score


@dataclass(frozen=True)
class _Coding:
    """How codes become regressors, of which there are `count`: as in `Line`, each code has one.

    An ordered feature gives the normal score of its codes, and whether it has a place on the line at all; an
    unordered one gives an indicator a level.
    """

    values: np.ndarray
    places: np.ndarray
    count: int

    @classmethod
    def learn(cls, bins: Bins) -> "_Coding":
        features, count = len(bins.sizes), 0
        values, places = np.zeros((features, CODES), np.float32), np.zeros((features, CODES), np.int16)
        shares = [np.bincount(codes, minlength=CODES) / bins.rows for codes in bins.codes]
        most = _most_levels(shares, bins)
        for feature, share in enumerate(shares):
            if bins.ordered[feature]:
                score = _scores(share)
                if score.any():
                    values[feature], places[feature] = score, count
                    count += 1
                if 0 < share[0] < 1:
                    values[feature, 0], places[feature, 0] = 1, count
                    count += 1
            elif bins.sizes[feature] <= MOST_LEVELS:
                levels = np.argsort(-share, kind="stable")[: min(most, np.count_nonzero(share))]
                if len(levels) > 1:
                    values[feature, levels], places[feature, levels] = 1, count + np.arange(len(levels))
                    count += len(levels)
        return cls(values, places, count)

    def design(self, bins: Bins) -> np.ndarray:
        """The regressors of each row, (rows, count) float32."""
        design = np.zeros((bins.rows, self.count), np.float32)
        rows = np.arange(bins.rows)
        for codes, value, place in zip(bins.codes, self.values, self.places, strict=True):
            if value.any():
                design[rows, place[codes]] += value[codes]
        return design

    def start(self, base: np.ndarray, centre: np.ndarray, weights: np.ndarray) -> Start:
        """The line of `weights` (count, k) on regressors less their `centre` (count,)."""
        return Start(base - centre @ weights, Line(self.values, self.places, weights.astype(np.float32)))


def _most_levels(shares: list[np.ndarray], bins: Bins) -> int:
    """How many levels of each unordered feature fit among all regressors, at least 2."""
    levels = np.array(
        [np.count_nonzero(share) for share, ordered in zip(shares, bins.ordered, strict=True) if not ordered]
    )
    room = MOST_REGRESSORS - np.count_nonzero(bins.ordered)
    fitting = [most for most in range(2, MOST_LEVELS + 1) if np.minimum(levels, most).sum() <= room]
    return fitting[-1] if fitting else 2


def _ridge(design: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (d,) under the penalty of least generalised cross-validation error, and the parameters that
    they amount to.
    """
    rows = len(target)
    along = (design.T @ target).astype(np.float64) / rows
    values, vectors, scale = _spectrum(design)
    turned = vectors.T @ along
    power = float(np.mean(target**2))
    errors, free = [], []
    for penalty in PENALTIES * scale:
        solved = turned / (values + penalty)
        left = power - 2 * solved @ turned + solved**2 @ values
        free.append(float(np.sum(values / (values + penalty))))
        errors.append(max(left, 0.0) / max(1 - free[-1] / rows, 1e-3) ** 2)
    best = int(np.argmin(errors))
    return vectors @ (turned / (values + PENALTIES[best] * scale)), free[best]


def _spectrum(design: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Eigenvalues and vectors of the covariance of the regressors, and the mean of the values."""
    values, vectors = np.linalg.eigh((design.T @ design).astype(np.float64) / len(design))
    values = np.maximum(values, 0)
    return values, vectors, max(float(values.mean()), 1e-12)


def _logistic_path(
    design: np.ndarray, target: np.ndarray, base: np.ndarray, penalties: Sequence[float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Base (k,) and weights (d, k) float32 after some steps under each penalty, from the ones before."""
    rows, k = len(target), len(base)
    values, vectors, scale = _spectrum(design)
    start, weights = base.copy(), np.zeros((design.shape[1], k))
    proba, slope = np.empty((rows, k), np.float32), np.empty(rows, np.float32)
    everything, nowhere, room = np.ones(rows, bool), np.zeros(k, np.float32), kernels.room(k)
    path = []
    for penalty in np.asarray(penalties) * scale:
        step = (vectors / (values / 2 + penalty)) @ vectors.T
        last, last_start = weights, start
        for turn in range(LOGIT_STEPS):
            speed = turn / (turn + 3)
            ahead, ahead_start = weights + speed * (weights - last), start + speed * (start - last_start)
            logits = design @ ahead.astype(np.float32) + ahead_start.astype(np.float32)
            kernels.softmax_gradient(logits, target, everything, nowhere, *room, proba, slope)
            proba[np.arange(rows), target] -= 1
            last, last_start = weights, start
            weights = ahead - step @ (design.T @ proba / rows + penalty * ahead)
            start = ahead_start - 2 * proba.mean(axis=0)
        path.append((start, weights.astype(np.float32)))
    return path


def _loss(logits: np.ndarray, target: np.ndarray) -> float:
    """Mean of -log probability of the codes."""
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    return float(np.mean(total - logits[np.arange(len(target)), target]))
