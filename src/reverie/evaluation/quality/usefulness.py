"""Usefulness: does a model trained on synthetic rows predict unseen real rows as well as one trained on real
rows?

Train on synthetic, test on real, beside train on real, test on real. Without a holdout, a third of the real
rows is kept to test on; the generator may have seen them, so the figures are then no proof.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.core.errors import ConfigError
from reverie.evaluation import boosting
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import Estimate, auc, r2
from reverie.evaluation.view import Field, Side, View

ROUNDS = 300
TREES = 900
"""Trees in all for a target of many classes."""
FEWEST = 50
CLASSES = 8
"""A target that is chosen here, not by the user, has at most so many classes."""
TARGETS = 3
CHANCE = {"AUC": 0.55, "R2": 0.05}
"""A target that real rows do not predict better than this shows nothing."""


@dataclass(frozen=True)
class Trial:
    """Scores of the same test rows by a model trained on synthetic and by one trained on real rows."""

    target: str
    metric: str
    fake: Estimate
    real: Estimate
    trained: int
    tested: int

    @property
    def loss(self) -> Estimate:
        """What training on synthetic rows costs; paired, so its interval is narrower than either score's."""
        return Estimate(self.real.value - self.fake.value, self.real.influence - self.fake.influence)


def targets(view: View, chosen: str | None) -> tuple[Field, ...]:
    """The chosen target; else the last column that can be one, the evenest category, the most varied number.

    Raises ConfigError if the chosen column cannot be a target.
    """
    if chosen is not None:
        found = tuple(field for field in view.fields if field.name == chosen)
        if not found:
            raise ConfigError(
                "cannot be a target: it is unknown, constant, or of a kind that is not compared",
                where=chosen,
                fix=f"Choose one of: {', '.join(field.name for field in view.fields)}",
            )
        return found
    usable = [
        field for field in view.fields if not field.categorical or 2 <= _classes(field, view.real) <= CLASSES
    ]
    categories = sorted((f for f in usable if f.categorical), key=lambda field: -_evenness(field, view.real))
    numbers = sorted(
        (f for f in usable if f.kind == "numerical"), key=lambda field: -_variety(field, view.real)
    )
    order = usable[-1:] + categories[:2] + numbers[:2]
    return tuple(dict.fromkeys(order))[:TARGETS]


def attempt(view: View, target: Field, sides: tuple[Side, Side, Side]) -> Trial | None:
    """Train on `fake` and on `real`, equally many rows, and test on `test`; None if something hinders it."""
    if hindrance(view, target, sides):
        return None
    fake, real, test = _usable(target, sides)
    score = _classify if target.categorical else _regress
    scores = [score(view, target, side, test) for side in (fake, real)]
    return Trial(
        target.name, "AUC" if target.categorical else "R2", scores[0], scores[1], fake.rows, test.rows
    )


def hindrance(view: View, target: Field, sides: tuple[Side, Side, Side]) -> str:
    """Why no model of `target` can be trained on `fake` and on `real` and tested on `test`; "" if it can."""
    if len(view.fields) == 1:
        return f"there is no column to predict {target.name} from"
    purposes = ("synthetic rows to train on", "real rows to train on", "real rows to test on")
    for purpose, side in zip(purposes, (_present(target, side) for side in sides), strict=True):
        if side.rows < FEWEST:
            return f"{target.name} is present in fewer than {FEWEST} {purpose}"
    for purpose, side in zip(purposes, _usable(target, sides), strict=True):
        if target.categorical and len(np.unique(_values(target, side))) < 2:
            return f"{target.name} has only one value in the {purpose}"
    return ""


class Usefulness(Measure):
    """Scores of models trained on synthetic rows, and what they lose against models trained on real rows."""

    name = "usefulness"
    aspect = "useful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`usefulness_loss`, the mean loss over the targets, and a `usefulness: TARGET` for each."""
        view = comparison.view
        sides = _sides(view, comparison.generator("usefulness"))
        trials = [attempt(view, target, sides) for target in targets(view, comparison.target)]
        done = [trial for trial in trials if trial is not None]
        telling = [t for t in done if comparison.target or t.real.value > CHANCE[t.metric]]
        if not telling:
            return []
        return [_loss(telling), *(_score(trial) for trial in telling)]

    def why_none(self, comparison: Comparison) -> str:
        """What hinders each target; if nothing does, real rows predict none of them."""
        view = comparison.view
        sides = _sides(view, comparison.generator("usefulness"))
        chosen = targets(view, comparison.target)
        hindrances = [hindrance(view, target, sides) for target in chosen]
        if not all(hindrances):
            names = ", ".join(target.name for target in chosen)
            return f"real rows do not predict {names} better than chance: name a target column"
        return "; ".join(dict.fromkeys(hindrances)) or "no column can be a target"


