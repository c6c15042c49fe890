"""Histograms whose probabilities are known."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from reverie.models import histogram
from reverie.models.density import Residuals
from reverie.models.histogram import Histograms, Pieces, pick

BINS, FINE, ROWS = 6, 4, 4000
SCALE = Residuals.learn(np.random.default_rng(0).normal(size=3000), BINS, FINE)
COARSE = np.array([0.1, 0.25, 0.05, 0.2, 0.3, 0.1])
INSIDE = np.random.default_rng(1).dirichlet(np.ones(FINE), BINS)
KNOTS = SCALE.knots
INTERVALS = {
    "wide": [(-0.8, 1.1)],
    "in one bin": [(KNOTS[FINE], KNOTS[2 * FINE] - 0.01)],
    "in one part": [(KNOTS[9] * 0.7 + KNOTS[10] * 0.3, KNOTS[9] * 0.2 + KNOTS[10] * 0.8)],
    "bin to bin": [(KNOTS[FINE], KNOTS[3 * FINE])],
    "below": [(-np.inf, -0.4)],
    "above": [(0.3, np.inf)],
    "everywhere": [(-np.inf, np.inf)],
    "tail": [(4.0, 5.0)],
    "several": [(-np.inf, -1.5), (-0.6, -0.55), (-0.5, 0.2), (0.9, 0.95), (2.5, np.inf)],
    "apart by little": [(-1.0, 0.1), (0.1 + 1e-9, 0.6)],
}


def histograms(rows: int = ROWS, kind: type = float, coarse: np.ndarray = COARSE) -> Histograms:
    """Rows that are all alike."""
    return Histograms(
        SCALE, np.tile(coarse, (rows, 1)).astype(kind), lambda _, bins: INSIDE[bins].astype(kind)
    )


def densities(values: np.ndarray) -> np.ndarray:
    return np.exp(histograms(len(values)).log_density(values))


def integral(low: float, high: float) -> float:
    """Of the density, piece by piece as it jumps at knots."""
    low, high = max(low, KNOTS[0] - 40), min(high, KNOTS[-1] + 40)
    ends = np.concatenate([[low], KNOTS[(low < KNOTS) & (high > KNOTS)], [high]])
    some = np.append(np.linspace(ends[:-1], ends[1:], 100, endpoint=False).T.ravel(), high)
    return sum(integrate.fixed_quad(densities, *step, n=8)[0] for step in pairwise(some))


def within(name: str, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ends of the intervals, and values and masses drawn in them."""
    low, high = np.array(INTERVALS[name]).T
    return low, high, *histograms(rows).draw_within(low, high, np.random.default_rng(2))


def lies(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return ((values[:, None] >= low) & (values[:, None] <= high)).any(axis=1)


def test_draws_follow_the_probabilities() -> None:
    rows = 20_000
    values = histograms(rows).draw(np.random.default_rng(0))
    bins, part = SCALE.split(SCALE.place(values))
    counts = np.bincount(bins * FINE + part, minlength=BINS * FINE)
    expected = rows * (COARSE[:, None] * INSIDE).ravel()
    assert stats.chisquare(counts, expected).pvalue > 0.001


def test_rows_have_their_own_probabilities() -> None:
    """Positions of rows are asked for, also where rows are worked on some at a time."""
    coarse = np.eye(BINS)[np.arange(ROWS) % BINS]
    found = Histograms(SCALE, coarse, lambda rows, bins: np.eye(FINE)[rows % FINE])
    rng = np.random.default_rng(0)
    for values in (found.draw(rng), found.draw_within(np.array([-9.0]), np.array([np.inf]), rng)[0]):
        bins, part = SCALE.split(SCALE.place(values))
        assert np.array_equal(bins, np.arange(ROWS) % BINS)
        assert np.array_equal(part, np.arange(ROWS) % FINE)


def test_chunks_keep_rows_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histogram, "CELLS", 64)
    test_rows_have_their_own_probabilities()


def test_the_density_integrates_to_one() -> None:
    assert integral(-np.inf, np.inf) == pytest.approx(1, abs=1e-6)


def test_the_tails_integrate_to_their_parts() -> None:
    assert integral(-np.inf, KNOTS[1]) == pytest.approx(COARSE[0] * INSIDE[0, 0], rel=1e-6)
    assert integral(KNOTS[-2], np.inf) == pytest.approx(COARSE[-1] * INSIDE[-1, -1], rel=1e-6)


def test_an_impossible_number_has_density_zero() -> None:
    coarse = np.array([0.5, 0.5, 0, 0, 0, 0])
    assert histograms(1, coarse=coarse).log_density(np.array([9.0]))[0] == -np.inf


@pytest.mark.parametrize("name", INTERVALS)
def test_values_lie_in_the_intervals(name: str) -> None:
    low, high, values, _ = within(name)
    assert lies(values, low, high).all()


@pytest.mark.parametrize("name", INTERVALS)
def test_mass_is_the_integral_of_the_density(name: str) -> None:
    low, high, _, mass = within(name, 3)
    wanted = sum(integral(*ends) for ends in zip(low, high, strict=True))
    assert mass == pytest.approx(np.full(3, wanted), rel=1e-6)


@pytest.mark.parametrize("name", sorted(set(INTERVALS) - {"tail"}))
def test_values_are_free_draws_that_fall_inside(name: str) -> None:
    low, high, values, _ = within(name)
    free = histograms(40_000).draw(np.random.default_rng(3))
    assert stats.ks_2samp(values, free[lies(free, low, high)]).pvalue > 0.001


