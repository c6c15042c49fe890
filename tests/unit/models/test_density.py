"""Conditional densities against made data of which everything is known."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from reverie.core.nested import join, split
from reverie.models import density as densities
from reverie.models.boosting import Bins, Recipe
from reverie.models.density import FOLDS, MOST_FOLDS, Density, Residuals
from reverie.models.linear import normal_scores
from reverie.schema.blocks import RealEvidence

ROWS = 8000
PLACES = 16
"""Values of the one feature: -1 in bin 0 to 1 in bin 15."""


def value_of(bins: np.ndarray) -> np.ndarray:
    return bins / (PLACES - 1) * 2 - 1


def bimodal(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At -2 or 2, the second with a chance that rises with x."""
    return np.where(rng.random(len(x)) < (1 + x) / 2, 2.0, -2.0) + rng.normal(0, 0.4, len(x))


SHAPES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "a line": lambda x, rng: 3 * x + rng.normal(size=len(x)),
    "wider and wider": lambda x, rng: np.exp(1.5 * x) * rng.normal(size=len(x)),
    "two humps": bimodal,
    "skewed": lambda x, rng: (1 + x) * 2 + rng.gamma(1.5, size=len(x)),
    "heavy tails": lambda x, rng: x + rng.standard_t(2.5, size=len(x)),
}


def features(places: np.ndarray) -> Bins:
    return Bins(places[None].astype(np.uint8), np.array([PLACES]), np.array([True]))


def learn(shape: Callable[[np.ndarray, np.random.Generator], np.ndarray], rows: int = ROWS) -> Density:
    rng = np.random.default_rng(0)
    places = rng.integers(PLACES, size=rows)
    return Density.fit(features(places), shape(value_of(places), rng), Recipe(), rng)


def at(place: int, rows: int) -> np.ndarray:
    """Codes of rows whose feature is in the bin `place`."""
    return np.full((1, rows), place, np.uint8)


@pytest.fixture(scope="module", params=SHAPES)
def learned(request: pytest.FixtureRequest) -> tuple[str, Density]:
    return request.param, learn(SHAPES[request.param])


@pytest.fixture(scope="module")
def line() -> Density:
    return learn(SHAPES["a line"])


@pytest.mark.parametrize("place", [1, 7, 14])
def test_draws_follow_the_true_distribution(learned, place) -> None:
    name, density = learned
    rng = np.random.default_rng(1)
    drawn, mass = density.draw(at(place, 4000), rng)
    true = SHAPES[name](value_of(np.full(4000, place)), rng)
    assert stats.ks_2samp(drawn, true).statistic < 0.075
    np.testing.assert_array_equal(mass, 1)


@pytest.mark.parametrize("place", [0, 8])
def test_the_density_integrates_to_one(learned, place) -> None:
    _, density = learned
    numbers = np.sinh(np.linspace(-9, 9, 40_001))
    found = np.exp(density.log_density(at(place, len(numbers)), numbers))
    assert integrate.trapezoid(found, numbers) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("place", [0, 8, 15])
def test_draws_and_density_agree(learned, place) -> None:
    """The mass of an interval by counting draws, and by integrating the density."""
    _, density = learned
    drawn, _ = density.draw(at(place, 20_000), np.random.default_rng(2))
    for low, high in ((-1.0, 0.5), (0.5, 2.5)):
        counted = np.mean((drawn > low) & (drawn < high))
        assert counted == pytest.approx(integral(density, place, low, high), abs=0.015)


def integral(density: Density, place: int, low: float, high: float) -> float:
    numbers = np.linspace(low, high, 20_001)
    return float(integrate.trapezoid(np.exp(density.log_density(at(place, len(numbers)), numbers)), numbers))


