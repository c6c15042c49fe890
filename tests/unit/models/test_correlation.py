import numpy as np
import pytest

from reverie.models.correlation import (
    TERMS,
    estimate,
    hermite,
    latent_correlation,
    ordered_codes,
    positive_definite,
    refine,
)
from reverie.models.margins import CategoryMargin, RealMargin


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def margin(*mass):
    return CategoryMargin.fit(np.array(mass), np.arange(len(mass)))


def latents(rng, rho, rows=60_000):
    left = rng.normal(size=rows)
    return left, rho * left + np.sqrt(1 - rho**2) * rng.normal(size=rows)


def scored(margins, columns):
    parts = [
        m.normal_scores()[m.values(z)] if isinstance(m, CategoryMargin) else z
        for m, z in zip(margins, columns, strict=True)
    ]
    return np.stack(parts, axis=1)


@pytest.mark.parametrize("rho", [-0.9, -0.5, 0.0, 0.3, 0.7, 0.95])
@pytest.mark.parametrize(
    "pair",
    [
        (RealMargin(), RealMargin()),
        (margin(0.5, 0.5), RealMargin()),
        (margin(0.5, 0.5), margin(0.6, 0.4)),
        (margin(0.2, 0.3, 0.5), margin(0.1, 0.4, 0.4, 0.1)),
    ],
    ids=["numbers", "binary and number", "binaries", "categories"],
)
def test_correlation_of_latents_is_recovered(rng, pair, rho):
    """Also where only intervals of the latents are seen, which correlate less than the latents."""
    scores = scored(pair, latents(rng, rho))
    got = estimate(pair, scores, np.ones(len(scores)), 0.0)
    assert got[0, 1] == pytest.approx(rho, abs=0.04)
    np.testing.assert_array_equal(np.diag(got), 1)


def test_series_of_a_binary_is_the_known_one():
    """The sign of a normal: 2/pi times the series of the arc sine."""
    series = np.square(hermite(margin(0.5, 0.5)))
    np.testing.assert_allclose(series[:5], np.array([1, 0, 1 / 6, 0, 3 / 40]) * (2 / np.pi) ** 2, atol=1e-9)
    assert hermite(RealMargin()).tolist() == [1, *[0] * (TERMS - 1)]


def test_constant_has_no_correlation(rng):
    pair = (margin(1.0), RealMargin())
    got = estimate(pair, np.stack([np.zeros(500), rng.normal(size=500)], axis=1), np.ones(500), 5.0)
    np.testing.assert_array_equal(got, np.eye(2))


def test_absent_numbers_are_left_out(rng):
    left, right = latents(rng, 0.6)
    right[rng.random(len(right)) < 0.7] = np.nan
    got = estimate((RealMargin(), RealMargin()), np.stack([left, right], axis=1), np.ones(len(left)), 0.0)
    assert got[0, 1] == pytest.approx(0.6, abs=0.03)


def test_never_present_together_is_independent():
    scores = np.array([[1.0, np.nan], [-1.0, np.nan], [np.nan, 2.0]] * 50)
    assert estimate((RealMargin(), RealMargin()), scores, np.ones(150), 1.0)[0, 1] == pytest.approx(
        0, abs=1e-3
    )


def test_weights_count_rows(rng):
    left, right = latents(rng, 0.8, 2000)
    twist = np.where(np.arange(2000) % 2, right, -right)
    scores = np.stack([left, twist], axis=1)
    weights = np.where(np.arange(2000) % 2, 1.0, 0.0)
    got = estimate((RealMargin(), RealMargin()), scores, weights, 0.0)
    assert got[0, 1] == pytest.approx(0.8, abs=0.05)


def test_few_rows_are_drawn_towards_independence(rng):
    left, right = latents(rng, 0.9, 10)
    scores = np.stack([left, right], axis=1)
    free, shrunk = (estimate((RealMargin(), RealMargin()), scores, np.ones(10), s)[0, 1] for s in (0.0, 30.0))
    assert abs(shrunk) < abs(free) / 2


def test_repair_of_a_matrix_that_is_none():
    broken = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    fixed = positive_definite(broken, np.ones(3))
    assert np.linalg.eigvalsh(fixed)[0] > 0.1
    np.testing.assert_allclose(np.diag(fixed), 1)
    np.testing.assert_array_equal(positive_definite(np.eye(3), np.ones(3)), np.eye(3))


def test_repair_blames_what_is_rarely_present():
    broken = np.array([[1, 0.9, 0.9], [0.9, 1, -0.5], [0.9, -0.5, 1]])
    fixed = positive_definite(broken, np.array([1.0, 1.0, 0.02]))
    assert fixed[0, 1] > 0.7
    assert fixed[0, 2] < 0.6 * fixed[0, 1]


def test_refined_estimate_finds_the_truth_from_anywhere(rng):
    """From independence to the truth, by what is seen of a category and of a number that is often absent."""
    truth = np.array([[1, 0.8, 0.5], [0.8, 1, 0.5], [0.5, 0.5, 1]])
    latents = rng.multivariate_normal(np.zeros(3), truth, size=6000).T
    pair = margin(0.3, 0.3, 0.4)
    codes = pair.values(latents[0])
    present = np.where(rng.random(6000) < 0.5, latents[2], np.nan)
    margins, weights = (pair, RealMargin(), RealMargin()), np.ones(6000)
    got = refine(np.eye(3), margins, (codes, latents[1], present), weights, 1.0, rng)
    np.testing.assert_allclose(got, truth, atol=0.06)
    assert np.linalg.eigvalsh(got)[0] > 0


def test_nothing_hidden_needs_no_refinement(rng):
    start = np.array([[1, 0.3], [0.3, 1]])
    seen = rng.normal(size=(2, 50))
    np.testing.assert_array_equal(refine(start, (RealMargin(),) * 2, seen, np.ones(50), 1.0, rng), start)


def test_impossible_covariance_is_clipped():
    series = np.stack([hermite(RealMargin())] * 2)
    assert latent_correlation(series, np.array([[1, 5.0], [5.0, 1]]))[0, 1] == pytest.approx(0.999, abs=1e-3)


def test_codes_are_ordered_by_how_they_go_with_the_rest(rng):
    codes = rng.integers(5, size=5000)
    place = np.array([3.0, -2.0, 0.0, 1.0, -1.0])[codes]
    others = np.stack(
        [place + rng.normal(size=5000), -place + rng.normal(size=5000), rng.normal(size=5000)], axis=1
    )
    order = ordered_codes(codes, 6, others, np.ones(5000))
    kept = [code for code in order.tolist() if code != 5]
    assert kept in ([1, 4, 2, 3, 0], [0, 3, 2, 4, 1])
    assert sorted(order.tolist()) == list(range(6))
