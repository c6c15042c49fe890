"""Classifier two-sample test: can a classifier tell synthetic rows from real ones?

Against the holdout it is honest; against the training rows, copying them looks like quality.
Source: Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reverie.evaluation import boosting, linear
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import Estimate, auc
from reverie.evaluation.view import Side, View

FOLDS = 5
ROUNDS = 200
FEWEST = 50
"""Rows of each kind below which no classifier can be judged."""
ABOUT = {
    "fresh": "real rows that the model never saw",
    "train": "the rows that the model learned from, where copying them looks like quality",
}


@dataclass(frozen=True)
class Told:
    """How well rows were told apart: the AUC, and each column's share in telling."""

    auc: Estimate
    columns: dict[str, float]
    n: int


Classifier = Callable[[View, Side, np.ndarray, np.ndarray], Told]


def boosted(view: View, rows: Side, fake: np.ndarray, fold: np.ndarray) -> Told:
    """Cross-validated gradient boosting; a column's share is its share of the gain."""
    inputs = boosting.features(view, rows)
    data = boosting.dataset(inputs, fake.astype(float)).construct()
    scores, gain = np.empty(len(fake)), np.zeros(len(inputs.names))
    for k in range(FOLDS):
        part = data.subset(np.flatnonzero(fold != k).tolist())
        model = boosting.train(part, ROUNDS, objective="binary")
        test = fold == k
        scores[test] = np.asarray(model.predict(inputs.values[test], raw_score=True))
        gain += model.feature_importance("gain")
    shares = gain / max(gain.sum(), 1e-12)
    return Told(by_fold(fake, scores, fold), dict(zip(inputs.names, shares.tolist(), strict=True)), len(fake))


def linearly(view: View, rows: Side, fake: np.ndarray, fold: np.ndarray) -> Told:
    """Cross-validated logistic regression on scaled numbers and one-hot categories."""
    inputs = linear.design(view, rows)
    scores, solution = np.empty(len(fake)), None
    for k in range(FOLDS):
        test = fold == k
        solution = linear.logistic(inputs[~test], fake[~test], solution)
        scores[test] = inputs[test] @ solution.coefficients
    return Told(by_fold(fake, scores, fold), {}, len(fake))


def by_fold(fake: np.ndarray, scores: np.ndarray, fold: np.ndarray) -> Estimate:
    """The mean AUC of the folds, each row's influence divided among them."""
    influence, values = np.empty(len(fake)), []
    for k in range(FOLDS):
        test = fold == k
        part = auc(fake[test], scores[test])
        influence[test] = part.influence / FOLDS
        values.append(part.value)
    return Estimate(float(np.mean(values)), influence)


def tell(view: View, real: Side, fake: Side, classifier: Classifier, rng: np.random.Generator) -> Told:
    """Tell equally many rows of each apart, in stratified folds."""
    n = min(real.rows, fake.rows)
    sides = [side.take(rng.permutation(side.rows)[:n]) for side in (real, fake)]
    rows = Side(
        *(np.concatenate(parts) for parts in zip(*((s.numbers, s.codes) for s in sides), strict=True))
    )
    is_fake = np.repeat([False, True], n)
    fold = np.tile(np.arange(n) % FOLDS, 2)
    return classifier(view, rows, is_fake, fold)


def fresh(comparison: Comparison) -> Measurement | None:
    """`c2st_fresh` by boosting alone, without its floor; None without a holdout or with too few rows."""
    view = comparison.view
    if view.holdout is None or not view.fields or min(view.holdout.rows, view.fake.rows) < FEWEST:
        return None
    told = tell(view, view.holdout, view.fake, boosted, comparison.generator("c2st", ""))
    return _figure("fresh", "", told, None)


class C2ST(Measure):
    """AUC of telling synthetic from real rows; .5 is indistinguishable."""

    name = "c2st"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`c2st_fresh` and `c2st_train` by boosting, the same with `_linear` by logistic regression."""
        view = comparison.view
        sides = {"fresh": view.holdout, "train": view.real}
        usable = {name: side for name, side in sides.items() if side is not None and side.rows >= FEWEST}
        if not view.fields or view.fake.rows < FEWEST:
            return []
        result = []
        for suffix, classifier in (("", boosted), ("_linear", linearly)):
            rng = comparison.generator("c2st", suffix)
            floor = None
            if view.holdout is not None and "fresh" in usable and "train" in usable:
                floor = tell(view, view.real, view.holdout, classifier, rng).auc.value
            for name, side in usable.items():
                told = tell(view, side, view.fake, classifier, rng)
                result.append(_figure(name, suffix, told, floor))
        return result


def _figure(name: str, suffix: str, told: Told, floor: float | None) -> Measurement:
    low, high = told.auc.interval(0.0, 1.0)
    by = "logistic regression" if suffix else "gradient boosting"
    worst = sorted(told.columns.items(), key=lambda item: -item[1])
    return Measurement(
        name=f"c2st_{name}{suffix}",
        value=told.auc.value,
        low=low,
        high=high,
        floor=floor,
        n=told.n,
        better="target",
        ideal=0.5,
        explanation=f"AUC of {by} telling synthetic rows from {ABOUT[name]}; 0.5 is indistinguishable.",
        detail={"columns": [{"name": column, "share": share} for column, share in worst]},
    )


MEASURE = C2ST()
