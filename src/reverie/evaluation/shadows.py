"""Shadow models: the strongest attack, by whoever can fit the same kind of model to rows like those.

Each round a random half of the rows is learned from, so that every target is seen with and without. How
near synthetic rows come to it in the other rounds of either kind tells, by the ratio of two likelihoods,
whether it was a member of this one. Sources: Stadler et al. (2022), Synthetic Data - Anonymisation
Groundhog Day; Carlini et al. (2022), Membership Inference Attacks From First Principles (LiRA).
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from reverie.core.errors import ConfigError, DataError
from reverie.core.rng import child
from reverie.evaluation import neighbours
from reverie.evaluation.base import Measurement
from reverie.evaluation.intervals import Estimate, auc
from reverie.evaluation.risk import area
from reverie.evaluation.view import view
from reverie.schema.types import Table

Refit = Callable[[pa.Table, int], pa.Table]
"""Fits a model to a table and returns as many rows sampled from it; the number is the seed of the round."""

ROUNDS = 16
TARGETS = 1000
FEWEST_ROUNDS, FEWEST = 8, 100
OUTLIERS = 0.05
FALSE_POSITIVES = 0.01
LEAST = 1e-3
"""Added to distances, whose logarithm is taken, and to spreads."""


def attack(
    real: pa.Table,
    refit: Refit,
    *,
    schema: Table,
    rounds: int = ROUNDS,
    targets: int = TARGETS,
    seed: int = 0,
) -> list[Measurement]:
    """`shadow`, an AUC, its `_tpr` at one false alarm in a hundred, and `_outliers`, of rows far from others.

    `rounds` models are fitted, each to half of the rows. Raises ConfigError if there are too few rounds,
    DataError if there are too few rows or no column can be compared.
    """
    if rounds < FEWEST_ROUNDS:
        raise ConfigError(
            f"{rounds} rounds of shadow models are too few", fix=f"Use at least {FEWEST_ROUNDS}"
        )
    if real.num_rows < FEWEST:
        raise DataError(f"{real.num_rows} rows are too few for shadow models", fix=f"Give at least {FEWEST}")
    rng = child(seed, "evaluation", "shadows")
    chosen = rng.permutation(real.num_rows)[:targets]
    inside = _divided(rounds, real.num_rows, rng)
    scores = np.stack([_near(real, chosen, mask, refit, schema, turn) for turn, mask in enumerate(inside)])
    members = inside[:, chosen]
    odds = _odds(scores, members)
    lonely = _lonely(real, chosen, schema)
    far = lonely >= np.quantile(lonely, 1 - OUTLIERS)
    return [
        _area("", odds, members),
        _certain(odds, members),
        _area("_outliers", odds[:, far], members[:, far]),
    ]


def _divided(rounds: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Which rows each round learns from, (rounds, rows): every row is in half of the rounds."""
    places = rng.random((rounds, rows)).argsort(axis=0).argsort(axis=0)
    return places < rounds // 2


def _near(
    real: pa.Table, chosen: np.ndarray, mask: np.ndarray, refit: Refit, schema: Table, turn: int
) -> np.ndarray:
    """How near the synthetic rows of a round come to each target, (targets,): minus the log distance."""
    seen = view(real, refit(real.filter(pa.array(mask)), turn), None, schema)
    if not seen.fields:
        raise DataError("no column can be compared", fix="Compare at least one other column")
    return -np.log(neighbours.nearest(seen, seen.real.take(chosen), seen.fake).first + LEAST)


def _lonely(real: pa.Table, chosen: np.ndarray, schema: Table) -> np.ndarray:
    """The distance of each target to the nearest other real row, (targets,)."""
    seen = view(real, real, None, schema)
    return neighbours.nearest(seen, seen.real.take(chosen), seen.real).second


def _odds(scores: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Log likelihood ratio that a target is a member of a round, by normal laws of its other rounds.

    (rounds, targets) like both arguments. The spread is shared by the two laws: few rounds tell little of it.
    """
    odds = np.empty_like(scores)
    for turn in range(len(scores)):
        others = np.arange(len(scores)) != turn
        kept, inside = scores[others], members[others]
        means = [_mean(kept, mask) for mask in (inside, ~inside)]
        rest = np.where(inside, kept - means[0], kept - means[1])
        variance = np.square(rest).sum(axis=0) / (len(kept) - 2) + LEAST
        gaps = [np.square(scores[turn] - mean) / variance for mean in means]
        odds[turn] = (gaps[1] - gaps[0]) / 2
    return odds


def _mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return (values * mask).sum(axis=0) / mask.sum(axis=0)


def _area(group: str, odds: np.ndarray, members: np.ndarray) -> Measurement:
    estimate = _by_target(auc(members.ravel(), odds.ravel()), members.shape)
    who = "an outlying row" if group else "a row"
    about = f"AUC of telling whether {who} was learned from, by {len(odds)} models fitted with and without it"
    return area(f"shadow{group}", estimate, members.shape[1], f"{about}; 0.5 is no risk.")


def _by_target(estimate: Estimate, shape: tuple[int, ...]) -> Estimate:
    """The rounds of one target are one piece of evidence."""
    return Estimate(estimate.value, estimate.influence.reshape(shape).sum(axis=0))


def _certain(odds: np.ndarray, members: np.ndarray) -> Measurement:
    limit = np.quantile(odds[~members], 1 - FALSE_POSITIVES, method="higher")
    known = ((odds > limit) & members).sum(axis=0) / members.sum(axis=0)
    estimate = Estimate(float(known.mean()), (known - known.mean()) / len(known))
    low, high = estimate.interval(0.0, 1.0)
    about = f"Share of rows learned from that are known for such at {FALSE_POSITIVES:.0%} of false alarms"
    return Measurement(
        name="shadow_tpr",
        value=estimate.value,
        low=low,
        high=high,
        floor=FALSE_POSITIVES,
        n=members.shape[1],
        better="lower",
        ideal=FALSE_POSITIVES,
        explanation=f"{about}, by {len(odds)} models fitted with and without them.",
    )
