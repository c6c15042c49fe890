"""Values drawn from logits and histograms, under what is known of them."""

import numpy as np
import pytest

from reverie.models.density import Residuals
from reverie.models.drawing import draw_codes, draw_numbers, log_sum, softmax
from reverie.models.histogram import Histograms
from reverie.schema.blocks import Category, CategoryEvidence, RealEvidence

SPEC = Category("c", 4, muted=(3,))
SHARES = np.array([0.1, 0.3, 0.2, 0.4])
ROWS = 20_000
LOGITS = np.tile(np.log(SHARES) + 2.0, (ROWS, 1))
SCALE = Residuals.learn(np.random.default_rng(0).normal(size=5_000), 8, 4)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def histograms(rows: np.ndarray) -> Histograms:
    def parts(some: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.full((len(some), SCALE.fine), 1 / SCALE.fine)

    return Histograms(SCALE, np.full((len(rows), SCALE.bins), 1 / SCALE.bins), parts)


def test_softmax_and_log_sum():
    logits = np.log(np.array([[1.0, 3.0], [0.5, 1e-9]])) + 500.0
    np.testing.assert_allclose(softmax(logits), [[0.25, 0.75], [1.0, 2e-9]])
    np.testing.assert_allclose(log_sum(logits), np.log([4.0, 0.5]) + 500.0)


def test_free_codes_are_drawn_by_their_shares_and_muted_ones_never() -> None:
    drawn, logp = draw_codes(LOGITS, SPEC, rng(), None)
    assert logp is None
    assert np.bincount(drawn, minlength=4) / ROWS == pytest.approx([1 / 6, 1 / 2, 1 / 3, 0], abs=0.015)


def test_allowed_codes_and_their_probability_among_those_that_are_made() -> None:
    drawn, logp = draw_codes(LOGITS, SPEC, rng(), CategoryEvidence(np.array([True, False, True, True])))
    assert logp is not None
    assert np.exp(logp) == pytest.approx(0.3 / 0.6)
    assert np.bincount(drawn, minlength=4) / ROWS == pytest.approx([1 / 3, 0, 2 / 3, 0], abs=0.015)


def test_known_codes_are_kept_muted_ones_too() -> None:
    codes = np.resize(np.array([3, -1, 0], np.int32), ROWS)
    drawn, logp = draw_codes(LOGITS, SPEC, rng(), CategoryEvidence(codes=codes))
    assert logp is not None
    assert np.array_equal(drawn[codes >= 0], codes[codes >= 0])
    assert np.exp(logp[:3]) == pytest.approx([0.4, 1.0, 0.1])


def test_where_nothing_is_allowed_the_evidence_is_impossible() -> None:
    _, logp = draw_codes(LOGITS[:5], SPEC, rng(), CategoryEvidence(np.array([False, False, False, True])))
    assert logp is not None
    assert np.isneginf(logp).all()


def test_a_code_far_from_likely_keeps_its_digits() -> None:
    logits = np.array([[0.0, -2_000.0]])
    evidence = CategoryEvidence(np.array([False, True]))
    _, logp = draw_codes(logits, Category("c", 2), rng(), evidence)
    assert logp is not None
    assert logp[0] == pytest.approx(-2_000)


def test_numbers_are_there_where_they_can_be() -> None:
    there = np.array([0, 2])
    free, logp = draw_numbers(histograms, 4, there, rng(), None)
    assert logp is None
    assert np.isnan(free.ravel()).tolist() == [False, True, False, True]


def test_numbers_in_an_interval_and_known_ones() -> None:
    every = np.arange(4)
    low = float(SCALE.knots[SCALE.fine * 6])
    drawn, logp = draw_numbers(histograms, 4, every, rng(), RealEvidence(low=low))
    assert logp is not None
    assert (drawn >= low).all()
    assert np.exp(logp) == pytest.approx(2 / 8, abs=1e-6)
    known = np.array([0.1, np.nan, -0.2, np.nan])
    drawn, logp = draw_numbers(histograms, 4, every, rng(), RealEvidence(values=known))
    assert logp is not None
    assert drawn.ravel()[[0, 2]] == pytest.approx([0.1, -0.2])
    assert logp[[0, 2]] == pytest.approx(histograms(every[:2]).log_density(known[[0, 2]]))
    assert (logp[[1, 3]] == 0).all()
