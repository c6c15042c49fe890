import numpy as np
import pytest
from scipy import stats

from reverie.models import margins
from reverie.models.margins import CategoryMargin, RealMargin, between, within
from reverie.schema.blocks import CategoryEvidence, RealEvidence

SKEW = stats.lognorm(0.7)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def margin():
    """Codes in the order 2, 0, 1, 3 with probabilities .2 .3 .1 .4 by code; 3 is muted."""
    return CategoryMargin.fit(np.array([0.2, 0.3, 0.1, 0.4]), np.array([2, 0, 1, 3]), muted=(3,))


@pytest.fixture
def skewed(rng):
    values = SKEW.rvs(20_000, random_state=rng)
    return RealMargin.fit(values, np.ones(20_000))


# ---- truncated normals


@pytest.mark.parametrize(
    ("low", "high", "logp"),
    [
        (-1.0, 1.0, np.log(0.6826894921)),
        (2.0, np.inf, stats.norm.logsf(2)),
        (-np.inf, -3.0, stats.norm.logcdf(-3)),
        (7.0, 7.5, np.log(stats.norm.sf(7) - stats.norm.sf(7.5))),
        (11.0, np.inf, stats.norm.logsf(11)),
        (-45.0, -40.0, stats.norm.logcdf(-40)),
    ],
)
def test_within_an_interval(rng, low, high, logp):
    values, got = within(np.full((2000, 1), low), np.full((2000, 1), high), rng)
    assert ((values >= low) & (values <= high)).all()
    np.testing.assert_allclose(got, logp, rtol=1e-6)
    assert low < -40 or len(np.unique(values)) > 1900


def test_within_several_intervals(rng):
    low, high = np.tile([-3.0, 0.0, 4.0], (50_000, 1)), np.tile([-1.0, 0.5, 9.0], (50_000, 1))
    values, logp = within(low, high, rng)
    parts = stats.norm.cdf([-1, 0.5, 9]) - stats.norm.cdf([-3, 0, 4])
    np.testing.assert_allclose(logp, np.log(parts.sum()))
    seen = [np.mean((values >= a) & (values <= b)) for a, b in ((-3, -1), (0, 0.5), (4, 9))]
    assert sum(seen) == pytest.approx(1)
    np.testing.assert_allclose(seen, parts / parts.sum(), atol=0.01)


def test_between_matches_the_normal():
    low, high = np.array([-1.0, 3.0, -np.inf, -60.0]), np.array([1.0, np.inf, 0.0, -50.0])
    got = between(low, high)
    np.testing.assert_allclose(got[:3], np.log([0.6826894921, 0.0013498980, 0.5]), rtol=1e-6)
    assert got[3] == pytest.approx(stats.norm.logcdf(-50), rel=1e-6)


# ---- categories


def test_codes_have_their_probabilities(margin, rng):
    values = margin.values(rng.standard_normal(100_000))
    np.testing.assert_allclose(np.bincount(values) / 100_000, [0.2, 0.3, 0.1, 0.4], atol=0.01)
    assert values.dtype == np.int32


def test_scores_are_probabilities_that_sum_to_one(margin):
    chances = np.exp([margin.score(np.array([0.7]), 0.4, np.array([code]))[0] for code in range(4)])
    assert chances.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.exp(margin.score(np.zeros(4), 1.0, np.arange(4))), [0.2, 0.3, 0.1, 0.4])


def test_latent_lies_in_the_interval_of_its_code(margin, rng):
    codes = rng.integers(4, size=1000)
    latent = margin.latent(rng.normal(size=1000), 0.3, codes, rng)
    np.testing.assert_array_equal(margin.values(latent), codes)


def test_muted_codes_are_left_out_of_draws(margin, rng):
    mean = np.zeros(50_000)
    values, latent, logp = margin.draw(mean, 1.0, rng, None)
    assert logp is None
    np.testing.assert_allclose(np.bincount(values, minlength=4) / 50_000, [1 / 3, 1 / 2, 1 / 6, 0], atol=0.01)
    np.testing.assert_array_equal(margin.values(latent), values)


def test_draw_from_a_set_of_codes(margin, rng):
    evidence = CategoryEvidence(allowed=np.array([False, True, True, True]))
    values, latent, logp = margin.draw(np.full(20_000, -0.5), 0.8, rng, evidence)
    assert set(values) == {1, 2}
    np.testing.assert_array_equal(margin.values(latent), values)
    chances = np.exp([margin.score(np.array([-0.5]), 0.8, np.array([code]))[0] for code in range(4)])
    np.testing.assert_allclose(logp, np.log((chances[1] + chances[2]) / chances[:3].sum()))
    assert np.mean(values == 1) == pytest.approx(chances[1] / (chances[1] + chances[2]), abs=0.015)


def test_draw_of_known_codes(margin, rng):
    codes = np.array([3, -1, 1, -1] * 500)
    values, latent, logp = margin.draw(np.zeros(2000), 1.0, rng, CategoryEvidence(codes=codes))
    np.testing.assert_array_equal(values[codes >= 0], codes[codes >= 0])
    assert 3 not in values[codes < 0]
    np.testing.assert_array_equal(margin.values(latent), values)
    np.testing.assert_allclose(logp[:4], [np.log(0.4), 0, np.log(0.3), 0])