@pytest.mark.parametrize("bounds", [(-1.0, 0.5), (0.5, 0.52), (-np.inf, 0.0), (1.5, np.inf)], ids=str)
def test_draws_stay_between_bounds_and_say_how_probable_those_are(learned, bounds) -> None:
    _, density = learned
    drawn, mass = density.draw(at(8, 6000), np.random.default_rng(3), *bounds)
    low, high = bounds
    assert low <= drawn.min()
    assert drawn.max() <= high
    expected = integral(density, 8, max(low, -60), min(high, 60))
    assert mass.mean() == pytest.approx(expected, rel=0.05, abs=0.004)


@pytest.mark.parametrize("cells", [1 << 18, 2_000])
def test_draws_from_several_intervals(learned, monkeypatch, cells) -> None:
    monkeypatch.setattr(densities, "CELLS", cells)
    _, density = learned
    asked = RealEvidence.union(np.array([-60.0, 0.5, 0.7, 1.5]), np.array([-1.0, 0.52, 0.9, np.inf]))
    drawn, mass = density.draw(at(8, 20_000), np.random.default_rng(3), *asked.intervals)
    assert asked.contains(drawn).all()
    ends = [(low, min(high, 60)) for low, high in zip(*asked.intervals, strict=True)]
    expected = np.array([integral(density, 8, low, high) for low, high in ends])
    assert mass.mean() == pytest.approx(expected.sum(), rel=0.02)
    for (low, high), share in zip(ends, expected / expected.sum(), strict=True):
        found = np.average((drawn >= low) & (drawn <= high), weights=mass)
        assert found == pytest.approx(share, abs=0.015)


def test_intervals_that_touch_are_as_probable_as_the_one_they_make(learned) -> None:
    _, density = learned
    low, high = np.array([0.2, 0.5, 0.5001]), np.array([0.5, 0.5001, 1.0])
    _, parts = density.draw(at(8, 50), np.random.default_rng(3), low, high)
    _, whole = density.draw(at(8, 50), np.random.default_rng(3), 0.2, 1.0)
    np.testing.assert_allclose(parts, whole, rtol=1e-9)


def test_within_bounds_the_shape_is_kept(learned) -> None:
    _, density = learned
    free, _ = density.draw(at(8, 40_000), np.random.default_rng(4))
    low, high = np.quantile(free, [0.2, 0.7])
    free = free[(free > low) & (free < high)]
    bound, mass = density.draw(at(8, 6000), np.random.default_rng(5), low, high)
    bound = np.random.default_rng(6).choice(bound, 4000, p=mass / mass.sum())
    assert stats.ks_2samp(free, bound).statistic < 0.06


def test_bounds_that_hold_everything_change_nothing(line) -> None:
    drawn, mass = line.draw(at(8, 4000), np.random.default_rng(7), -1e9, 1e9)
    np.testing.assert_allclose(mass, 1, atol=1e-5)
    assert stats.ks_2samp(drawn, line.draw(at(8, 4000), np.random.default_rng(8))[0]).pvalue > 0.01


def test_far_away_bounds_are_obeyed(line) -> None:
    drawn, mass = line.draw(at(8, 100), np.random.default_rng(7), 300.0, 301.0)
    assert (drawn >= 300).all()
    assert (drawn <= 301).all()
    assert (mass >= 0).all()
    assert mass.max() < 1e-3


def test_mean_log_density_is_near_the_entropy_of_a_normal(line) -> None:
    rng = np.random.default_rng(9)
    places = rng.integers(PLACES, size=5000)
    numbers = SHAPES["a line"](value_of(places), rng)
    true = stats.norm.logpdf(numbers, 3 * value_of(places)).mean()
    found = line.log_density(features(places).codes, numbers).mean()
    assert true - 0.06 < found < true + 0.01


