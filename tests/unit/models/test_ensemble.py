import numpy as np
import pytest

from reverie.core.errors import ArtifactError
from reverie.models.ensemble import Ensemble
from reverie.models.linear import Line, Start

CODES = np.arange(3, dtype=np.uint8)[None]


def chances(ensemble: Ensemble, codes: np.ndarray) -> np.ndarray:
    """P(class) of each row, (rows, k)."""
    rows, k = codes.shape[1], len(ensemble.base)
    logs = [ensemble.log_probability(codes, np.full(rows, c, np.int32)) for c in range(k)]
    return np.exp(np.stack(logs, axis=1))


def lined() -> Ensemble:
    """Of one feature, whose code is its own regressor, and the first class's logit."""
    values, places = np.zeros((1, 256), np.float32), np.zeros((1, 256), np.int16)
    values[0] = np.arange(256)
    return Ensemble.of(Start(np.zeros(2), Line(values, places, np.array([[1.0, 0.0]], np.float32))))


def test_a_constant_has_no_trees_and_comes_back() -> None:
    constant = Ensemble.constant(np.log([0.25, 0.75]), 4)
    for ensemble in (constant, Ensemble.from_state(constant.state(), features=1)):
        np.testing.assert_allclose(chances(ensemble, CODES), [[0.25, 0.75]] * 3, rtol=1e-5)


def test_a_line_adds_to_the_logits_and_comes_back() -> None:
    true = 1 / (1 + np.exp(-np.arange(3)))
    for ensemble in (lined(), Ensemble.from_state(lined().state(), features=1)):
        np.testing.assert_allclose(chances(ensemble, CODES)[:, 0], true, rtol=1e-5)
        drawn, mass = ensemble.draw(
            np.repeat(CODES, 4000, axis=1), np.ones(2, bool), np.random.default_rng(1)
        )
        np.testing.assert_allclose((drawn == 0).reshape(3, -1).mean(axis=1), true, atol=0.03)
        np.testing.assert_allclose(mass, 1, rtol=1e-5)


def test_a_line_over_other_features_is_refused() -> None:
    with pytest.raises(ArtifactError, match="other features"):
        Ensemble.from_state(lined().state(), features=2)