def test_only_muted_codes_have_no_probability(margin, rng):
    evidence = CategoryEvidence(allowed=np.array([False, False, False, True]))
    assert np.isneginf(margin.draw(np.zeros(3), 1.0, rng, evidence)[2]).all()


def test_one_code(rng):
    margin = CategoryMargin.fit(np.array([5.0]), np.array([0]))
    assert not margin.draw(np.zeros(9), 1.0, rng, None)[0].any()
    assert margin.normal_scores().tolist() == [0]


def test_normal_scores_are_mean_latents(margin, rng):
    latent = rng.standard_normal(400_000)
    codes = margin.values(latent)
    means = np.bincount(codes, latent) / np.bincount(codes)
    np.testing.assert_allclose(margin.normal_scores(), means, atol=0.02)


# ---- numbers


def test_normal_values_need_no_knots():
    values = stats.norm.ppf((np.arange(1000) + 0.5) / 1000)
    assert RealMargin.fit(values, np.ones(1000)).knots.size == 0
    assert RealMargin.fit(values[:9], np.ones(9)).knots.size == 0


def test_other_values_are_mapped_both_ways(skewed, rng):
    latent = rng.standard_normal(50_000)
    values = skewed.place(latent)
    assert stats.kstest(values, SKEW.cdf).statistic < 0.02
    np.testing.assert_allclose(skewed.unplace(values), latent, atol=1e-6)


def test_density_of_other_values(skewed):
    points = np.array([0.5, 1.0, 2.0])
    got = skewed.score(np.zeros(3), 1.0, points)
    np.testing.assert_allclose(got, SKEW.logpdf(points), atol=0.15)
    line = np.linspace(-20, 40, 200_001)
    density = np.exp(skewed.score(np.full(len(line), 0.3), 0.5, line))
    assert np.trapezoid(density, line) == pytest.approx(1, abs=0.01)


def test_weights_shift_the_map(rng):
    values = rng.normal(size=10_000)
    margin = RealMargin.fit(values, np.where(values > 0, 3.0, 1.0))
    assert margin.place(rng.standard_normal(50_000)).mean() == pytest.approx(0.4, abs=0.03)


def test_knots_are_no_extreme_values(rng):
    values = rng.pareto(1.5, size=500)
    assert RealMargin.fit(values, np.ones(500)).knots[1, -1] <= np.sort(values)[-5] * (1 + 1e-3)


def test_ties_keep_the_map_increasing():
    values = np.repeat([0.0, 5.0], 100)
    knots = RealMargin.fit(values, np.ones(200)).knots
    assert (np.diff(knots[0]) > 0).all()
    assert (np.diff(knots[1]) > 0).all()


@pytest.mark.parametrize(("low", "high"), [(0.5, 1.5), (4.0, np.inf), (-np.inf, 0.2), (1.0, 1.0)])
def test_draw_from_an_interval(skewed, rng, low, high):
    values, _, logp = skewed.draw(np.full(5000, 0.2), 0.9, rng, RealEvidence(low, high))
    assert ((values >= low) & (values <= high)).all()
    if low < high:
        free, _, none = skewed.draw(np.full(100_000, 0.2), 0.9, rng, None)
        assert none is None
        inside = (free >= low) & (free <= high)
        np.testing.assert_allclose(np.exp(logp), inside.mean(), atol=0.01)
        assert values.mean() == pytest.approx(free[inside].mean(), rel=0.05)


@pytest.mark.parametrize("cells", [1 << 21, 3_000])
def test_draw_from_several_intervals(skewed, rng, monkeypatch, cells):
    monkeypatch.setattr(margins, "CELLS", cells)
    asked = RealEvidence.union(np.array([-np.inf, 0.5, 2.0]), np.array([0.2, 0.7, 2.1]))
    mean = np.full(20_000, 0.2)
    values, latent, logp = skewed.draw(mean, 0.9, rng, asked)
    assert asked.contains(values).all()
    np.testing.assert_allclose(skewed.place(latent), values, atol=1e-6)
    free = skewed.draw(np.full(200_000, 0.2), 0.9, rng, None)[0]
    free = free[asked.contains(free)]
    np.testing.assert_allclose(np.exp(logp), len(free) / 200_000, atol=0.005)
    for low, high in zip(*asked.intervals, strict=True):
        share = np.mean((free >= low) & (free <= high))
        assert np.mean((values >= low) & (values <= high)) == pytest.approx(share, abs=0.02)


def test_draw_of_known_values(skewed, rng):
    known = np.array([0.7, np.nan] * 10)
    values, latent, logp = skewed.draw(np.zeros(20), 1.0, rng, RealEvidence(values=known))
    np.testing.assert_array_equal(values[::2], 0.7)
    np.testing.assert_allclose(latent[::2], skewed.unplace(np.array([0.7]))[0])
    np.testing.assert_allclose(logp[::2], skewed.score(np.zeros(1), 1.0, np.array([0.7]))[0])
    assert not logp[1::2].any()


def test_absent_numbers_have_free_latents(skewed, rng):
    latent = skewed.latent(np.full(20_000, 2.0), 0.5, np.full(20_000, np.nan), rng)
    assert latent.mean() == pytest.approx(2, abs=0.02)
    assert latent.std() == pytest.approx(0.5, abs=0.02)
