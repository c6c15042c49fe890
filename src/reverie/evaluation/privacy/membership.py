"""Membership inference: do the synthetic rows tell whether a person was among those learned from?

Two attackers score the rows; the score separates training rows from unseen ones if the generator remembers.
Sources: van Breugel, Sun, Qian and van der Schaar (2023), Membership Inference Attacks against Synthetic Data
through Overfitting Detection (DOMIAS: the density of synthetic rows over that of the population; here the
odds of a classifier are the ratio); Chen, Yu, Zhang and Fritz (2020), GAN-Leaks (the distance, beside that to
the population). True positives at few false ones: Carlini et al. (2022), Membership Inference Attacks From
First Principles.
"""

from collections.abc import Mapping

import numpy as np

from reverie.evaluation import boosting, neighbours
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import Estimate, auc, wilson
from reverie.evaluation.risk import area
from reverie.evaluation.view import Side, View

TARGETS = 15_000
REFERENCES = 25_000
FEWEST = 100
ROUNDS = 100
FALSE_POSITIVES = 0.01
OUTLIERS = 0.05
"""The share of the rows, those farthest from the population, that are looked at alone."""
RARE = 0.01
"""A row is of a rare group if it has a category that at most this share of the population has."""

ATTACKS = {
    "density": "the density of synthetic rows around it over that of the population",
    "distance": "its distance to the nearest synthetic row beside that to the population",
}


class Membership(Measure):
    """AUC of telling training from unseen rows by the synthetic ones; .5 is no memory of anyone."""

    name = "membership"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """For each attack `membership_NAME`, and its `_tpr`, `_outliers` and `_rare`; none with few rows."""
        view, rng = comparison.view, comparison.generator("membership")
        if view.holdout is None or not view.fields:
            return []
        # Half of the unseen rows are the attacker's population, the others are those to tell from members.
        size = min(view.real.rows, view.holdout.rows // 2, TARGETS)
        if size < FEWEST or view.fake.rows < FEWEST:
            return []
        unseen = view.holdout.some(view.holdout.rows, rng)
        population = unseen.take(np.arange(size, unseen.rows)).some(REFERENCES, rng)
        fake = view.fake.some(population.rows, rng)
        targets = _stacked(view.real.some(size, rng), unseen.take(np.arange(size)))
        beyond = neighbours.nearest(view, targets, population).first
        near = neighbours.nearest(view, targets, fake).first
        scores = {
            "density": _density(view, targets, fake, population),
            "distance": np.divide(beyond, near + beyond, out=np.full(2 * size, 0.5), where=near + beyond > 0),
        }
        members = np.repeat([True, False], size)
        groups = {
            "": np.ones(2 * size, bool),
            "_outliers": beyond >= np.quantile(beyond, 1 - OUTLIERS),
            "_rare": _rare(targets, population),
        }
        return [figure for name, score in scores.items() for figure in _figures(name, score, members, groups)]


def _stacked(first: Side, second: Side) -> Side:
    return Side(np.vstack([first.numbers, second.numbers]), np.vstack([first.codes, second.codes]))


def _density(view: View, targets: Side, fake: Side, population: Side) -> np.ndarray:
    """Log odds that a row is synthetic, (rows,), by a classifier that saw none of the targets."""
    inputs = boosting.features(view, _stacked(fake, population))
    labels = np.repeat([1.0, 0.0], [fake.rows, population.rows])
    booster = boosting.train(boosting.dataset(inputs, labels), ROUNDS, objective="binary")
    return np.asarray(booster.predict(boosting.features(view, targets).values, raw_score=True))


def _rare(targets: Side, population: Side) -> np.ndarray:
    """Mask of the targets with a category that few of the population have."""
    found = np.zeros(targets.rows, bool)
    for column, known in zip(targets.codes.T, population.codes.T, strict=True):
        most = max(int(column.max(initial=-1)), int(known.max(initial=-1)))
        shares = np.bincount(known + 1, minlength=most + 2) / max(len(known), 1)
        found |= shares[column + 1] <= RARE
    return found


def _figures(
    attack: str, score: np.ndarray, members: np.ndarray, groups: Mapping[str, np.ndarray]
) -> list[Measurement]:
    found = []
    for group, mask in groups.items():
        positive = members[mask]
        if min(positive.sum(), (~positive).sum()) < FEWEST // 2:
            continue
        found.append(_area(attack, group, auc(positive, score[mask]), int(mask.sum())))
    return [*found[:1], _certain(attack, score, members), *found[1:]]


def _area(attack: str, group: str, estimate: Estimate, n: int) -> Measurement:
    who = {"": "rows", "_outliers": "outlying rows", "_rare": "rows of rare groups"}[group]
    about = f"AUC of telling training from unseen {who}, by {ATTACKS[attack]}; 0.5 is no risk."
    return area(f"membership_{attack}{group}", estimate, n, about)


def _certain(attack: str, score: np.ndarray, members: np.ndarray) -> Measurement:
    """True positives where one in a hundred unseen rows is taken for a member."""
    limit = np.quantile(score[~members], 1 - FALSE_POSITIVES, method="higher")
    share = float((score[members] > limit).mean())
    low, high = wilson(share, int(members.sum()))
    return Measurement(
        name=f"membership_{attack}_tpr",
        value=share,
        low=low,
        high=high,
        floor=float((score[~members] > limit).mean()),
        n=int(members.sum()),
        better="lower",
        ideal=FALSE_POSITIVES,
        explanation=f"Share of training rows that are known for such while {FALSE_POSITIVES:.0%} of unseen "
        f"rows are mistaken for one, by {ATTACKS[attack]}.",
    )


MEASURE = Membership()
