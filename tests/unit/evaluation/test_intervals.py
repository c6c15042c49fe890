import math

import numpy as np
import pytest

from reverie.evaluation.intervals import Estimate, auc, exceeds, r2, wilson


def test_wilson_known_answers() -> None:
    # 10 of 20, from Brown, Cai and DasGupta (2001).
    assert wilson(0.5, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert wilson(0, 10)[0] == 0
    assert wilson(1, 10)[1] == 1
    assert wilson(0.5, 0) == (0, 1)


def test_exceeds_is_sure_only_with_enough_rows() -> None:
    assert exceeds(0.6, 1000, 0.5, 1000) == pytest.approx(0.0564, abs=1e-3)
    assert exceeds(0.6, 20, 0.5, 20) < 0
    assert exceeds(0.002, 20_000, 0.001, 0) < 0


def test_auc_counts_wins_and_half_the_ties() -> None:
    positive = np.array([False, False, True, True])
    assert auc(positive, np.array([0, 1, 2, 3.0])).value == 1
    assert auc(positive, np.array([0, 1, 1, 3.0])).value == pytest.approx(7 / 8)
    assert auc(positive, np.ones(4)).value == 0.5


def test_auc_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = 0.5 * (1 + math.erf(1 / 2))
    hits = 0
    for _ in range(400):
        positive = np.arange(300) < 120
        low, high = auc(positive, rng.normal(size=300) + positive).interval()
        hits += low < truth < high
    assert 0.92 < hits / 400 < 0.98


def test_r2_known_answers() -> None:
    truth = np.array([1.0, 2, 3, 4])
    assert r2(truth, truth).value == 1
    assert r2(truth, np.full(4, 2.5)).value == 0
    assert r2(np.ones(4), truth).value == 0


def test_r2_interval_is_as_wide_as_the_spread_of_samples() -> None:
    rng = np.random.default_rng(1)
    values, widths = [], []
    for _ in range(300):
        guess = rng.normal(size=400)
        found = r2(guess + rng.normal(size=400), guess)
        values.append(found.value)
        widths.append(np.subtract(*found.interval()[::-1]) / 2 / 1.96)
    assert np.mean(widths) == pytest.approx(np.std(values), rel=0.12)


def test_interval_is_cut_to_what_is_possible() -> None:
    assert Estimate(0.1, np.array([1.0])).interval(0.0, 1.0) == (0.0, 1.0)
