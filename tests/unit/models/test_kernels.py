"""Compiled loops that grow trees."""

import numpy as np
import pytest
from scipy import special

from reverie.models import kernels
from reverie.models.boosting import Bins, Recipe, fit_mean


def test_a_cut_leaves_enough_rows_on_either_side() -> None:
    """Five rows far from all others would be worth a question of their own."""
    codes = np.repeat(np.arange(50, dtype=np.uint8), [5, *[12] * 49])[None]
    target = np.where(codes[0] == 0, 100.0, codes[0] / 50)
    features = Bins(codes, np.array([50]), np.ones(1, bool))
    for least, fewest in ((1, 5), (30, 41)):
        recipe = Recipe(rounds=1, depth=1, least_rows=least, rows_share=1.0, holdout_share=0.0)
        mean = fit_mean(features, target, recipe, np.random.default_rng(5))
        assert np.bincount(mean.tables[0, 0][codes[0]]).min() == fewest


def test_gradients_are_those_of_a_softmax() -> None:
    rng = np.random.default_rng(4)
    logits, target = rng.normal(size=(700, 3)).astype(np.float32), rng.integers(0, 3, 700).astype(np.int32)
    train, along = np.arange(700) < 600, np.array([1.0, -2.0, 0.5], np.float32)
    proba, slope = np.empty_like(logits), np.empty(700, np.float32)
    loss = kernels.softmax_gradient(logits, target, train, along, *kernels.room(3), proba, slope)
    true = special.softmax(logits, axis=1)
    np.testing.assert_allclose(proba, true, atol=1e-5)
    np.testing.assert_allclose(slope, along[target] - true @ along, atol=1e-4)
    assert loss == pytest.approx(-np.log(true[np.arange(700), target][~train]).sum(), rel=1e-4)
