"""Boosted oblivious trees over binned features: class probabilities with vector leaves, and means.

One tree a round serves all classes at once: its questions are chosen along a random direction of the class
gradients, its leaves hold a Newton step for every class. So a column of 40 categories costs about what one of
2 costs, to fit and to draw. The number of rounds is chosen on held-out rows, then all rows are used.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models import kernels

MOST_DEPTH = 8
"""Levels of a tree, so that the number of a leaf fits in a byte."""


@dataclass(frozen=True)
class Recipe:
    """How to boost. Rounds stop when `patience` of them have not lowered the held-out loss by `least_gain`.

    That is as a share of it. The fewest rounds are kept under which all held-out rows together are as likely
    as can be, but for `doubt` nats, which chance gives. With `refit`, all rows are learned from in the end,
    where they are at most `refit_rows`.
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


@dataclass(frozen=True)
class Bins:
    """Features as small codes: `codes` (features, rows) uint8, of which there are `sizes` (features,).

    `ordered` (features,) says whose codes are places on a line.
    """

    codes: np.ndarray
    sizes: np.ndarray
    ordered: np.ndarray

    @property
    def rows(self) -> int:
        return self.codes.shape[1]

    def take(self, rows: np.ndarray) -> "Bins":
        """The rows at integer positions or where the mask is true."""
        return replace(self, codes=np.ascontiguousarray(self.codes[:, rows]))

    def head(self, count: int) -> "Bins":
        """The first `count` features."""
        return Bins(self.codes[:count], self.sizes[:count], self.ordered[:count])

    def arranged(self, order: Sequence[int] | np.ndarray) -> "Bins":
        """The features at the positions `order`."""
        at = np.asarray(order, dtype=np.int64)
        return Bins(self.codes[at], self.sizes[at], self.ordered[at])

    def with_feature(self, codes: np.ndarray, size: int) -> "Bins":
        """One more, ordered, feature."""
        stacked = np.concatenate([self.codes, codes.astype(np.uint8)[None]])
        return Bins(stacked, np.append(self.sizes, size), np.append(self.ordered, True))


@dataclass(frozen=True)
class Ensemble:
    """A fitted sum of trees: `base` (k,), then per tree its questions, its depth, and its leaves' values.

    A question is a table of yes and no over a feature's codes; in `cuts` is the last code that is answered
    no, where the codes are ordered, and -1 elsewhere.

    `losses` (rounds + 1,) are mean held-out losses, before the first round and after each.
    """

    base: np.ndarray
    features: np.ndarray
    tables: np.ndarray
    cuts: np.ndarray
    depths: np.ndarray
    values: np.ndarray
    losses: np.ndarray

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The arrays in the order that the kernels take them."""
        return self.base, self.features, self.tables, self.cuts, self.depths, self.values

    @classmethod
    def constant(cls, base: np.ndarray, depth: int) -> "Ensemble":
        """No trees: the same for all rows."""
        nothing = np.zeros((0, depth), np.int32)
        tables, values = np.zeros((0, depth, 256), np.uint8), np.zeros((0, 1 << depth, len(base)), np.float32)
        return cls(
            base.astype(np.float32), nothing, tables, nothing, np.zeros(0, np.int32), values, np.zeros(1)
        )

    def score(self, codes: np.ndarray) -> np.ndarray:
        """Logits (or the mean) of each row, (rows, k) float32, of `codes` (features, rows) uint8."""
        out = np.empty((codes.shape[1], len(self.base)), np.float32)
        kernels.score(codes, *self.parts, out)
        return out

    def draw(
        self, codes: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A class a row among the `allowed` (k,) bool, and P(allowed), both (rows,)."""
        rows = codes.shape[1]
        drawn, mass = np.empty(rows, np.int32), np.empty(rows, np.float32)
        uniform = rng.random(rows, dtype=np.float32)
        fallback = int(np.argmax(np.where(allowed, self.base, -np.inf)))
        room = _room(len(self.base))
        weights = allowed.astype(np.float32)
        kernels.draw_codes(codes, *self.parts, weights, fallback, uniform, *room, drawn, mass)
        return drawn, mass

    def log_probability(self, codes: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Log probability of each row's class, (rows,)."""
        out = np.empty(codes.shape[1])
        kernels.code_log_probability(codes, *self.parts, classes, out)
        return out

    def state(self) -> dict[str, np.ndarray]:
        """Arrays to rebuild it from."""
        return {
            "base": self.base,
            "features": self.features.astype(np.int16),
            "tables": np.packbits(self.tables, axis=-1),
            "depths": self.depths.astype(np.int8),
            "values": self.values,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], features: int) -> "Ensemble":
        """Rebuild what `state` gave, over `features` features. Raises ArtifactError if it makes no sense."""
        asked, depths = (state[name].astype(np.int32) for name in ("features", "depths"))
        values = state["values"].astype(np.float32)
        tables = np.unpackbits(state["tables"], axis=-1).astype(np.uint8)
        trees, depth = asked.shape
        sound = (
            tables.shape == (trees, depth, 256)
            and depth <= MOST_DEPTH
            and values.shape == (trees, 1 << depth, len(state["base"]))
            and depths.shape == (trees,)
            and (
                not trees
                or (
                    asked.min() >= 0 and asked.max() < features and 0 <= depths.min() <= depths.max() <= depth
                )
            )
        )
        if not sound:
            raise ArtifactError("holds trees that do not fit its features", where="model", fix="Fit it again")
        return cls(
            state["base"].astype(np.float32), asked, tables, _cuts(tables), depths, values, np.zeros(0)
        )


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

    def start(train: np.ndarray) -> "_Task":
        return _Classes(bins, target, k, train, recipe)

    if train is not None:
        return _boost(start(train), recipe, rng)
    return _choose_rounds(start, len(target), recipe, rng)


