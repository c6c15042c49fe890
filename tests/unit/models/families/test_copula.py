import numpy as np
import pytest
from scipy import stats

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import State
from reverie.models.families import copula
from reverie.schema.blocks import (
    Blocks,
    Category,
    CategoryEvidence,
    Gate,
    Real,
    RealEvidence,
    Tokens,
)

RHO = 0.8


def learned(blocks, **options):
    return copula.fit(blocks, config=copula.Config(), rng=np.random.default_rng(0), **options)


def drawn(model, n, **options):
    return model.sample(n, rng=np.random.default_rng(1), **options)


@pytest.fixture(scope="module")
def pair():
    """Two normal numbers of correlation RHO."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=20_000)
    y = RHO * x + np.sqrt(1 - RHO**2) * rng.normal(size=20_000)
    scores = [stats.norm.ppf((stats.rankdata(z) - 0.5) / len(z)).reshape(-1, 1, 1) for z in (x, y)]
    return Blocks((Real("x"), Real("y")), dict(zip("xy", scores, strict=True)), 20_000)


def test_density_of_two_numbers_is_the_bivariate_normal(pair):
    points = np.array([[0.0, 0.0], [1.0, 1.0], [-2.0, 1.5]])
    blocks = Blocks(pair.specs, {"x": points[:, 0].reshape(-1, 1, 1), "y": points[:, 1].reshape(-1, 1, 1)}, 3)
    expected = stats.multivariate_normal([0, 0], [[1, RHO], [RHO, 1]]).logpdf(points)
    np.testing.assert_allclose(learned(pair).log_prob(blocks), expected, rtol=0.03)


def test_density_of_two_categories_is_that_of_the_orthant():
    """P(both below the median) = 1/4 + asin(rho) / 2 pi."""
    model = copula.Copula(
        (Category("a", 2), Category("b", 2)),
        {name: (copula.CategoryMargin.fit(np.ones(2), np.arange(2)),) for name in "ab"},
        np.array([[1, 0.6], [0.6, 1]]),
        ("a", "b"),
    )
    arrays = {"a": np.array([0, 0, 1, 1]), "b": np.array([0, 1, 0, 1])}
    chance = np.exp(model.log_prob(Blocks(model.specs, arrays, 4)))
    same = 0.25 + np.arcsin(0.6) / (2 * np.pi)
    np.testing.assert_allclose(chance, [same, 0.5 - same, 0.5 - same, same], atol=0.005)
    assert chance.sum() == pytest.approx(1)


def test_a_row_scores_the_same_whatever_its_neighbours(pair):
    colour = (pair["x"].ravel() > 0.3).astype(np.int32)
    blocks = Blocks((Category("c", 2), *pair.specs), {"c": colour, **pair.arrays}, pair.rows)
    model = learned(blocks)
    some = np.array([17, 3, 900])
    np.testing.assert_allclose(
        model.log_prob(blocks.take(np.arange(1000)))[some], model.log_prob(blocks.take(some))
    )


def test_conditional_of_a_number_is_the_regression(pair):
    sample = drawn(learned(pair), 20_000, given={"y": RealEvidence(values=np.full(20_000, 1.5))})
    assert sample["x"].mean() == pytest.approx(RHO * 1.5, abs=0.02)
    assert sample["x"].std() == pytest.approx(np.sqrt(1 - RHO**2), abs=0.02)


def test_what_is_known_is_drawn_first_with_gates_before_their_numbers(pair):
    specs = (Category("a", 2), Category("k", 2), Real("x", gate=Gate("k", 1)), Real("y"))
    arrays = {"a": np.zeros(20_000, np.int32), "k": np.ones(20_000, np.int32), **pair.arrays}
    model = learned(Blocks(specs, arrays, 20_000))
    assert model.order == ("a", "k", "x", "y")
    arranged = model.arranged({"x": RealEvidence(low=0), "y": RealEvidence(values=np.array([np.nan, 1.0]))})
    assert arranged.order == ("k", "x", "y", "a")


def test_arranged_model_is_the_same_distribution(pair):
    model = learned(pair)
    arranged = model.arranged({"y": RealEvidence(low=0)})
    assert arranged.order == ("y", "x")
    some = pair.take(np.arange(200))
    np.testing.assert_allclose(model.log_prob(some), arranged.log_prob(some))
    assert drawn(arranged, 10).specs == pair.specs


def test_rare_condition_of_several_blocks_has_no_duplicates(pair):
    """x and y above 3 together: about one row in 2,000."""
    sample = drawn(learned(pair), 1000, given={"x": RealEvidence(low=3), "y": RealEvidence(low=3)})
    assert (sample["x"] >= 3).all()
    assert (sample["y"] >= 3).all()
    assert len(np.unique(sample["x"])) > 950


def test_vectors_keep_the_correlations_among_their_numbers():
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(6, 6))
    vectors = rng.normal(size=(5000, 6)) @ mix
    vectors = stats.norm.ppf((stats.rankdata(vectors, axis=0) - 0.5) / 5000)
    blocks = Blocks((Real("v", 3, 2),), {"v": vectors.reshape(5000, 3, 2)}, 5000)
    sample = drawn(learned(blocks), 20_000)
    assert sample["v"].shape == (20_000, 3, 2)
    np.testing.assert_allclose(np.corrcoef(sample["v"].reshape(-1, 6).T), np.corrcoef(vectors.T), atol=0.05)
    assert np.isfinite(learned(blocks).log_prob(blocks.take(np.arange(20)))).all()


def test_latent_of_an_absent_number_says_nothing(pair):
    """Evidence on a number that proves absent leaves the other blocks alone."""
    rng = np.random.default_rng(3)
    kind = rng.integers(2, size=20_000).astype(np.int32)
    x = np.where((kind == 1)[:, None, None], pair["x"], np.nan)
    blocks = Blocks(
        (Category("k", 2), Real("x", gate=Gate("k", 1)), Real("y")),
        {"k": kind, "x": x, "y": pair["y"]},
        20_000,
    )
    sample = drawn(learned(blocks), 20_000, given={"x": RealEvidence(low=1.0)})
    absent = sample["k"] == 0
    assert sample["y"][absent].mean() == pytest.approx(0, abs=0.03)
    assert sample["y"][~absent].mean() > 1


def test_ordinals_go_by_position_and_kinds_by_their_company(pair):
    y = pair["y"].ravel()
    level = np.array([2, 0, 1])[np.searchsorted([-0.5, 0.5], y)].astype(np.int32)
    kind = np.array([1, 2, 0])[np.searchsorted([-0.5, 0.5], y)].astype(np.int32)
    specs = (
        Category("level", 3, positions=(1.0, 2.0, 0.0)),
        Category("kind", 3, positions=(None, 1.0, None)),
        Real("y"),
    )
    model = learned(Blocks(specs, {"level": level, "kind": kind, "y": pair["y"]}, pair.rows))
    assert model.state().arrays["codes.0"].tolist() == [2, 0, 1]
    assert model.state().arrays["codes.1"].tolist() in ([1, 2, 0], [0, 2, 1])


def test_unseen_codes_are_rare_but_possible():
    blocks = Blocks((Category("c", 4),), {"c": np.zeros(1000, np.int32)}, 1000)
    model = learned(blocks)
    score = model.log_prob(Blocks(blocks.specs, {"c": np.arange(4)}, 4))
    assert np.isfinite(score).all()
    assert np.exp(score).sum() == pytest.approx(1)
    sample = drawn(model, 20, given={"c": CategoryEvidence(allowed=np.arange(4) == 2)})
    assert (sample["c"] == 2).all()


def test_tokens_are_refused_by_name():
    blocks = Blocks((Tokens("notes", 9, 3),), {"notes": np.zeros((5, 3), np.int32)}, 5)
    with pytest.raises(ConfigError, match="notes"):
        learned(blocks)


@pytest.mark.parametrize(
    "harm",
    [
        lambda json, arrays: json.update(order=["x", "z"]),
        lambda json, arrays: json.pop("order"),
        lambda json, arrays: arrays.update(correlation=np.eye(3)),
        lambda json, arrays: arrays.update(correlation=np.array([[1.0, 2.0], [2.0, 1.0]])),
        lambda json, arrays: arrays.pop("correlation"),
        lambda json, arrays: arrays.update({"codes.0": np.array([0, 0, 2])}),
        lambda json, arrays: arrays.update({"edges.0": np.array([-np.inf, 1.0, 0.0, np.inf])}),
        lambda json, arrays: arrays.update({"knots.1.0": np.zeros(4)}),
        lambda json, arrays: arrays.update({"knots.1.0": np.array([[0.0, 0.0], [1.0, 2.0]])}),
        lambda json, arrays: arrays.update(correlation=np.full((2, 2), np.nan)),
    ],
)
def test_damaged_state_is_refused(pair, harm):
    specs = (Category("c", 3), Real("x"))
    codes = (np.arange(20_000) % 3).astype(np.int32)
    state = learned(Blocks(specs, {"c": codes, "x": pair["x"]}, 20_000)).state()
    json, arrays = dict(state.json), dict(state.arrays)
    assert copula.from_state(specs, State(json, arrays)).order == ("c", "x")
    harm(json, arrays)
    with pytest.raises(ArtifactError):
        copula.from_state(specs, State(json, arrays))
