"""The critic: tells generated rows from real ones, and chooses among a surplus so that it no longer can.

Boosted trees are trained on real against generated rows; a generated row is kept with a chance proportional
to p / (1 - p), its estimated density ratio. Some rounds of this, each against what the last would keep, bring
any family's samples nearer to the data. Training is cross-fitted: each critic learns from one half of the
real rows and stops when it no longer gets better on the other half, so that it cannot reward nearness to
single rows.

Source: Azadi et al. 2018 (discriminator rejection sampling).
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reverie.models.base import Fitted, OnProgress, Progress, silent
from reverie.models.bins import Bins
from reverie.models.boosting import Recipe, fit_classes
from reverie.models.deadline import NEVER, Deadline, work_in_time
from reverie.models.ensemble import Ensemble
from reverie.models.features import Feature, FeatureSpace
from reverie.schema.blocks import Blocks, Evidence, Real, Tokens

ROUNDS = 2
HALVES = 2
SURPLUS = 4
MADE = 2
"""Rows that are generated for each real one to train on; they cost less than real ones."""
MOST_ROWS = 100_000
LEAST_ROWS = 200
CLIP = 5.0
"""Bound of a log ratio, so that no row's weight rests on a corner that the critic hardly saw."""
RECIPE = Recipe(
    rounds=200, rate=0.05, depth=5, least_rows=15, patience=15, doubt=0.0, features_share=1.0, refit=False
)


@dataclass(frozen=True)
class Critic:
    """Fitted critics of all rounds, over one feature space; `effective` is what share of a surplus counts."""

    space: FeatureSpace
    rounds: tuple[tuple[Ensemble, ...], ...]
    effective: float

    def log_ratio(self, blocks: Blocks) -> np.ndarray:
        """Estimated log density ratio of real to generated at each row, (rows,), up to a constant."""
        return _log_ratio(self.rounds, self.space.bins(blocks))

    def resample(
        self, fitted: Fitted, n: int, *, rng: np.random.Generator, given: Evidence | None = None
    ) -> Blocks:
        """`n` rows chosen among `SURPLUS` times as many that `fitted` draws, none of them twice."""
        surplus = fitted.sample(SURPLUS * n, rng=rng, given=given)
        return surplus.take(choose(self.log_ratio(surplus), n, rng))

    def state(self) -> dict[str, Any]:
        """Nested arrays to rebuild it from."""
        return {
            "features": [feature.state() for feature in self.space.features],
            "rounds": [[ensemble.state() for ensemble in one] for one in self.rounds],
            "effective": self.effective,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Critic":
        """Rebuild what `state` gave."""
        space = FeatureSpace(tuple(Feature(**feature) for feature in state["features"]))
        width = len(space.features)
        rounds = tuple(tuple(Ensemble.from_state(one, width) for one in stage) for stage in state["rounds"])
        return cls(space, rounds, float(state["effective"]))


def train(
    fitted: Fitted,
    blocks: Blocks,
    *,
    rng: np.random.Generator,
    deadline: Deadline = NEVER,
    on_progress: OnProgress = silent,
) -> Critic | None:
    """A critic of what `fitted` draws against the real `blocks`; None with too few rows or nothing found.

    Where time is short it learns from fewer rows; past the deadline there is none.
    """
    if blocks.rows < LEAST_ROWS or any(_is_wide(spec) for spec in blocks.specs) or not blocks.specs:
        return None
    if deadline.left < 0:
        return None
    real = blocks if blocks.rows <= MOST_ROWS else blocks.take(rng.permutation(blocks.rows)[:MOST_ROWS])

    def work(rows: int, deadline: Deadline) -> Critic | None:
        some = real if rows == real.rows else real.take(np.sort(mixed[:rows]))
        return _train(fitted, some, replace(RECIPE, deadline=deadline), deepcopy(rng), on_progress)

    mixed = np.random.default_rng(0).permutation(real.rows)
    return work_in_time(work, real.rows, deadline)[0]


def _train(
    fitted: Fitted, real: Blocks, recipe: Recipe, rng: np.random.Generator, on_progress: OnProgress
) -> Critic | None:
    """Rounds of critics, each against what those before it would keep."""
    space = FeatureSpace.learn(real)
    truth = space.bins(real)
    rounds: list[tuple[Ensemble, ...]] = []
    effective = 1.0
    for step in range(ROUNDS):
        surplus = fitted.sample((SURPLUS if rounds else 1) * MADE * real.rows, rng=rng)
        made = space.bins(surplus)
        if rounds:
            log_ratio = _log_ratio(tuple(rounds), made)
            effective = effective_share(log_ratio)
            made = made.take(choose(log_ratio, MADE * real.rows, rng))
        found = _fit_round(truth, made, recipe, rng)
        on_progress(Progress("training the critic", step + 1, ROUNDS))
        if not any(len(ensemble.depths) for ensemble in found):
            break
        rounds.append(found)
    return Critic(space, tuple(rounds), effective) if rounds else None


def choose(log_ratio: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of `n` rows, none twice, each with a chance proportional to its ratio as far as that goes.

    Systematic sampling with inclusion probabilities min(1, c * ratio) that sum to n.
    """
    ratio = np.exp(log_ratio - log_ratio.max())
    chance = ratio * (n / ratio.sum())
    for _ in range(20):
        over = chance >= 1
        chance[over] = 1
        left = n - np.count_nonzero(over)
        rest = chance[~over].sum()
        if not over.any() or rest <= 0 or abs(rest - left) < 1e-9 * n:
            break
        chance[~over] *= left / rest
    mixed = rng.permutation(len(chance))
    passed = np.cumsum(chance[mixed])
    marks = (np.arange(n) + rng.random()) * (passed[-1] / n)
    return rng.permutation(mixed[np.searchsorted(passed, marks, side="right").clip(0, len(chance) - 1)])


def effective_share(log_ratio: np.ndarray) -> float:
    """Effective sample size of weighted rows as a share of their number (Kish)."""
    ratio = np.exp(log_ratio - log_ratio.max())
    return float(ratio.sum() ** 2 / (len(ratio) * (ratio**2).sum()))


def _log_ratio(rounds: tuple[tuple[Ensemble, ...], ...], bins: Bins) -> np.ndarray:
    total = np.zeros(bins.rows)
    for ensembles in rounds:
        for ensemble in ensembles:
            logits = ensemble.score(bins.codes)
            prior = ensemble.base[1] - ensemble.base[0]
            total += (logits[:, 1] - logits[:, 0] - prior) / len(ensembles)
    return np.clip(total, -CLIP, CLIP)


def _fit_round(truth: Bins, made: Bins, recipe: Recipe, rng: np.random.Generator) -> tuple[Ensemble, ...]:
    """One critic a half, trained on that half and stopped by the other."""
    both = Bins(np.concatenate([truth.codes, made.codes], axis=1), truth.sizes, truth.ordered)
    target = np.repeat(np.array([1, 0], np.int32), [truth.rows, made.rows])
    half = np.concatenate([rng.permutation(count) % HALVES for count in (truth.rows, made.rows)])
    return tuple(fit_classes(both, target, 2, recipe, rng, train=half == index) for index in range(HALVES))


def _is_wide(spec: object) -> bool:
    return isinstance(spec, Tokens) or (isinstance(spec, Real) and spec.n * spec.d != 1)