def fit_mean(bins: Bins, target: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> Ensemble:
    """Boost E(target | bins); `target` (rows,) float."""
    target = np.ascontiguousarray(target, dtype=np.float32)

    def start(train: np.ndarray) -> "_Task":
        return _Mean(bins, target, train, recipe)

    return _choose_rounds(start, len(target), recipe, rng)


class _Task(ABC):
    """What is boosted: the state of all rows' predictions."""

    base: np.ndarray
    slope: np.ndarray

    def __init__(self, bins: Bins, train: np.ndarray, recipe: Recipe) -> None:
        self.bins, self.train, self.recipe = bins, train, recipe
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
    def __init__(self, bins: Bins, target: np.ndarray, k: int, train: np.ndarray, recipe: Recipe) -> None:
        super().__init__(bins, train, recipe)
        self.target = target
        counts = np.bincount(target[train], minlength=k) + 0.5
        self.base = np.log(counts / counts.sum()).astype(np.float32)
        self.logits = np.tile(self.base, (bins.rows, 1))
        self.proba, self.room = np.empty_like(self.logits), _room(len(self.base))

    def gradient(self, rng: np.random.Generator) -> float:
        k = len(self.base)
        direction = np.array([0, 1]) if k == 2 else rng.normal(size=k)
        along = direction.astype(np.float32)
        return kernels.softmax_gradient(
            self.logits, self.target, self.train, along, *self.room, self.proba, self.slope
        )

    def add(self, features: np.ndarray, tables: np.ndarray, cuts: np.ndarray, depth: int) -> np.ndarray:
        values = np.zeros((1 << len(features), len(self.base)), np.float32)
        kernels.add_softmax_tree(
            self.bins.codes, self.target, self.train, self.proba, features, tables, cuts, depth,
            self.recipe.rate, self.recipe.ridge, values, self.logits,
        )  # fmt: skip
        return values

    def nats(self, losses: np.ndarray) -> np.ndarray:
        return losses


class _Mean(_Task):
    def __init__(self, bins: Bins, target: np.ndarray, train: np.ndarray, recipe: Recipe) -> None:
        super().__init__(bins, train, recipe)
        self.target = target
        self.base = np.array([target[train].mean()], np.float32)
        self.fit = np.tile(self.base, (bins.rows, 1))

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


def _cuts(tables: np.ndarray) -> np.ndarray:
    """The last code that each table (trees, depth, 256) answers no, -1 where it is more than a plain cut."""
    cuts = 255 - tables.sum(axis=-1, dtype=np.int32)
    plain = (tables == (np.arange(256) > cuts[..., None])).all(axis=-1)
    return np.where(plain, cuts, -1).astype(np.int32)


def _room(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Memory for a block of `k` logits a row, as whole numbers and as floats."""
    powers = np.empty((kernels.BLOCK, k), np.int32)
    return powers, powers.view(np.float32)


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
    training = np.flatnonzero(task.train).astype(np.int32)
    for step in range(recipe.rounds + 1):
        losses.append(task.gradient(rng) / max(held_out, 1))
        if not held_out or losses[step] < losses[best] * (1 - recipe.least_gain):
            best = step
        if step == recipe.rounds or step - best >= recipe.patience:
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
    if held_out:
        nats = task.nats(np.array(losses[: best + 1])) * held_out
        best = int(np.argmax(nats <= nats[-1] + recipe.doubt))
    kept = np.stack(values[:best]) if best else np.zeros((0, 1 << recipe.depth, len(task.base)), np.float32)
    return Ensemble(
        task.base, features[:best], tables[:best], cuts[:best], depths[:best], kept, np.array(losses)
    )


def _pick_features(p: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Positions of the features that may be asked about, at least one if there is any."""
    if share >= 1 or p < 4:
        return np.arange(p)
    used = rng.random(p) < share
    used[rng.integers(p)] = True
    return np.flatnonzero(used)