def _sides(view: View, rng: np.random.Generator) -> tuple[Side, Side, Side]:
    """Fake and real rows to train on, and real rows to test on, in random order."""
    fake, real = (side.take(rng.permutation(side.rows)) for side in (view.fake, view.real))
    if view.holdout is not None:
        return fake, real, view.holdout
    cut = real.rows // 3
    return fake, real.take(np.arange(cut, real.rows)), real.take(np.arange(cut))


def _loss(trials: list[Trial]) -> Measurement:
    losses = [trial.loss for trial in trials]
    value = float(np.mean([loss.value for loss in losses]))
    # The targets share their test rows, so the widths are added as if the errors went together.
    half = float(np.mean([loss.value - loss.interval()[0] for loss in losses]))
    return Measurement(
        name="usefulness_loss",
        value=value,
        low=value - half,
        high=value + half,
        floor=0.0,
        n=min(trial.tested for trial in trials),
        better="lower",
        ideal=0.0,
        explanation=(
            "How much worse models predict unseen real rows when trained on synthetic instead of real rows: "
            f"the mean loss of AUC or R2 over {len(trials)} target(s)."
        ),
        detail={"targets": [_describe(trial) for trial in trials]},
    )


def _score(trial: Trial) -> Measurement:
    low, high = trial.fake.interval(ceiling=1.0)
    return Measurement(
        name=f"usefulness: {trial.target}",
        value=trial.fake.value,
        low=low,
        high=high,
        floor=trial.real.value,
        n=trial.tested,
        better="higher",
        ideal=1.0,
        explanation=(
            f"{trial.metric} of predicting '{trial.target}' on real rows by gradient boosting trained on "
            "synthetic rows; the floor is the same trained on real rows."
        ),
        detail=_describe(trial),
    )


def _describe(trial: Trial) -> dict[str, Any]:
    low, high = trial.loss.interval()
    return {
        "target": trial.target,
        "metric": trial.metric,
        "fake": trial.fake.value,
        "real": trial.real.value,
        "loss": {"value": trial.loss.value, "low": low, "high": high},
        "trained": trial.trained,
        "tested": trial.tested,
    }


def _values(field: Field, side: Side) -> np.ndarray:
    return (side.codes if field.categorical else side.numbers)[:, field.index]


def _present(field: Field, side: Side) -> Side:
    values = _values(field, side)
    holes = values < 0 if field.categorical else np.isnan(values)
    return side.take(~holes) if holes.any() else side


def _usable(target: Field, sides: tuple[Side, Side, Side]) -> tuple[Side, Side, Side]:
    """The rows that have the target, equally many of the first two sides."""
    fake, real, test = (_present(target, side) for side in sides)
    rows = np.arange(min(fake.rows, real.rows))
    return fake.take(rows), real.take(rows), test


def _classes(field: Field, side: Side) -> int:
    codes = _values(field, side)
    return int(np.count_nonzero(np.bincount(codes[codes >= 0], minlength=1)))


def _evenness(field: Field, side: Side) -> float:
    """Entropy of the classes."""
    codes = _values(field, side)
    shares = np.bincount(codes[codes >= 0]) / max(1, np.count_nonzero(codes >= 0))
    return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def _variety(field: Field, side: Side) -> int:
    return len(np.unique(_values(field, side)))


def _classify(view: View, target: Field, source: Side, test: Side) -> Estimate:
    """Macro one-against-rest AUC over the classes tested; a class never trained on scores a half."""
    codes, truth = _values(target, source), _values(target, test)
    known, labels = np.unique(codes, return_inverse=True)
    inputs, unseen = (boosting.features(view, side, target.name) for side in (source, test))
    data = boosting.dataset(inputs, labels.astype(float))
    if len(known) == 2:
        model = boosting.train(data, ROUNDS, objective="binary")
        second = np.asarray(model.predict(unseen.values, raw_score=True))
        scores = np.stack([-second, second], axis=1)
    else:
        rounds = max(20, min(ROUNDS, TREES // len(known)))
        model = boosting.train(data, rounds, objective="multiclass", num_class=len(known))
        scores = np.asarray(model.predict(unseen.values))
    present = np.unique(truth)
    column = {code: place for place, code in enumerate(known)}
    flat = np.zeros(len(truth))
    parts = [auc(truth == code, scores[:, column[code]] if code in column else flat) for code in present]
    if len(present) == 2:
        parts = parts[1:]
    return Estimate(float(np.mean([p.value for p in parts])), np.mean([p.influence for p in parts], axis=0))


def _regress(view: View, target: Field, source: Side, test: Side) -> Estimate:
    inputs, unseen = (boosting.features(view, side, target.name) for side in (source, test))
    values = _values(target, source)
    centre, scale = values.mean(), values.std() or 1.0
    # Scaled because boosting works in single precision, too coarse for nanoseconds.
    model = boosting.train(
        boosting.dataset(inputs, (values - centre) / scale), ROUNDS, objective="regression"
    )
    return r2(_values(target, test), np.asarray(model.predict(unseen.values)) * scale + centre)


MEASURE = Usefulness()
