"""Compiled loops against what plain numpy says of the same trees."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from reverie.models import kernels
from reverie.models.boosting import Bins, Ensemble, Recipe, fit_classes, fit_mean

ROWS = kernels.BLOCK * 3 + 7


@pytest.fixture(scope="module")
def bins() -> Bins:
    """One feature of each kind: two ordered, one not, one of a single bin, one of all 256."""
    rng = np.random.default_rng(1)
    sizes = np.array([2, 30, 12, 1, 256])
    codes = rng.integers(0, sizes[:, None], (5, ROWS)).astype(np.uint8)
    return Bins(codes, sizes, np.array([True, True, False, True, True]))


@pytest.fixture(scope="module")
def target(bins: Bins) -> np.ndarray:
    lean = bins.codes[1] / 30 + (bins.codes[2] % 3 == 0) + bins.codes[4] / 256
    return np.clip(np.round(lean + np.random.default_rng(2).normal(0, 0.4, ROWS)), 0, 3).astype(np.int32)


@pytest.fixture(scope="module", params=[False, True], ids=["trees", "line and trees"])
def ensemble(bins: Bins, target: np.ndarray, request: pytest.FixtureRequest) -> Ensemble:
    found, lined = (
        fit_classes(bins, target, 4, Recipe(rounds=20, line=line), np.random.default_rng(3))
        for line in (False, True)
    )
    if request.param:
        assert len(lined.line.weights) > 12, "the line is over ordered and unordered features"
        return replace(found, line=lined.line)
    assert {1, 2, 4} <= set(found.features.reshape(-1)), "an ordered and an unordered feature are asked about"
    return found


def leaves(ensemble: Ensemble, tree: int, codes: np.ndarray) -> np.ndarray:
    """The leaf of each row: bit i is the answer to question i."""
    answers = [
        ensemble.tables[tree, level][codes[ensemble.features[tree, level]]].astype(int) << level
        for level in range(ensemble.depths[tree])
    ]
    return np.sum(answers, axis=0)


def logits(ensemble: Ensemble, codes: np.ndarray) -> np.ndarray:
    trees, line = range(len(ensemble.depths)), ensemble.line
    total = ensemble.base.astype(float) + sum(
        ensemble.values[tree][leaves(ensemble, tree, codes)] for tree in trees
    )
    for feature, (value, place) in enumerate(zip(line.values, line.places, strict=True)):
        total = total + value[codes[feature], None] * line.weights[place[codes[feature]]]
    return total


def test_scores_are_the_sum_of_the_line_and_the_leaves(bins: Bins, ensemble: Ensemble) -> None:
    np.testing.assert_allclose(ensemble.score(bins.codes), logits(ensemble, bins.codes), atol=1e-4)


@pytest.mark.parametrize("rows", [0, 1, kernels.BLOCK - 1, kernels.BLOCK, kernels.BLOCK + 1])
def test_blocks_of_rows_meet_without_seams(bins: Bins, ensemble: Ensemble, rows: int) -> None:
    part = np.ascontiguousarray(bins.codes[:, :rows])
    np.testing.assert_array_equal(ensemble.score(part), ensemble.score(bins.codes)[:rows])


def test_a_mean_is_the_sum_of_its_leaves(bins: Bins, target: np.ndarray) -> None:
    mean = fit_mean(bins, target.astype(float), Recipe(rounds=20), np.random.default_rng(3))
    assert len(mean.depths) > 3
    np.testing.assert_allclose(mean.score(bins.codes), logits(mean, bins.codes), atol=1e-4)


def test_log_probabilities_are_a_softmax(bins: Bins, ensemble: Ensemble, target: np.ndarray) -> None:
    expected = special.log_softmax(logits(ensemble, bins.codes), axis=1)[np.arange(ROWS), target]
    np.testing.assert_allclose(ensemble.log_probability(bins.codes, target), expected, atol=1e-4)


def test_probabilities_sum_to_one(bins: Bins, ensemble: Ensemble) -> None:
    every = [ensemble.log_probability(bins.codes, np.full(ROWS, code, np.int32)) for code in range(4)]
    np.testing.assert_allclose(np.exp(every).sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("allowed", [[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]])
def test_codes_are_drawn_as_often_as_they_are_probable(ensemble: Ensemble, bins: Bins, allowed) -> None:
    allowed = np.array(allowed, bool)
    codes = np.repeat(bins.codes[:, :1], 20_000, axis=1)
    proba = special.softmax(logits(ensemble, codes[:, :1])[0])
    drawn, mass = ensemble.draw(codes, allowed, np.random.default_rng(4))
    np.testing.assert_allclose(mass, proba[allowed].sum(), rtol=1e-4)
    counts = np.bincount(drawn, minlength=4)
    assert not counts[~allowed].any()
    expected = proba[allowed] / proba[allowed].sum() * counts.sum()
    assert allowed.sum() == 1 or stats.chisquare(counts[allowed], expected).pvalue > 0.01


def test_extreme_logits_stay_finite() -> None:
    sure = Ensemble.constant(np.array([0.0, 500.0, -500.0]), 3)
    codes = np.zeros((1, 100), np.uint8)
    drawn, mass = sure.draw(codes, np.ones(3, bool), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, 1)
    np.testing.assert_allclose(mass, 1)
    np.testing.assert_allclose(sure.log_probability(codes, np.full(100, 2, np.int32)), -1000, rtol=1e-5)


def test_what_is_all_but_impossible_can_be_asked_for() -> None:
    sure = Ensemble.constant(np.array([0.0, 500.0, -500.0]), 3)
    only_last = np.array([False, False, True])
    drawn, mass = sure.draw(np.zeros((1, 100), np.uint8), only_last, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, 2)
    assert mass.max() < 1e-30