def test_a_tight_relation_stays_tight() -> None:
    """y = 2 x leaves over no more than the bins of x are wide."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    edges = np.quantile(x, np.linspace(0, 1, 201)[1:-1])
    codes = np.searchsorted(edges, x)
    bins = Bins(codes[None].astype(np.uint8), np.array([200]), np.array([True]))
    density = Density.fit(bins, 2 * x, Recipe(), rng)
    drawn, _ = density.draw(bins.codes, rng)
    inner = (codes > 2) & (codes < 197)
    assert np.abs(drawn - 2 * x)[inner].mean() < 0.1
    assert np.corrcoef(drawn, x)[0, 1] > 0.998


def test_a_feature_that_says_nothing_leaves_the_marginal() -> None:
    density = learn(lambda x, rng: rng.normal(5, 2, len(x)))
    drawn, _ = density.draw(features(np.arange(4000) % PLACES).codes, np.random.default_rng(1))
    assert stats.kstest(drawn, "norm", args=(5, 2)).statistic < 0.03


def test_without_features_the_marginal_is_learned() -> None:
    nothing = Bins(np.zeros((0, 3000), np.uint8), np.zeros(0, np.int64), np.zeros(0, bool))
    rng = np.random.default_rng(0)
    density = Density.fit(nothing, rng.lognormal(size=3000), Recipe(), rng)
    drawn, _ = density.draw(nothing.codes, rng)
    assert stats.kstest(drawn, "lognorm", args=(1,)).statistic < 0.05


@pytest.mark.parametrize("rows", [0, 1])
def test_from_next_to_no_rows_a_normal_is_assumed(rows) -> None:
    density = Density.fit(
        features(np.zeros(rows, int)), np.full(rows, 9.0), Recipe(), np.random.default_rng(0)
    )
    drawn, _ = density.draw(at(0, 4000), np.random.default_rng(1))
    assert stats.kstest(drawn, "norm").statistic < 0.04


@pytest.mark.parametrize("rows", [2, 5, 70, 300])
def test_few_rows_give_finite_numbers_near_those_seen(rows) -> None:
    density = learn(SHAPES["a line"], rows)
    codes = features(np.arange(2000) % PLACES).codes
    drawn, _ = density.draw(codes, np.random.default_rng(1))
    assert np.isfinite(density.log_density(codes, drawn)).all()
    assert np.abs(drawn).max() < 60


@pytest.mark.parametrize("numbers", [np.full(500, 3.0), np.repeat([0.0, 1.0], 250)], ids=["one", "two"])
def test_numbers_that_repeat_do_not_break_it(numbers) -> None:
    rng = np.random.default_rng(0)
    density = Density.fit(features(rng.integers(PLACES, size=500)), numbers, Recipe(), rng)
    drawn, _ = density.draw(at(3, 1000), rng)
    assert numbers.min() - 0.1 <= np.median(drawn) <= numbers.max() + 0.1
    assert np.isfinite(density.log_density(at(3, 1000), drawn)).all()


def test_state_comes_back_whole_through_json(learned) -> None:
    _, density = learned
    plain, arrays = split(density.state())
    back = Density.from_state(join(json.loads(json.dumps(plain)), arrays), 1)
    codes = features(np.arange(500) % PLACES).codes
    drawn = [one.draw(codes, np.random.default_rng(0))[0] for one in (density, back)]
    np.testing.assert_allclose(*drawn, rtol=1e-6)
    logs = [one.log_density(codes, drawn[0]) for one in (density, back)]
    np.testing.assert_allclose(*logs, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module", params=[5, 60, 5000])
def residuals(request: pytest.FixtureRequest) -> tuple[np.ndarray, Residuals]:
    numbers = np.random.default_rng(request.param).standard_t(3, size=request.param)
    return numbers, Residuals.learn(numbers)


def test_place_and_value_are_inverses(residuals) -> None:
    numbers, found = residuals
    np.testing.assert_allclose(found.value(found.place(numbers)), numbers, atol=1e-6)
    inner = np.linspace(0.001, found.bins - 0.001, 999)
    np.testing.assert_allclose(found.place(found.value(inner)), inner, atol=1e-6)


def test_places_are_in_order_and_in_range(residuals) -> None:
    _, found = residuals
    places = found.place(np.concatenate([[-np.inf], np.linspace(-50, 50, 2001), [np.inf]]))
    assert (np.diff(places) >= 0).all()
    assert (places[0], places[-1]) == (0, found.bins)


def test_places_are_uniform() -> None:
    numbers = np.random.default_rng(0).standard_t(3, size=20_000)
    found = Residuals.learn(numbers[:10_000])
    assert stats.kstest(found.place(numbers[10_000:]) / found.bins, "uniform").statistic < 0.03


def test_the_slope_is_the_derivative_of_the_place(residuals) -> None:
    _, found = residuals
    numbers = np.linspace(-6, 6, 997)
    step = 1e-6
    slope = (found.place(numbers + step) - found.place(numbers - step)) / (2 * step)
    seen = slope > 1e-6
    assert seen.mean() > 0.3
    np.testing.assert_allclose(found.log_slope(numbers)[seen], np.log(slope[seen]), atol=0.01)


def test_a_place_splits_into_bin_and_part(residuals) -> None:
    numbers, found = residuals
    places = found.place(numbers)
    bins, parts = found.split(places)
    start = bins + parts / found.fine
    assert (start <= places + 1e-9).all()
    assert (places <= start + 1 / found.fine + 1e-9).all()
    assert bins.max() < found.bins
    assert parts.max() < found.fine


@pytest.mark.parametrize("features", [5, 40])
def test_few_rows_keep_their_covariances(features: int) -> None:
    """What is drawn goes with what it was learned from as closely as the rows did, if parameters are few.

    With many, the line is judged on other rows, and draws are no closer to the rows than those allow.
    """
    kept = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        codes = rng.permuted(np.tile(np.arange(1, 121), (features, 1)), axis=1)
        known = Bins(codes.astype(np.uint8), np.full(features, 121), np.ones(features, bool))
        score = normal_scores(known.codes[0])
        density = Density.fit(known, 0.7 * score + 0.7 * rng.normal(size=120), Recipe(), rng)
        drawn = np.concatenate([density.draw(known.codes, rng)[0] for _ in range(50)])
        kept.append(np.corrcoef(np.tile(score, 50), drawn)[0, 1])
    few = 0.6 < np.mean(kept) < 0.8
    assert few if features == 5 else np.mean(kept) < 0.75


def test_there_are_more_folds_where_rows_are_few() -> None:
    rng = np.random.default_rng(1)
    for rows, folds in ((150, MOST_FOLDS), (6000, FOLDS)):
        codes = rng.integers(1, 200, (1, rows)).astype(np.uint8)
        target = normal_scores(codes[0]) + 0.1 * rng.normal(size=rows)
        found = Density.fit(Bins(codes, np.array([200]), np.ones(1, bool)), target, Recipe(rounds=5), rng)
        assert len(found.means) == folds


@pytest.mark.parametrize("wrong", ["falls", "parts", "none", "tail", "infinite"])
def test_a_stored_scale_that_is_none_is_refused(wrong: str) -> None:
    scale = Residuals.learn(np.random.default_rng(0).normal(size=2_000), 8, 4)
    knots, fine, tails = scale.knots.copy(), scale.fine, scale.tails.copy()
    again = Residuals.restored(knots, fine, tails)
    assert np.array_equal(again.knots, knots)
    if wrong == "falls":
        knots[3] = knots[2]
    elif wrong == "infinite":
        knots[-1] = np.inf
    elif wrong == "tail":
        tails[0] = 0.0
    fine = {"parts": 5, "none": 0}.get(wrong, fine)
    with pytest.raises(ValueError, match=r"knots|tails"):
        Residuals.restored(knots, fine, tails)


def test_very_many_residuals_are_seen_in_part(monkeypatch):
    residuals = np.sort(np.random.default_rng(0).normal(size=50_000))
    whole = Residuals.learn(residuals)
    monkeypatch.setattr(densities, "SEEN", 20_000)
    some = Residuals.learn(residuals)
    places = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(some.value(places * some.bins), whole.value(places * whole.bins), atol=0.05)
