import json

import numpy as np
import pytest

from reverie.core.nested import join, split
from reverie.models.boosting import Bins, Recipe
from reverie.models.classes import Classes

MANY = 600
"""Codes enough for whatever form is taken where codes are many."""
ROWS = 12_000


def learn(k: int, seed: int = 0) -> tuple[Bins, np.ndarray, Classes]:
    """Codes of which one feature with three bins names the third that they come from, seven times in ten."""
    rng = np.random.default_rng(seed)
    part = rng.integers(3, size=ROWS)
    inside = rng.random(ROWS) < 0.7
    target = np.where(inside, part * (k // 3) + rng.integers(k // 3, size=ROWS), rng.integers(k, size=ROWS))
    bins = Bins(part[None].astype(np.uint8), np.array([3]), np.array([False]))
    return bins, target.astype(np.int32), Classes.fit(bins, target.astype(np.int32), k, Recipe(), rng)


@pytest.fixture(scope="module", params=[3, 30, MANY])
def learned(request: pytest.FixtureRequest) -> tuple[int, Classes]:
    return request.param, learn(request.param)[2]


@pytest.fixture
def thirds() -> np.ndarray:
    """Each bin of the feature once."""
    return np.arange(3, dtype=np.uint8)[None]


def tolerance(k: int) -> float:
    """Codes of some twenty rows each are shrunk towards how frequent they are overall."""
    return 0.1 if k == MANY else 0.04


def chances(classes: Classes, codes: np.ndarray, k: int) -> np.ndarray:
    rows = codes.shape[1]
    return np.exp([classes.log_probability(codes, np.full(rows, c, np.int32)) for c in range(k)]).T


def test_probabilities_sum_to_one(learned, thirds) -> None:
    k, classes = learned
    np.testing.assert_allclose(chances(classes, thirds, k).sum(axis=1), 1, atol=1e-4)


def test_the_feature_tells_the_third(learned, thirds) -> None:
    k, classes = learned
    found = chances(classes, thirds, k).reshape(3, 3, k // 3).sum(axis=2)
    np.testing.assert_allclose(found, 0.1 + 0.7 * np.eye(3), atol=tolerance(k))


def test_draws_come_from_the_third_that_they_should(learned, thirds) -> None:
    k, classes = learned
    drawn, mass = classes.draw(np.repeat(thirds, 4000, axis=1), np.ones(k, bool), np.random.default_rng(1))
    third = np.repeat(np.arange(3), 4000)
    found = np.histogram2d(third, drawn // (k // 3), bins=3)[0] / 4000
    np.testing.assert_allclose(found, 0.1 + 0.7 * np.eye(3), atol=tolerance(k) + 0.02)
    np.testing.assert_allclose(mass, 1, atol=1e-4)


def test_mass_is_the_sum_of_what_is_allowed(learned, thirds) -> None:
    k, classes = learned
    allowed = np.arange(k) % 2 == 0
    expected = chances(classes, thirds, k)[:, allowed].sum(axis=1)
    np.testing.assert_allclose(classes.mass(thirds, allowed), expected, atol=1e-3)
    drawn, mass = classes.draw(np.repeat(thirds, 200, axis=1), allowed, np.random.default_rng(2))
    assert allowed[drawn].all()
    np.testing.assert_allclose(mass, np.repeat(expected, 200), atol=1e-3)


def test_a_single_code_can_be_asked_for(learned, thirds) -> None:
    k, classes = learned
    only = np.arange(k) == k - 1
    drawn, mass = classes.draw(thirds, only, np.random.default_rng(3))
    np.testing.assert_array_equal(drawn, k - 1)
    np.testing.assert_allclose(mass, chances(classes, thirds, k)[:, -1], rtol=0.01)


def test_state_comes_back_whole_through_json(learned, thirds) -> None:
    k, classes = learned
    plain, arrays = split(classes.state())
    back = Classes.from_state(join(json.loads(json.dumps(plain)), arrays), 1)
    np.testing.assert_allclose(chances(back, thirds, k), chances(classes, thirds, k), rtol=1e-6)


def test_codes_that_never_occur_stay_possible_and_rare() -> None:
    bins, target, _ = learn(3)
    classes = Classes.fit(bins, target, 5, Recipe(), np.random.default_rng(0))
    found = chances(classes, bins.codes[:, :50], 5)
    assert (found > 0).all()
    assert found[:, 3:].max() < 0.01
