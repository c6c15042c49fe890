"""Boosted oblivious trees over binned features: class probabilities with vector leaves, and means.

One tree a round serves all classes at once: its questions are chosen along a random direction of the class
gradients, its leaves hold a Newton step for every class. So a column of 40 categories costs about what one of
2 costs, to fit and to draw. The number of rounds is chosen on held-out rows, then all rows are used.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from reverie.models import kernels
from reverie.models.bins import Bins
from reverie.models.deadline import NEVER, Deadline
from reverie.models.ensemble import Ensemble
from reverie.models.linear import LOGIT_PENALTIES, Start, class_shares, fit_logits

STEP_WORK = 50_000_000
"""Rows times classes beyond which steps are larger, up to twice: a round is then slow, and fewer will do."""


@dataclass(frozen=True)
class Recipe:
    """How to boost. Rounds stop when `patience` of them have not lowered the held-out loss by `least_gain`.

    That is as a share of it. The fewest rounds are kept under which all held-out rows together are as likely
    as can be, but for `doubt` nats, which chance gives. With `refit`, all rows are learned from in the end,
    where they are at most `refit_rows`. With `line`, trees are added to a logistic regression, if held-out
    rows are likelier by one. Past the `deadline` it is given up with OutOfTimeError.
    """

    rounds: int = 200
    rate: float = 0.15
    depth: int = 4
    least_rows: int = 20
    ridge: float = 2.0
    rows_share: float = 0.7
    features_share: float = 0.5
    holdout_share: float = 0.15
    patience: int = 14
    least_gain: float = 5e-5
    doubt: float = 0.5
    refit: bool = True
    refit_rows: int = 50_000
    line: bool = False
    deadline: Deadline = NEVER


def fit_classes(
    bins: Bins,
    target: np.ndarray,
    k: int,
    recipe: Recipe,
    rng: np.random.Generator,
    train: np.ndarray | None = None,
) -> Ensemble:
    """Boost P(target | bins) of `k` classes; `target` (rows,) int32.

    `train` (rows,) bool names the rows to learn from, and the others then say when to stop; else both are
    chosen here.
    """
    target = np.ascontiguousarray(target, dtype=np.int32)
    recipe = replace(recipe, rate=recipe.rate * float(np.clip(len(target) * k / STEP_WORK, 1, 2)))
    penalties: tuple[float, ...] = LOGIT_PENALTIES if recipe.line else ()

    def start(train: np.ndarray) -> "_Task":
        nonlocal penalties
        origin = Start.constant(np.log(class_shares(target[train], k)))
        if penalties:
            origin, penalties = fit_logits(bins, target, k, train, penalties)
        return _Classes(bins, target, train, recipe, origin)

    if train is not None:
        return _boost(start(train), recipe, rng)
    return _choose_rounds(start, len(target), recipe, rng)


def fit_mean(
    bins: Bins,
    target: np.ndarray,
    recipe: Recipe,
    rng: np.random.Generator,
    origin: Start | None = None,
) -> Ensemble:
    """Boost E(target | bins); `target` (rows,) float. Trees add to the `origin`, or else to the mean."""
    target = np.ascontiguousarray(target, dtype=np.float32)

    def start(train: np.ndarray) -> "_Task":
        mean = np.array([target[train].mean()])
        return _Mean(bins, target, train, recipe, origin or Start.constant(mean))

    return _choose_rounds(start, len(target), recipe, rng)


class _Task(ABC):
    """What is boosted: the state of all rows' predictions, `fit` (rows, k).

    No sum has a loss below `least_loss`, so that trees which come near it need no more of them.
    """

    least_loss: float = -np.inf

    def __init__(
        self, bins: Bins, target: np.ndarray, train: np.ndarray, recipe: Recipe, origin: Start
    ) -> None:
        self.bins, self.target, self.train, self.recipe = bins, target, train, recipe
        self.origin = Ensemble.of(origin, recipe.depth)
        self.fit = self.origin.score(bins.codes)
        self.slope = np.empty(bins.rows, np.float32)

    @abstractmethod
    def gradient(self, rng: np.random.Generator) -> float:
        """Set `slope`; the sum of the held-out rows' losses."""

    @abstractmethod
    def add(self, features: np.ndarray, tables: np.ndarray, cuts: np.ndarray, depth: int) -> np.ndarray:
        """Fit the leaves of a tree and add it to all rows' predictions; its values (leaves, k)."""

    @abstractmethod
    def nats(self, losses: np.ndarray) -> np.ndarray:
        """-log likelihood a row of each mean loss, up to a constant."""


