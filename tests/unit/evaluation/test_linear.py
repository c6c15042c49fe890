import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reverie.evaluation import linear
from reverie.evaluation.view import view

from .tables import SCHEMA, people


def problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(500, 4))
    return inputs, inputs @ [1, -2, 0.5, 0] + rng.logistic(size=500) > 0


def test_equals_another_solver() -> None:
    inputs, positive = problem(0)
    theirs = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8).fit(inputs, positive)
    ours = linear.logistic(inputs, positive)
    assert ours.coefficients == pytest.approx(theirs.coef_[0], abs=1e-3)


def test_starting_near_arrives_at_the_same_place() -> None:
    inputs, positive = problem(0)
    part = linear.logistic(inputs[:400], positive[:400])
    fresh, near = linear.logistic(inputs, positive), linear.logistic(inputs, positive, part)
    assert near.coefficients == pytest.approx(fresh.coefficients, abs=1e-3)


def test_separable_classes_stay_finite() -> None:
    inputs = np.linspace(-1, 1, 100)[:, None]
    assert np.isfinite(linear.logistic(inputs, inputs[:, 0] > 0).coefficients).all()


def test_design_marks_missing_and_pools_rare_categories(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = view(people(300, 1), people(10, 2), None, SCHEMA)
    # A constant, three numbers, a mark for age, four cities and missing, two flags.
    assert linear.design(seen, seen.real).shape == (300, 12)
    monkeypatch.setattr(linear, "WIDTH", 4)
    assert linear.design(seen, seen.real).shape == (300, 9)
