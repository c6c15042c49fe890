"""Ridge regressions over bins, against data of which the line is known."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reverie.core.errors import ArtifactError
from reverie.models import linear
from reverie.models.boosting import Bins
from reverie.models.ensemble import Ensemble
from reverie.models.linear import (
    LOGIT_PENALTIES,
    MOST_LEVELS,
    MOST_REGRESSORS,
    Line,
    Start,
    fit_line,
    fit_logits,
    normal_scores,
)

ROWS = 4000


def bins(*columns: np.ndarray, ordered: bool = True) -> Bins:
    codes = np.stack(columns).astype(np.uint8)
    return Bins(codes, codes.max(axis=1).astype(np.int64) + 1, np.full(len(columns), ordered))


def scored(start: Start, codes: np.ndarray) -> np.ndarray:
    return Ensemble.of(start).score(np.ascontiguousarray(codes))


def mean(known: Bins, target: np.ndarray) -> np.ndarray:
    return scored(fit_line(known, target)[0], known.codes)[:, 0]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


class TestLine:
    def test_a_line_in_the_scores_is_found(self, rng: np.random.Generator) -> None:
        codes = rng.integers(1, 200, (2, ROWS))
        known = bins(*codes)
        scores = [normal_scores(row) for row in known.codes]
        target = 3 + 2 * scores[0] - scores[1] + rng.normal(0, 0.1, ROWS)
        assert np.std(target - mean(known, target)) == pytest.approx(0.1, rel=0.05)

    def test_a_weak_trend_of_few_rows_is_kept_and_noise_is_not(self, rng: np.random.Generator) -> None:
        known = bins(rng.permutation(np.arange(200)) + 1)
        trend = normal_scores(known.codes[0])
        fitted = mean(known, 0.5 * trend + rng.normal(size=200))
        noise = mean(known, rng.normal(size=200))
        assert 0.3 < np.polyfit(trend, fitted, 1)[0] < 0.7
        assert np.std(noise) < 0.15

    def test_levels_and_the_absence_of_a_place_have_means_of_their_own(
        self, rng: np.random.Generator
    ) -> None:
        levels = rng.integers(0, 4, ROWS)
        found, _ = fit_line(bins(levels, ordered=False), np.array([1.0, -2.0, 0.0, 5.0])[levels])
        each = scored(found, np.arange(4, dtype=np.uint8)[None])[:, 0]
        np.testing.assert_allclose(each, [1, -2, 0, 5], atol=0.01)
        absent = np.where(rng.random(ROWS) < 0.3, 0, rng.integers(1, 50, ROWS))
        found, _ = fit_line(bins(absent), np.where(absent == 0, 7.0, 0.0))
        assert scored(found, np.zeros((1, 1), np.uint8))[0, 0] == pytest.approx(7, abs=0.05)

    def test_without_regressors_it_is_the_mean(self, rng: np.random.Generator) -> None:
        target = rng.normal(4, 1, ROWS)
        many = bins(rng.integers(0, MOST_LEVELS + 10, ROWS), ordered=False)
        nothing = Bins(np.zeros((0, ROWS), np.uint8), np.zeros(0, np.int64), np.zeros(0, bool))
        for known in (many, nothing, bins(np.ones(ROWS))):
            np.testing.assert_allclose(mean(known, target), target.mean(), rtol=1e-5)

    def test_its_parameters_are_few_where_there_is_nothing_to_learn(self, rng: np.random.Generator) -> None:
        codes = rng.integers(1, 200, (10, ROWS))
        known = bins(*codes)
        _, used = fit_line(known, sum(normal_scores(row) for row in known.codes) + rng.normal(size=ROWS))
        _, unused = fit_line(known, rng.normal(size=ROWS))
        assert used == pytest.approx(10, abs=0.5)
        assert unused < 5

    def test_of_many_levels_the_most_frequent_count(self, rng: np.random.Generator) -> None:
        levels = np.minimum(rng.geometric(0.1, (10, ROWS)) - 1, MOST_LEVELS - 1)
        known = bins(*levels, ordered=False)
        target = np.where(levels[0] == 0, 5.0, 0.0)
        found, _ = fit_line(known, target)
        assert len(found.line.weights) <= MOST_REGRESSORS
        assert np.corrcoef(scored(found, known.codes)[:, 0], target)[0, 1] > 0.99

    def test_rows_are_drawn_evenly_where_they_are_many(
        self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(linear, "MOST_ROWS", 500)
        known = bins(np.sort(rng.integers(1, 200, ROWS)))
        target = normal_scores(known.codes[0])
        assert np.std(target - mean(known, target)) < 0.05


class TestLogits:
    def problem(self, rng: np.random.Generator, rows: int, k: int) -> tuple[Bins, np.ndarray, np.ndarray]:
        """Bins, codes that follow from them by a line, and their normal scores (rows, features)."""
        known = bins(*rng.integers(1, 250, (4, rows)))
        scores = np.stack([normal_scores(row) for row in known.codes], axis=1)
        logits = scores @ np.random.default_rng(1).normal(size=(4, k)) + np.arange(k) / k
        return known, np.argmax(logits + rng.gumbel(size=logits.shape), axis=1).astype(np.int32), scores

    def probabilities(self, start: Start, known: Bins) -> np.ndarray:
        power = np.exp(scored(start, known.codes))
        return power / power.sum(axis=1, keepdims=True)

    @pytest.mark.parametrize("k", [2, 5])
    def test_equals_another_solver(self, rng: np.random.Generator, k: int) -> None:
        known, target, scores = self.problem(rng, ROWS, k)
        start, penalty = fit_logits(known, target, k, rng.random(ROWS) < 0.8, LOGIT_PENALTIES)
        theirs = LogisticRegression(C=1e3, tol=1e-8, max_iter=1000).fit(scores, target)
        assert penalty[0] < LOGIT_PENALTIES[0]
        # They learned from all rows, and are not shrunk.
        gap = self.probabilities(start, known) - theirs.predict_proba(scores)
        assert np.abs(gap).mean() < 0.04

    def test_one_penalty_is_used_for_all_rows(self, rng: np.random.Generator) -> None:
        known, target, scores = self.problem(rng, ROWS, 3)
        start, penalty = fit_logits(known, target, 3, np.ones(ROWS, bool), LOGIT_PENALTIES[-1:])
        theirs = LogisticRegression(C=1e3, tol=1e-8, max_iter=1000).fit(scores, target)
        assert penalty == LOGIT_PENALTIES[-1:]
        gap = self.probabilities(start, known) - theirs.predict_proba(scores)
        assert np.abs(gap).max() < 0.02

    @pytest.mark.parametrize("seed", range(4))
    def test_noise_has_no_line(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        known, train = bins(*rng.integers(1, 250, (20, 300))), rng.random(300) < 0.8
        start, _ = fit_logits(known, rng.integers(0, 5, 300).astype(np.int32), 5, train, LOGIT_PENALTIES)
        assert scored(start, known.codes).std(axis=0).max() < 0.35

    def test_without_rows_to_choose_by_or_regressors_or_with_too_many_classes_it_is_flat(
        self, rng: np.random.Generator
    ) -> None:
        known, target, _ = self.problem(rng, ROWS, 3)
        some, everything = rng.random(ROWS) < 0.8, np.ones(ROWS, bool)
        most = linear.LOGIT_WORK // linear.FEWEST_ROWS
        for found in (
            fit_logits(known, target, 3, everything, LOGIT_PENALTIES),
            fit_logits(known.head(0), target, 3, some, LOGIT_PENALTIES),
            fit_logits(known, target, most, some, LOGIT_PENALTIES),
        ):
            start, penalty = found
            assert not penalty
            assert not len(start.line.values)
            share = np.exp(start.base) / np.exp(start.base).sum()
            assert share[:3] == pytest.approx(np.bincount(target) / ROWS, abs=0.5 if len(share) > 3 else 0.02)


def test_scores_are_standard_normal_but_for_rows_without_a_place(rng: np.random.Generator) -> None:
    found = normal_scores(rng.integers(1, 250, ROWS).astype(np.uint8))
    assert found.mean() == pytest.approx(0, abs=1e-6)
    assert found.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(normal_scores(np.zeros(5, np.uint8)), 0)


def test_it_is_rebuilt_from_its_state(rng: np.random.Generator) -> None:
    known = bins(rng.integers(1, 30, ROWS), rng.integers(1, 9, ROWS))
    (base, line), _ = fit_line(known, rng.normal(size=ROWS))
    rebuilt = Line.from_state(line.state(), 2, 1)
    np.testing.assert_array_equal(
        scored(Start(base, rebuilt), known.codes), scored(Start(base, line), known.codes)
    )


@pytest.mark.parametrize(
    ("change", "features", "k"),
    [
        ({}, 3, 1),
        ({}, 2, 2),
        ({"places": np.full((2, 256), 9)}, 2, 1),
        ({"places": -np.ones((2, 256))}, 2, 1),
    ],
)
def test_a_state_that_makes_no_sense_is_refused(
    rng: np.random.Generator, change: dict[str, np.ndarray], features: int, k: int
) -> None:
    known = bins(rng.integers(1, 30, ROWS), rng.integers(1, 9, ROWS))
    (_, line), _ = fit_line(known, rng.normal(size=ROWS))
    with pytest.raises(ArtifactError, match="other features"):
        Line.from_state(line.state() | change, features, k)