class _Classes(_Task):
    least_loss = 0.0

    def __init__(
        self, bins: Bins, target: np.ndarray, train: np.ndarray, recipe: Recipe, origin: Start
    ) -> None:
        super().__init__(bins, target, train, recipe, origin)
        self.proba, self.room = np.empty_like(self.fit), kernels.room(self.fit.shape[1])

    def gradient(self, rng: np.random.Generator) -> float:
        k = self.fit.shape[1]
        direction = np.array([0, 1]) if k == 2 else rng.normal(size=k)
        along = direction.astype(np.float32)
        return kernels.softmax_gradient(
            self.fit, self.target, self.train, along, *self.room, self.proba, self.slope
        )

    def add(self, features: np.ndarray, tables: np.ndarray, cuts: np.ndarray, depth: int) -> np.ndarray:
        values = np.zeros((1 << len(features), self.fit.shape[1]), np.float32)
        kernels.add_softmax_tree(
            self.bins.codes, self.target, self.train, self.proba, features, tables, cuts, depth,
            self.recipe.rate, self.recipe.ridge, values, self.fit,
        )  # fmt: skip
        return values

    def nats(self, losses: np.ndarray) -> np.ndarray:
        return losses


class _Mean(_Task):
    def gradient(self, rng: np.random.Generator) -> float:  # noqa: ARG002
        return kernels.squared_gradient(self.fit, self.target, self.train, self.slope)

    def add(self, features: np.ndarray, tables: np.ndarray, cuts: np.ndarray, depth: int) -> np.ndarray:
        values = np.zeros((1 << len(features), 1), np.float32)
        kernels.add_mean_tree(
            self.bins.codes, self.train, self.slope, features, tables, cuts, depth,
            self.recipe.rate, self.recipe.ridge, values, self.fit,
        )  # fmt: skip
        return values

    def nats(self, losses: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(losses, 1e-12)) / 2


def _choose_rounds(start, rows: int, recipe: Recipe, rng: np.random.Generator) -> Ensemble:
    """Boost with held-out rows to find the number of rounds, then, with `refit`, as many on all rows."""
    train = np.ones(rows, bool)
    if recipe.holdout_share and rows >= 50:
        train = rng.random(rows) >= recipe.holdout_share
    ensemble = _boost(start(train), recipe, rng)
    rounds = len(ensemble.depths)
    if not recipe.refit or rows > recipe.refit_rows or train.all() or not rounds:
        return ensemble
    everything = replace(recipe, rounds=rounds)
    return replace(_boost(start(np.ones(rows, bool)), everything, rng), losses=ensemble.losses)


def _boost(task: _Task, recipe: Recipe, rng: np.random.Generator) -> Ensemble:
    p, held_out = len(task.bins.sizes), int(np.count_nonzero(~task.train))
    features = np.zeros((recipe.rounds, recipe.depth), np.int32)
    tables = np.zeros((recipe.rounds, recipe.depth, 256), np.uint8)
    cuts = np.zeros((recipe.rounds, recipe.depth), np.int32)
    depths, values, losses, best = np.zeros(recipe.rounds, np.int32), [], [], 0
    training, certain = np.flatnonzero(task.train).astype(np.int32), False
    for step in range(recipe.rounds + 1):
        recipe.deadline.check()
        losses.append(task.gradient(rng) / max(held_out, 1))
        if not held_out or losses[step] < losses[best] * (1 - recipe.least_gain):
            best = step
        certain = bool(held_out) and (losses[step] - task.least_loss) * held_out < recipe.doubt
        if certain:
            best = step  # none that could follow would be kept
        if step == recipe.rounds or step - best >= recipe.patience or certain:
            break
        rows = training[rng.random(len(training), dtype=np.float32) < recipe.rows_share]
        used = _pick_features(p, recipe.features_share, rng)
        depths[step] = kernels.grow(
            task.bins.codes, rows, task.slope, task.bins.sizes, task.bins.ordered, used,
            recipe.depth, 1.0, recipe.least_rows, features[step], tables[step], cuts[step],
        )  # fmt: skip
        if not depths[step]:
            break
        values.append(task.add(features[step], tables[step], cuts[step], int(depths[step])))
    if held_out and not certain:
        nats = task.nats(np.array(losses[: best + 1])) * held_out
        best = int(np.argmax(nats <= nats[-1] + recipe.doubt))
    if not best:
        return replace(task.origin, losses=np.array(losses))
    return replace(
        task.origin, features=features[:best], tables=tables[:best], cuts=cuts[:best], depths=depths[:best],
        values=np.stack(values[:best]), losses=np.array(losses),
    )  # fmt: skip


def _pick_features(p: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Positions of the features that may be asked about, at least one if there is any."""
    if share >= 1 or p < 4:
        return np.arange(p)
    used = rng.random(p) < share
    used[rng.integers(p)] = True
    return np.flatnonzero(used)
