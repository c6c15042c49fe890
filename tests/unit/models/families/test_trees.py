import json
from dataclasses import replace

import numpy as np
import pytest

from reverie.core.errors import ArtifactError
from reverie.models.base import Budget, Progress, State
from reverie.models.boosting import Recipe
from reverie.models.families import trees
from reverie.models.families.trees import Config, Trees
from reverie.schema.blocks import Blocks, Category, Gate, Real

SPECS = (
    Category("sex", 2),
    Category("income.kind", 3, positions=(None, 0.0, None)),
    Real("income", gate=Gate("income.kind", 2)),
    Real("age"),
)
CONFIG = Config(recipe=Recipe(rounds=10))


def made(rows: int, seed: int = 0) -> Blocks:
    rng = np.random.default_rng(seed)
    sex, kind = rng.integers(2, size=rows), rng.choice(3, rows, p=[0.1, 0.2, 0.7])
    age = rng.normal(size=rows) + sex
    income = np.where(kind == 2, 0.8 * age + rng.normal(size=rows), np.nan)
    codes = {"sex": sex.astype(np.int32), "income.kind": kind.astype(np.int32)}
    return Blocks(SPECS, codes | {"income": income.reshape(-1, 1, 1), "age": age.reshape(-1, 1, 1)}, rows)


def learn(blocks: Blocks, **options) -> Trees:
    return trees.fit(blocks, **{"config": CONFIG, "rng": np.random.default_rng(1)} | options)


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return made(2000)


@pytest.fixture(scope="module")
def fitted(blocks: Blocks) -> Trees:
    return learn(blocks)


def same(left: State, right: State) -> bool:
    arrays = all(np.array_equal(left.arrays[name], right.arrays[name]) for name in left.arrays)
    return left.json == right.json and set(left.arrays) == set(right.arrays) and arrays


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_model_is_the_same_whatever_the_threads(blocks, fitted, threads) -> None:
    assert same(learn(blocks, budget=Budget(threads=threads)).state(), fitted.state())


def test_another_seed_gives_another_model(blocks, fitted) -> None:
    assert not same(learn(blocks, rng=np.random.default_rng(2)).state(), fitted.state())


def test_log_prob_is_the_sum_over_columns(blocks, fitted) -> None:
    """Scoring the chain by hand, each block given the bins of those before it."""
    codes = fitted.space.bins(blocks).codes
    total = np.zeros(blocks.rows)
    for index, feature in enumerate(fitted.space.features):
        before = np.ascontiguousarray(codes[:index])
        if feature.kind is not None:
            total += fitted.conditionals[feature.kind].log_probability(before, blocks[feature.kind])
        if feature.value is not None:
            numbers = blocks[feature.value].reshape(-1)
            there = np.flatnonzero(~np.isnan(numbers))
            density = fitted.conditionals[feature.value].log_density
            total[there] += density(np.ascontiguousarray(before[:, there]), numbers[there])
    np.testing.assert_allclose(fitted.log_prob(blocks), total, rtol=1e-6)


def test_rows_are_scored_alone(blocks, fitted) -> None:
    rows = np.array([1500, 3, 3])
    np.testing.assert_allclose(fitted.log_prob(blocks.take(rows)), fitted.log_prob(blocks)[rows], rtol=1e-6)


def test_every_block_has_its_conditional_in_drawing_order(fitted) -> None:
    assert set(fitted.order) == {spec.name for spec in SPECS}
    assert fitted.order.index("income.kind") < fitted.order.index("income")
    assert tuple(fitted.conditionals) == fitted.order


def test_progress_counts_the_blocks(blocks) -> None:
    steps: list[Progress] = []
    learn(blocks, on_progress=steps.append)
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert {step.total for step in steps} == {4}


def test_no_more_rows_are_learned_from_than_allowed(blocks, fitted) -> None:
    """Numbers get a bin each as long as there are few."""
    few = learn(blocks, config=replace(CONFIG, most_rows=100))
    assert max(feature.size for feature in few.space.features) <= 101
    assert max(feature.size for feature in fitted.space.features) > 200


def test_weights_are_frequencies(blocks) -> None:
    weights = np.where(blocks["sex"] == 1, 9.0, 1.0)
    drawn = learn(blocks, weights=weights).sample(4000, rng=np.random.default_rng(0))
    share = np.average(blocks["sex"], weights=weights)
    assert drawn["sex"].mean() == pytest.approx(share, abs=0.02)


def test_rows_of_no_weight_teach_nothing(blocks) -> None:
    drawn = learn(blocks, weights=(blocks["sex"] == 0).astype(float)).sample(
        2000, rng=np.random.default_rng(0)
    )
    assert drawn["sex"].mean() < 0.01


def test_state_comes_back_whole_through_json(blocks, fitted) -> None:
    state = fitted.state()
    back = trees.from_state(SPECS, State(json.loads(json.dumps(state.json)), state.arrays))
    np.testing.assert_array_equal(back.log_prob(blocks), fitted.log_prob(blocks))
    one, two = (model.sample(100, rng=np.random.default_rng(0)) for model in (back, fitted))
    assert all(np.array_equal(array, two[spec.name], equal_nan=True) for spec, array in one)


@pytest.mark.parametrize(
    "json", [{}, {"features": [], "conditionals": [1]}, {"features": [{"colour": "red"}], "conditionals": []}]
)
def test_a_state_that_makes_no_sense_is_refused(json) -> None:
    with pytest.raises(ArtifactError, match="not a model of trees"):
        trees.from_state(SPECS, State(json, {}))


def test_a_model_of_other_columns_is_refused(fitted) -> None:
    with pytest.raises(ArtifactError, match="other columns"):
        trees.from_state(SPECS[:1], fitted.state())


def test_a_budget_of_time_enough_changes_nothing(blocks, fitted) -> None:
    made = learn(blocks, budget=Budget(seconds=1e6))
    assert same(made.state(), fitted.state())
    assert made.notes == ()


def test_a_short_budget_means_fewer_rows_and_that_is_told(blocks) -> None:
    made = learn(blocks, budget=Budget(seconds=0.0))
    assert made.notes == ("the budget of time was enough for 300 of 2,000 rows to learn from",)
    assert same(made.state(), learn(blocks, budget=Budget(seconds=0.0)).state())
    assert len(made.sample(10, rng=np.random.default_rng(0)).arrays) == 4
