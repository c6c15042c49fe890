"""Boosted trees, one column after the other: each column's conditional distribution given those before it.

Categories, and the choice among a number's missing, spikes and continuous part, are boosted class
probabilities; the continuous part is a boosted mean with a boosted histogram of its out-of-fold residuals.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from reverie.core.errors import ArtifactError
from reverie.core.nested import join, split
from reverie.models.base import Budget, Capabilities, OnProgress, Progress, State, silent
from reverie.models.bins import Bins
from reverie.models.boosting import Recipe
from reverie.models.classes import Classes
from reverie.models.deadline import NEVER, Deadline, work_in_time
from reverie.models.density import Density
from reverie.models.features import PENDING, Feature, FeatureSpace
from reverie.models.ordering import choose_order
from reverie.models.particles import BlockEvidence
from reverie.models.sequential import Sequential
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Real, RealEvidence, Spec

CAPABILITIES = Capabilities(
    "boosted trees, column by column: fast and faithful on tables",
    log_prob=True,
    given=True,
    cost="seconds",
    advice="nearly always: any dependence among the columns of a table, from some hundred rows on",
)


SLOW = Recipe(rounds=500, rate=0.08, depth=6, rows_share=1.0, patience=30, least_gain=0.0, line=True)


@dataclass(frozen=True)
class Config:
    """How to learn: at most `most_rows`, drawn at random, and of them at most `most_cells`, if that leaves
    `least_rows`, as each column is learned from all before it.

    `recipe` is how to boost; `slow`, for categories of at most `few` classes, where small steps cost little;
    `trial`, where orders of columns are compared.
    """

    most_rows: int = 200_000
    most_cells: int = 2_000_000
    least_rows: int = 20_000
    recipe: Recipe = field(default_factory=lambda: Recipe(line=True))
    few: int = 4
    slow: Recipe = field(default_factory=lambda: SLOW)
    trial: Recipe = field(default_factory=lambda: Recipe(rounds=30, rate=0.3, refit=False))

    def until(self, deadline: Deadline) -> "Config":
        """The same, given up past the deadline."""
        names = ("recipe", "slow", "trial")
        return replace(self, **{name: replace(getattr(self, name), deadline=deadline) for name in names})


class Trees(Sequential):
    """A fitted chain of conditionals; `conditionals` has one a block."""

    family = "trees"

    def __init__(
        self, specs: tuple[Spec, ...], space: FeatureSpace, conditionals: Mapping[str, Classes | Density]
    ) -> None:
        self.specs, self.space, self.conditionals = specs, space, dict(conditionals)
        self.order = space.order
        self._by_name = {spec.name: spec for spec in specs}
        self._at = {name: (i, f) for i, f in enumerate(space.features) for name in f.names}

    def begin(self, rows: int, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """Bins (features, rows) uint8."""
        return np.zeros((len(self.space.features), rows), np.uint8)

    def put(self, partial: np.ndarray, name: str, values: np.ndarray) -> None:
        index, feature = self._at[name]
        if name == feature.kind:
            partial[index] = feature.table[values]
            return
        placed = feature.place(values)
        partial[index] = np.where(placed > 0, placed, partial[index])

    def take(self, partial: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(partial[:, rows])

    def draw(
        self, partial: np.ndarray, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        if isinstance(self._by_name[name], Category):
            assert not isinstance(evidence, RealEvidence)
            return self._draw_codes(partial, name, rng, evidence)
        assert not isinstance(evidence, CategoryEvidence)
        return self._draw_numbers(partial, name, rng, evidence)

    def score(self, partial: np.ndarray, name: str, values: np.ndarray) -> np.ndarray:
        index, _ = self._at[name]
        conditional = self.conditionals[name]
        if isinstance(conditional, Classes):
            return conditional.log_probability(partial[:index], values)
        open_rows = np.flatnonzero(~np.isnan(values.reshape(-1)))
        out = np.zeros(len(values))
        codes = np.ascontiguousarray(partial[:index, open_rows])
        out[open_rows] = conditional.log_density(codes, values.reshape(-1)[open_rows].astype(float))
        return out

    def state(self) -> State:
        return State(
            *split(
                {
                    "features": [feature.state() for feature in self.space.features],
                    "conditionals": [self.conditionals[name].state() for name in self.order],
                }
            )
        )

    def _draw_codes(
        self, partial: np.ndarray, name: str, rng: np.random.Generator, evidence: CategoryEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        spec, conditional = self._by_name[name], self.conditionals[name]
        assert isinstance(spec, Category)
        assert isinstance(conditional, Classes)
        codes = partial[: self._at[name][0]]
        wanted = np.ones(spec.k, bool)
        wanted[list(spec.muted)] = False
        free = conditional.mass(codes, wanted) if evidence is not None and spec.muted else None
        if evidence is not None and evidence.allowed is not None:
            wanted &= evidence.allowed
        possible = wanted.any()
        drawn, mass = conditional.draw(codes, wanted if possible else ~wanted, rng)
        if evidence is None:
            return drawn, None
        mass = mass if possible else np.zeros(len(drawn))
        with np.errstate(divide="ignore"):
            logp = np.log(mass) - (0.0 if free is None else np.log(free))
        if evidence.codes is not None:
            known = evidence.codes >= 0
            found = conditional.log_probability(codes, np.maximum(evidence.codes, 0).astype(np.int32))
            logp = np.where(known, found, logp if evidence.allowed is not None else 0.0)
            drawn = np.where(known, evidence.codes, drawn).astype(np.int32)
        return drawn, logp

    def _draw_numbers(
        self, partial: np.ndarray, name: str, rng: np.random.Generator, evidence: RealEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        index, feature = self._at[name]
        conditional = self.conditionals[name]
        assert isinstance(conditional, Density)
        rows = partial.shape[1]
        at = np.flatnonzero(partial[index] == PENDING) if feature.kind is not None else np.arange(rows)
        codes = np.ascontiguousarray(partial[:index, at])
        numbers, logp = np.full(rows, np.nan), np.zeros(rows)
        drawn, mass = conditional.draw(codes, rng, *(evidence.intervals if evidence else ()))
        numbers[at] = drawn
        if evidence is not None:
            with np.errstate(divide="ignore"):
                logp[at] = np.log(np.maximum(mass, 0.0))
            if evidence.values is not None:
                known = ~np.isnan(evidence.values[at])
                held = at[known]
                numbers[held] = evidence.values[held]
                logp[at] = 0.0
                logp[held] = conditional.log_density(
                    np.ascontiguousarray(codes[:, known]), evidence.values[held]
                )
        return numbers.reshape(-1, 1, 1), logp if evidence is not None else None


def fit(
    blocks: Blocks,
    *,
    config: Config = Config(),
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Trees:
    """Learn the chain of conditionals, columns in parallel. `weights` (rows,) are met by resampling rows.

    Where the budget's time is short, fewer rows are learned from, which the model's `notes` tell; given time
    enough, the model is the same as without a budget.
    """
    columns = max(sum(not isinstance(spec, Real) or spec.gate is None for spec in blocks.specs), 1)
    most = min(config.most_rows, max(config.most_cells // columns, config.least_rows))
    chosen = _choose_rows(blocks.rows, weights, most, rng)
    blocks = blocks if chosen is None else blocks.take(chosen)
    deadline = Deadline.after(budget.seconds)
    mixed = np.arange(blocks.rows) if deadline == NEVER else np.random.default_rng(0).permutation(blocks.rows)
    # Columns are learned side by side: were each product of matrices to use all cores too, both would wait.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(budget.threads) as pool:

        def work(rows: int, deadline: Deadline) -> Trees:
            some = blocks if rows == blocks.rows else blocks.take(np.sort(mixed[:rows]))
            return _fit(some, config.until(deadline), pool, deepcopy(rng), on_progress)

        made, rows = work_in_time(work, blocks.rows, deadline)
    if rows < blocks.rows:
        made.notes = (f"the budget of time was enough for {rows:,} of {blocks.rows:,} rows to learn from",)
    return made


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:
    """About what `fit` takes on a plain processor: within a factor of two on the tables of docs/adr/0009."""
    config, columns = Config(), max(sum(not isinstance(s, Real) or s.gate is None for s in specs), 1)
    learned = min(rows, config.most_rows, max(config.most_cells // columns, config.least_rows))
    numbers = sum(isinstance(spec, Real) for spec in specs)
    work = 8.2e-6 * learned * columns**1.6 + 1.2e-5 * min(learned, 300) * columns * numbers
    return 0.05 + work / budget.threads**0.7


def _fit(
    blocks: Blocks, config: Config, pool: Executor, rng: np.random.Generator, on_progress: OnProgress
) -> Trees:
    """Learn the order of the columns, and then their conditionals."""
    trial = replace(config, recipe=config.trial, slow=config.trial)
    seed = rng.integers(2**63)  # each column's held-out rows are the same in all orders

    def score(space: FeatureSpace, bins: Bins, some: Blocks) -> float:
        same = np.random.default_rng(seed)
        return _likelihood(some, _learn(space, bins, some, trial, pool, same, silent))

    space = choose_order(FeatureSpace.learn(blocks), blocks, score, rng)
    found = _learn(space, space.bins(blocks), blocks, config, pool, rng, on_progress)
    return Trees(blocks.specs, space, found)


def _learn(
    space: FeatureSpace,
    bins: Bins,
    blocks: Blocks,
    config: Config,
    pool: Executor,
    rng: np.random.Generator,
    on_progress: OnProgress,
) -> dict[str, Classes | Density]:
    """One conditional a block, by name, in the order of the space."""
    specs = {spec.name: spec for spec in blocks.specs}
    rngs = dict(zip(specs, rng.spawn(len(specs)), strict=True))
    tasks: list[Callable[[], tuple[str, Classes | Density]]] = []
    for index, feature in enumerate(space.features):
        tasks += [_task(specs[name], bins.head(index), blocks, config, rngs[name]) for name in feature.names]
    conditionals: dict[str, Classes | Density] = {}
    # The last columns have the most features, so they take longest.
    for name, found in pool.map(lambda task: task(), reversed(tasks)):
        conditionals[name] = found
        on_progress(Progress("learning columns", len(conditionals), len(tasks)))
    return {name: conditionals[name] for name in space.order}


def _likelihood(blocks: Blocks, conditionals: Mapping[str, Classes | Density]) -> float:
    """Mean log density of a row, as far as it was held out while learning."""
    total = 0.0
    for name, found in conditionals.items():
        share = 1.0 if isinstance(found, Classes) else float(np.mean(~np.isnan(blocks[name])))
        total -= share * found.loss if np.isfinite(found.loss) else 0.0
    return total


def _task(
    spec: Spec, bins: Bins, blocks: Blocks, config: Config, rng: np.random.Generator
) -> Callable[[], tuple[str, Classes | Density]]:
    def learn() -> tuple[str, Classes | Density]:
        config.recipe.deadline.check()
        array = blocks[spec.name]
        if isinstance(spec, Category):
            recipe = config.slow if spec.k <= config.few else config.recipe
            return spec.name, Classes.fit(bins, array, spec.k, recipe, rng)
        numbers = array.reshape(-1).astype(float)
        there = ~np.isnan(numbers)
        return spec.name, Density.fit(bins.take(there), numbers[there], config.recipe, rng)

    return learn


def _choose_rows(
    rows: int, weights: np.ndarray | None, most: int, rng: np.random.Generator
) -> np.ndarray | None:
    """Positions to learn from, each as often as its weight says, at most `most`; None is all rows once."""
    if weights is None:
        return None if rows <= most else np.sort(rng.permutation(rows)[:most])
    count = min(rows, most)
    passed = np.cumsum(weights) / np.sum(weights) * count
    return np.searchsorted(passed, np.arange(count) + rng.random(), side="right").clip(0, rows - 1)


def from_state(specs: tuple[Spec, ...], state: State) -> Trees:
    """Rebuild what `Trees.state` gave. Raises ArtifactError if its parts do not belong together."""
    try:
        nested = join(state.json, state.arrays)
        space = FeatureSpace(tuple(Feature(**feature) for feature in nested["features"]))
        parts = dict(zip(space.order, nested["conditionals"], strict=True))
        if set(parts) != {spec.name for spec in specs}:
            raise ArtifactError("holds a model of other columns", where="model", fix="Fit it again")
        conditionals: dict[str, Classes | Density] = {}
        for index, feature in enumerate(space.features):
            for name in feature.names:
                kind = Density if name == feature.value else Classes
                conditionals[name] = kind.from_state(parts[name], index)
    except (KeyError, TypeError, ValueError):
        raise ArtifactError("is not a model of trees", where="model", fix="Fit it again") from None
    return Trees(specs, space, conditionals)
