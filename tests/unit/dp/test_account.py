import math

import numpy as np
import pytest
from dp_accounting import GaussianDpEvent
from dp_accounting.pld import PLDAccountant
from opacus.accountants import PRVAccountant
from scipy.stats import norm

from reverie.core.errors import ConfigError
from reverie.dp.account import Account, Event, Privacy, delta_of, epsilon_of, mu_of


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
def test_noise_agrees_with_dp_accounting(epsilon):
    accountant = PLDAccountant()
    accountant.compose(GaussianDpEvent(1 / mu_of(epsilon, 1e-5)))
    assert accountant.get_epsilon(1e-5) == pytest.approx(epsilon, rel=2e-3)


def test_known_noise():
    # Balle & Wang 2018: a mechanism of mu keeps delta = P(N > e/mu - mu/2) - exp(e) P(N > e/mu + mu/2).
    assert delta_of(0.0, 1.0) == pytest.approx(2 * 0.69146246 - 1, abs=1e-8)
    assert mu_of(1.0, 1e-5) == pytest.approx(1 / 3.7304, rel=1e-3)


def test_shares_add_up_to_the_promise():
    account = Account(Privacy(1.0), questions=2)
    for share in (0.3, 0.2, 0.1):
        account.gaussian("a column", share)
    account.threshold("levels", 0.1)
    account.threshold("levels", 0.1)
    account.choice("a pair", 0.2)
    assert account.left == pytest.approx(0.0, abs=1e-12)
    assert 0.99 < account.spent() <= 1.0
    with pytest.raises(ValueError, match="share"):
        account.gaussian("one more", 0.1)


def test_less_asked_is_less_spent():
    account = Account(Privacy(1.0))
    account.gaussian("a column", 0.25)
    assert account.spent() < 0.6


def test_thresholds_are_as_many_as_were_told():
    account = Account(Privacy(1.0), questions=1)
    account.threshold("levels", 0.1)
    with pytest.raises(ValueError, match="thresholds"):
        account.threshold("levels", 0.1)


def test_a_value_of_one_row_is_hardly_ever_above_the_threshold():
    account = Account(Privacy(1.0, 1e-4))
    noise, least = account.threshold("levels", 0.5)
    # Its count is rounded, by half at most.
    assert norm.sf((least - 1 - 0.5) / noise) == pytest.approx(1e-5, rel=1e-6)


def test_a_choice_tells_no_more_than_the_gaussian_it_is_counted_as():
    account = Account(Privacy(1.0))
    epsilon = account.choice("a pair", 0.04)
    false_alarms = np.linspace(1e-6, 1 - 1e-6, 1_001)
    pure = np.maximum(1 - np.exp(epsilon) * false_alarms, np.exp(-epsilon) * (1 - false_alarms))
    gaussian = norm.cdf(norm.isf(false_alarms) - account.events[0].mu)
    assert (pure >= gaussian - 1e-9).all()
    assert np.min(pure - gaussian) < 1e-6


def test_entities_of_several_rows_need_more_noise():
    one, three = Account(Privacy(1.0)), Account(Privacy(1.0, unit="who", most=3))
    assert three.gaussian("a", 0.5) == pytest.approx(3 * one.gaussian("a", 0.5))
    assert three.choice("a", 0.1) == pytest.approx(one.choice("a", 0.1) / 3)


def test_sampled_steps_keep_the_promise_and_agree_with_opacus():
    account = Account(Privacy(2.0, 1e-5))
    noise = account.sampled("training", 0.02, 500)
    assert 1.97 < account.spent() <= 2.0
    other = PRVAccountant()
    other.history = [(noise, 0.02, 500)]
    assert other.get_epsilon(1e-5) == pytest.approx(2.0, rel=2e-2)


def test_steps_after_columns_get_what_is_left():
    account = Account(Privacy(2.0, 1e-5))
    account.gaussian("columns", 0.5)
    more = account.sampled("training", 0.02, 500)
    assert more > Account(Privacy(2.0, 1e-5)).sampled("training", 0.02, 500)
    assert account.spent() <= 2.0


def test_nothing_asked_is_nothing_spent():
    assert epsilon_of([], 1e-5) == 0.0


def test_deltas_of_events_count():
    assert epsilon_of([Event("levels", "gaussian", 1.0, delta=1e-5)], 1e-5) == math.inf


def test_a_statement_is_plain():
    account = Account(Privacy(1.0, unit="who"))
    account.gaussian("age", 0.5)
    told = account.statement()
    assert (told["epsilon"], told["unit"]) == (1.0, "who")
    assert [event["what"] for event in told["events"]] == ["age"]
    assert [Event(**one) for one in told["events"]] == account.events


@pytest.mark.parametrize("epsilon", [0, -1, math.inf, math.nan])
def test_no_epsilon(epsilon):
    with pytest.raises(ConfigError, match="--epsilon"):
        Privacy(epsilon)


@pytest.mark.parametrize("delta", [0, 1, -1e-5, 0.01])
def test_no_delta(delta):
    with pytest.raises(ConfigError, match="--delta"):
        Privacy(1.0, delta)


def test_other_promises_that_mean_nothing():
    with pytest.raises(ConfigError, match="--unit-rows"):
        Privacy(1.0, most=0)
    with pytest.raises(ConfigError, match="--epsilon-cap"):
        Privacy(1.0, cap=0)
