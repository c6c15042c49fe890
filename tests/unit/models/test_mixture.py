import numpy as np
import pytest
from scipy import stats

from reverie.models.mixture import Mixture


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def mixture():
    """Two slanted normals far apart in the plane, the first three times as frequent."""
    factors = np.array([[[1.0, 0.0], [0.8, 0.6]], [[0.5, 0.0], [-0.2, 0.3]]])
    return Mixture(np.array([0.75, 0.25]), np.array([[-2.0, 0.0], [2.0, 1.0]]), factors)


def test_points_have_the_moments_of_the_mixture(mixture, rng):
    points = mixture.sample(100_000, rng)
    first = points[points[:, 0] < 0.5]
    assert np.mean(points, axis=0) == pytest.approx([-1.0, 0.25], abs=0.03)
    assert np.corrcoef(first.T)[0, 1] == pytest.approx(0.8, abs=0.02)


def test_density_is_that_of_its_normals(mixture):
    points = np.array([[0.0, 0.0], [2.0, 1.2], [-9.0, 3.0]])
    parts = [
        weight * stats.multivariate_normal(mean, factor @ factor.T).pdf(points)
        for weight, mean, factor in zip(mixture.weights, mixture.means, mixture.factors, strict=True)
    ]
    np.testing.assert_allclose(mixture.log_density(points), np.log(sum(parts)))


def test_map_makes_a_standard_normal_of_the_points(mixture, rng):
    normal = mixture.to_normal(mixture.sample(20_000, rng))
    assert min(stats.kstest(each, "norm").pvalue for each in normal.T) > 1e-3
    assert stats.kstest((normal[:, 0] - normal[:, 1]) / np.sqrt(2), "norm").pvalue > 1e-3


def test_map_is_undone(mixture, rng):
    points = np.concatenate([mixture.sample(200, rng), [[-7.0, 4.0], [6.0, -3.0]]])
    np.testing.assert_allclose(mixture.from_normal(mixture.to_normal(points)), points, atol=1e-6)


def test_standard_mixture_is_its_own_normal(rng):
    points = rng.standard_normal((50, 3))
    np.testing.assert_allclose(Mixture.standard(3).to_normal(points), points, atol=1e-8)
    np.testing.assert_allclose(
        Mixture.standard(3).log_density(points), stats.norm.logpdf(points).sum(1), atol=1e-10
    )


def test_fit_finds_the_components(mixture, rng):
    found = Mixture.fit(mixture.sample(5000, rng), 2, rng)
    order = np.argsort(found.means[:, 0])
    np.testing.assert_allclose(found.means[order], mixture.means, atol=0.1)
    np.testing.assert_allclose(found.weights[order], mixture.weights, atol=0.02)


@pytest.mark.parametrize("rows", [1, 2, 60])
def test_few_points_make_one_normal(rows, rng):
    found = Mixture.fit(rng.normal(3.0, 0.1, (rows, 4)), 8, rng)
    assert len(found.weights) == 1
    assert np.isfinite(found.sample(10, rng)).all()
    assert found.sample(1000, rng).mean() == pytest.approx(3.0, abs=0.3)


def test_one_place_is_no_fault(rng):
    assert np.ptp(Mixture.fit(np.ones((200, 2)), 2, rng).sample(100, rng)) < 0.2


def test_arrays_round_trip(mixture):
    again = Mixture.from_arrays(mixture.arrays(), 2)
    np.testing.assert_array_equal(again.factors, mixture.factors)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", np.array([0.5, 0.6])),
        ("weights", np.array([1.5, -0.5])),
        ("means", np.zeros((2, 3))),
        ("means", np.full((2, 2), np.nan)),
        ("factors", np.zeros((2, 2, 2))),
    ],
)
def test_what_is_no_mixture_is_refused(mixture, name, value):
    with pytest.raises(ValueError):
        Mixture.from_arrays(mixture.arrays() | {name: value}, 2)
