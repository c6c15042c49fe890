import numpy as np
import pytest

from reverie.core.errors import ArtifactError
from reverie.dp.account import Account, Privacy
from reverie.models.base import Budget, State
from reverie.models.families import marginals
from reverie.models.secret import Secret
from reverie.schema.blocks import Blocks, Category

SPECS = tuple(Category(name, 4) for name in "abcd")


def chain(rows=8_000, seed=0):
    """Each of four columns follows the one before in four of five rows."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, 4, rows)]
    for _ in range(3):
        codes.append(np.where(rng.random(rows) < 0.8, codes[-1], rng.integers(0, 4, rows)))
    arrays = {spec.name: code.astype(np.int32) for spec, code in zip(SPECS, codes, strict=True)}
    return Blocks(SPECS, arrays, rows)


def even(rows):
    rng = np.random.default_rng(9)
    arrays = {spec.name: rng.integers(0, 4, rows).astype(np.int32) for spec in SPECS}
    return Blocks(SPECS, arrays, rows)


def test_dependence_comes_through_noise_from_rows_that_are_not_seen():
    account = Account(Privacy(2.0))
    budget = Budget(secret=Secret(chain(), account))
    fitted = marginals.fit(
        even(8_000), config=marginals.Config(), rng=np.random.default_rng(0), budget=budget
    )
    made = fitted.sample(20_000, rng=np.random.default_rng(1))
    for one, next_ in ("ab", "bc", "cd"):
        assert np.mean(made[one] == made[next_]) == pytest.approx(0.85, abs=0.04)
    assert 1.9 < account.spent() <= 2.0


def test_without_a_promise_nothing_is_made_up():
    fitted = marginals.fit(chain(), config=marginals.Config(), rng=np.random.default_rng(0))
    made = fitted.sample(20_000, rng=np.random.default_rng(1))
    assert np.mean(made["a"] == made["d"]) == pytest.approx(np.mean(chain()["a"] == chain()["d"]), abs=0.02)


def test_a_state_of_other_tables_is_refused():
    fitted = marginals.fit(chain(2_000), config=marginals.Config(rounds=0), rng=np.random.default_rng(0))
    state = fitted.state()
    for name in ("of.0", "chances.1"):
        broken = {**state.arrays, name: state.arrays[name][:-1]}
        with pytest.raises(ArtifactError):
            marginals.from_state(SPECS, State(state.json, broken))


def pairs_asked(monkeypatch, secret):
    """How many pairs are asked for where each round takes a minute, within a budget of a second."""
    asked = []
    monkeypatch.setattr(marginals._Learner, "_round", lambda self, pairs, **_: asked.append(pairs))
    monkeypatch.setattr(
        marginals, "Clock", lambda _: type("Slow", (), {"passed": property(lambda self: 60.0 * len(asked))})()
    )
    budget = Budget(seconds=1.0, secret=secret)
    marginals.fit(chain(), config=marginals.Config(), rng=np.random.default_rng(0), budget=budget)
    return sum(asked)


def test_a_budget_ends_the_rounds_but_never_under_formal_privacy(monkeypatch):
    assert pairs_asked(monkeypatch, None) == 5
    assert pairs_asked(monkeypatch, Secret(chain(), Account(Privacy(2.0)))) == 6
