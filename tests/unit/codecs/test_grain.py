"""Grain: noise that is left out of levels, learned and given back."""

import numpy as np
import pytest

from reverie.codecs.grain import BANDS, KNOTS, MOST, Grain

FLOOR = -80.0


def levels(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Real levels and those kept of them: quiet ones are smooth, loud high ones rough."""
    rng = np.random.default_rng(seed)
    kept = np.where(np.arange(64) < 32, -60.0, -20.0) + np.zeros((10, 1, 32, 64))
    spread = np.where(kept < -40, 1.0, 4.0) * np.where(np.arange(32) < 16, 0.5, 1.0)[:, None]
    return (kept + spread * rng.normal(size=kept.shape)).astype(np.float32), kept.astype(np.float32)


def test_it_is_learned_by_frequency_and_level() -> None:
    grain = Grain.learn(*levels(), FLOOR)
    at = np.abs(grain.knots[:, None] - [-60, -20]).argmin(0)
    np.testing.assert_allclose(grain.spreads[0, at], [0.5, 2], rtol=0.1)
    np.testing.assert_allclose(grain.spreads[-1, at], [1, 4], rtol=0.1)


def test_what_is_added_is_as_rough_as_what_was_left_out() -> None:
    real, kept = levels()
    found = Grain.learn(real, kept, FLOOR).added(kept, 64, np.random.default_rng(1))
    assert found.shape == kept.shape
    assert found.dtype == kept.dtype
    for part in np.ndindex(2, 2):
        some = np.s_[:, :, 16 * part[0] + 2 : 16 * part[0] + 16, 32 * part[1] + 2 : 32 * part[1] + 30]
        assert (found - kept)[some].std() == pytest.approx((real - kept)[some].std(), rel=0.2)


def test_a_range_of_few_levels_has_the_spread_of_all_bands() -> None:
    real, kept = levels()
    kept[0, 0, 0, 0] = real[0, 0, 0, 0] = -4.0
    grain = Grain.learn(real, kept, FLOOR)
    assert np.ptp(grain.spreads[:, -1]) == 0
    assert (grain.spreads <= MOST).all()


def test_stored_grain_is_checked() -> None:
    grain = Grain.learn(*levels(), FLOOR)
    again = Grain.from_state(grain.state())
    np.testing.assert_array_equal(again.spreads, grain.spreads)
    nothing = np.full((BANDS, KNOTS), np.nan)
    wrong = [{"spreads": -grain.spreads}, {"knots": grain.knots[::-1]}, {"spreads": nothing}]
    for part in wrong:
        with pytest.raises(ValueError, match="no such grain"):
            Grain.from_state({**grain.state(), **part})
