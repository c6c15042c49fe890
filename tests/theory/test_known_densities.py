"""Fitted densities against the true ones, on data of which the density is known in closed form."""

import numpy as np
import pytest
from scipy import stats

from reverie.models.base import Fitted, family
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Real, RealEvidence

CORRELATION = np.array([[1.0, 0.7, 0.2], [0.7, 1.0, -0.4], [0.2, -0.4, 1.0]])
NORMAL = stats.multivariate_normal(cov=CORRELATION)
NUMBERS = (Real("x"), Real("y"), Real("z"))
CODES = (Category("cause", 3), Category("noise", 2), Category("effect", 4))


def normals(rows: int, seed: int) -> Blocks:
    drawn = NORMAL.rvs(rows, random_state=np.random.default_rng(seed))
    return Blocks(NUMBERS, {s.name: drawn[:, i].reshape(-1, 1, 1) for i, s in enumerate(NUMBERS)}, rows)


def scored(blocks: Blocks) -> Blocks:
    """The same numbers as normal scores, which is how a codec hands them over."""
    arrays = {
        name: stats.norm.ppf((stats.rankdata(array) - 0.5) / blocks.rows).reshape(-1, 1, 1)
        for name, array in blocks.arrays.items()
    }
    return Blocks(blocks.specs, arrays, blocks.rows)


def true_log_density(blocks: Blocks) -> np.ndarray:
    return NORMAL.logpdf(np.stack([array.reshape(-1) for _, array in blocks], axis=1))


JOINT = np.random.default_rng(8).dirichlet(np.full(24, 0.7)).reshape(3, 2, 4)
"""P(cause, noise, effect)."""


def codes(rows: int, seed: int) -> Blocks:
    drawn = np.random.default_rng(seed).choice(24, rows, p=JOINT.reshape(-1))
    found = np.unravel_index(drawn, JOINT.shape)
    return Blocks(CODES, {s.name: f.astype(np.int32) for s, f in zip(CODES, found, strict=True)}, rows)


def every_combination() -> Blocks:
    found = np.unravel_index(np.arange(24), JOINT.shape)
    return Blocks(CODES, {s.name: f.astype(np.int32) for s, f in zip(CODES, found, strict=True)}, 24)


def learn(name: str, blocks: Blocks) -> Fitted:
    module = family(name)
    return module.fit(blocks, config=module.Config(), rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def trees() -> Fitted:
    return learn("trees", scored(normals(20_000, seed=0)))


@pytest.fixture(scope="module")
def copula() -> Fitted:
    return learn("copula", scored(normals(20_000, seed=0)))


@pytest.fixture(scope="module")
def table() -> Fitted:
    return learn("trees", codes(20_000, seed=0))


def divergence(fitted: Fitted, blocks: Blocks) -> float:
    """Kullback-Leibler divergence of the fitted density from the true one, in nats, over unseen rows."""
    return float(np.mean(true_log_density(blocks) - fitted.log_prob(blocks)))


def test_the_entropy_of_the_made_data_is_the_textbook_one() -> None:
    entropy = 0.5 * np.log(np.linalg.det(2 * np.pi * np.e * CORRELATION))
    assert -true_log_density(normals(50_000, seed=1)).mean() == pytest.approx(entropy, abs=0.02)


def test_a_gaussian_copula_of_gaussian_data_is_exact(copula) -> None:
    new = normals(10_000, seed=1)
    assert divergence(copula, new) == pytest.approx(0, abs=0.002)
    np.testing.assert_allclose(copula.log_prob(new), true_log_density(new), atol=0.25)


def test_trees_lose_little_of_a_gaussian(trees) -> None:
    """They know nothing of normals; more than some hundredths of a nat a column would be a fault."""
    assert 0 < divergence(trees, normals(10_000, seed=1)) < 0.1


def test_trees_are_far_better_than_independence(trees) -> None:
    new = normals(10_000, seed=1)
    alone = sum(stats.norm.logpdf(array.reshape(-1)) for _, array in new)
    assert trees.log_prob(new).mean() - alone.mean() > 0.85 * (true_log_density(new) - alone).mean()


def test_trees_draw_what_they_say(trees) -> None:
    """Their own draws are as likely to them as real rows are: too sure or too vague would part the two."""
    own, real = trees.sample(10_000, rng=np.random.default_rng(2)), normals(10_000, seed=3)
    assert trees.log_prob(own).mean() == pytest.approx(trees.log_prob(real).mean(), abs=0.06)
    numbers = np.stack([array.reshape(-1) for _, array in own], axis=1)
    np.testing.assert_allclose(np.cov(numbers.T), CORRELATION, atol=0.06)


@pytest.mark.parametrize("name", ["trees", "copula"])
def test_conditional_draws_follow_the_regression(name, request) -> None:
    """Given x = 1, y has mean 0.7 and standard deviation sqrt(1 - 0.49)."""
    fitted = request.getfixturevalue(name)
    given = {"x": RealEvidence(values=np.ones(3000))}
    drawn = fitted.sample(3000, rng=np.random.default_rng(4), given=given)["y"].reshape(-1)
    assert drawn.mean() == pytest.approx(0.7, abs=0.08)
    assert drawn.std() == pytest.approx(np.sqrt(1 - 0.49), abs=0.08)


@pytest.mark.parametrize("name", ["trees", "copula"])
def test_draws_above_a_bound_follow_the_truncated_normal(name, request) -> None:
    """E(x | x > 1) is the inverse Mills ratio, and E(y | x > 1) is 0.7 of it."""
    fitted = request.getfixturevalue(name)
    drawn = fitted.sample(3000, rng=np.random.default_rng(5), given={"x": RealEvidence(low=1.0)})
    mills = stats.norm.pdf(1) / stats.norm.sf(1)
    assert drawn["x"].min() >= 1
    assert drawn["x"].mean() == pytest.approx(mills, abs=0.06)
    assert drawn["y"].mean() == pytest.approx(0.7 * mills, abs=0.08)


def test_trees_recover_a_table_of_probabilities(table) -> None:
    found = np.exp(table.log_prob(every_combination()))
    assert found.sum() == pytest.approx(1, abs=1e-4)
    assert np.abs(found - JOINT.reshape(-1)).sum() / 2 < 0.03, "total variation distance"


def test_conditional_draws_follow_bayes_rule(table) -> None:
    given = {"effect": CategoryEvidence(allowed=np.arange(4) == 2)}
    drawn = table.sample(4000, rng=np.random.default_rng(6), given=given)
    posterior = JOINT[:, :, 2].sum(axis=1) / JOINT[:, :, 2].sum()
    np.testing.assert_allclose(np.bincount(drawn["cause"], minlength=3) / 4000, posterior, atol=0.04)