def test_values_in_a_tail_decay() -> None:
    _, _, values, _ = within("tail")
    tail = SCALE.tails[1]
    wanted = stats.truncexpon(1 / tail, loc=4, scale=tail)
    assert stats.kstest(values, wanted.cdf).pvalue > 0.001


def test_single_precision_keeps_the_mass() -> None:
    low, high = np.array(INTERVALS["several"]).T
    rng = np.random.default_rng(0)
    exact, rough = (histograms(1, kind).draw_within(low, high, rng)[1] for kind in (float, np.float32))
    assert rough == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("ends", [(KNOTS[5], KNOTS[6]), (KNOTS[5], KNOTS[11]), (KNOTS[4], KNOTS[12])])
@pytest.mark.parametrize("kind", [float, np.float32])
def test_small_masses_keep_their_digits(ends: tuple[float, float], kind: type) -> None:
    """Also those that vanish beside the mass below them; values still spread over all of the interval."""
    rare = np.array([0.7, 1e-20, 1e-20, 0.1, 0.1, 0.1])
    inside = np.append(INSIDE[1], INSIDE[2])
    first, last = np.searchsorted(KNOTS, ends) - FINE
    low, high = (np.array([end]) for end in ends)
    values, mass = histograms(ROWS, kind, rare).draw_within(low, high, np.random.default_rng(0))
    assert mass == pytest.approx(np.full(ROWS, 1e-20 * inside[first:last].sum()), rel=1e-5)
    quarters = ((SCALE.place(values) * FINE - FINE - first) * 4).astype(int)
    wanted = np.repeat(inside[first:last] / inside[first:last].sum() / 4, 4)
    assert stats.chisquare(np.bincount(quarters, minlength=len(wanted)), ROWS * wanted).pvalue > 0.001


@pytest.mark.parametrize(
    "ends",
    [[(0.5, 0.5)], [(KNOTS[8], KNOTS[8])], [(60.0, np.inf)], [(-np.inf, -90.0)], [(-0.1, -0.1), (0.1, 0.1)]],
)
def test_values_lie_in_intervals_of_no_mass(ends: list[tuple[float, float]]) -> None:
    low, high = np.array(ends).T
    values, mass = histograms(50).draw_within(low, high, np.random.default_rng(0))
    assert lies(values, low, high).all()
    assert (mass < 1e-12).all()


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_interval_without_mass_is_not_chosen(at: int) -> None:
    low, high = np.array([-1.0, 0.0, 1.0]), np.array([-0.5, 0.4, 1.5])
    high[at] = low[at]
    values, _ = histograms().draw_within(low, high, np.random.default_rng(0))
    assert not (values == low[at]).any()


def test_no_rows() -> None:
    rng = np.random.default_rng(0)
    found = histograms(0)
    values, mass = found.draw_within(np.array([0.0]), np.array([1.0]), rng)
    assert [len(each) for each in (found.draw(rng), values, mass, found.log_density(values))] == [0] * 4


def test_pieces_of_intervals() -> None:
    """From within bin 1 to within bin 3, and in bin 5."""
    low, high = SCALE.value(np.array([1.5, 5.25])), SCALE.value(np.array([3.25, 5.5]))
    pieces = Pieces.of(SCALE, low, high)
    assert pieces.owner.tolist() == [0, 0, 0, 1]
    assert pieces.bins.tolist() == [1, 2, 3, 5]
    assert pieces.start == pytest.approx([2, 0, 0, 1])
    assert pieces.stop == pytest.approx([4, 4, 1, 2])


def test_model_is_asked_once_for_each_bin_that_is_cut() -> None:
    asked = []

    def parts(_: np.ndarray, bins: np.ndarray) -> np.ndarray:
        asked.append(np.unique(bins))
        return INSIDE[bins]

    ends = np.linspace(-2, 2, 402)
    found = Histograms(SCALE, np.tile(COARSE, (5, 1)), parts)
    found.draw_within(ends[::2], ends[1::2], np.random.default_rng(0))
    assert len(asked) <= BINS + 1


@pytest.mark.parametrize("kind", [float, np.float32])
def test_pick_follows_weights(kind: type) -> None:
    weights = np.array([0, 3, 1, 0, 4, 0], kind)
    counts = np.bincount(pick(np.tile(weights, (20_000, 1)), np.random.default_rng(0)), minlength=6)
    assert not counts[weights == 0].any()
    assert stats.chisquare(counts[weights > 0], [7500, 2500, 10_000]).pvalue > 0.001


class Edge:
    """A generator whose numbers are all the same."""

    def __init__(self, number: float) -> None:
        self.number = number

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.full(shape, self.number)


@pytest.mark.parametrize("number", [0.0, 1 - 2**-53])
@pytest.mark.parametrize("kind", [float, np.float32])
def test_pick_never_takes_weight_zero(number: float, kind: type) -> None:
    weights = np.random.default_rng(0).random((5000, 7)).astype(kind)
    weights[:, [0, 3, 6]] = 0
    codes = pick(weights, Edge(number))  # type: ignore[arg-type]
    assert set(codes) == {1 if number == 0 else 5}


def test_pick_is_exact_among_many_codes_of_single_precision() -> None:
    """A sum of single precision stands still from 2**24 on."""
    weights = np.array([[2.0**24, *[1.0] * 2000]], np.float32)
    last = Edge(1 - 2**-53)
    assert pick(weights, last)[0] == 2000  # type: ignore[arg-type]
