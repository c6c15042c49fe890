"""Ridge regression over bins, against data of which the line is known."""

import numpy as np
import pytest

from reverie.core.errors import ArtifactError
from reverie.models.boosting import Bins
from reverie.models.linear import MOST_LEVELS, Linear, normal_scores

ROWS = 4000


def bins(*columns: np.ndarray, ordered: bool = True) -> Bins:
    codes = np.stack(columns).astype(np.uint8)
    return Bins(codes, codes.max(axis=1).astype(np.int64) + 1, np.full(len(columns), ordered))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_line_in_the_scores_is_found(rng: np.random.Generator) -> None:
    codes = rng.integers(1, 200, (2, ROWS))
    known = bins(*codes)
    target = 3 + 2 * normal_scores(known.codes[0]) - normal_scores(known.codes[1]) + rng.normal(0, 0.1, ROWS)
    found = Linear.fit(known, target).score(known.codes)
    assert np.std(target - found) == pytest.approx(0.1, rel=0.05)


def test_a_weak_trend_of_few_rows_is_kept_and_noise_is_not(rng: np.random.Generator) -> None:
    known = bins(rng.permutation(np.arange(200)) + 1)
    trend = normal_scores(known.codes[0])
    fitted = Linear.fit(known, 0.5 * trend + rng.normal(size=200)).score(known.codes)
    noise = Linear.fit(known, rng.normal(size=200)).score(known.codes)
    assert 0.3 < np.polyfit(trend, fitted, 1)[0] < 0.7
    assert np.std(noise) < 0.15


def test_levels_and_the_absence_of_a_place_have_means_of_their_own(rng: np.random.Generator) -> None:
    levels = rng.integers(0, 4, ROWS)
    found = Linear.fit(bins(levels, ordered=False), np.array([1.0, -2.0, 0.0, 5.0])[levels])
    np.testing.assert_allclose(found.score(np.arange(4, dtype=np.uint8)[None]), [1, -2, 0, 5], atol=0.01)
    absent = np.where(rng.random(ROWS) < 0.3, 0, rng.integers(1, 50, ROWS))
    found = Linear.fit(bins(absent), np.where(absent == 0, 7.0, 0.0))
    assert found.score(np.zeros((1, 1), np.uint8))[0] == pytest.approx(7, abs=0.05)


def test_without_regressors_it_is_the_mean(rng: np.random.Generator) -> None:
    target = rng.normal(4, 1, ROWS)
    many = bins(rng.integers(0, MOST_LEVELS + 10, ROWS), ordered=False)
    for known in (many, Bins(np.zeros((0, ROWS), np.uint8), np.zeros(0, np.int64), np.zeros(0, bool))):
        np.testing.assert_allclose(Linear.fit(known, target).score(known.codes), target.mean())
    np.testing.assert_array_equal(Linear.fit(bins(np.ones(ROWS)), target).tables, 0)


def test_scores_are_standard_normal_but_for_rows_without_a_place(rng: np.random.Generator) -> None:
    found = normal_scores(rng.integers(1, 250, ROWS).astype(np.uint8))
    assert found.mean() == pytest.approx(0, abs=1e-6)
    assert found.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(normal_scores(np.zeros(5, np.uint8)), 0)


def test_it_is_rebuilt_from_its_state(rng: np.random.Generator) -> None:
    known = bins(rng.integers(1, 30, ROWS), rng.integers(1, 9, ROWS))
    fitted = Linear.fit(known, rng.normal(size=ROWS))
    rebuilt = Linear.from_state(fitted.state(), 2)
    np.testing.assert_array_equal(rebuilt.score(known.codes), fitted.score(known.codes))
    with pytest.raises(ArtifactError, match="other features"):
        Linear.from_state(fitted.state(), 3)
