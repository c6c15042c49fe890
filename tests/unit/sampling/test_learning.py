import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError
from reverie.dp.account import Privacy
from reverie.dp.ledger import Ledger
from reverie.models.base import family
from reverie.sampling.learning import learn, spend
from reverie.sampling.private import describe
from reverie.sampling.table import Learned


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], 5_000, p=[0.5, 0.3, 0.2])
    amount = np.rint(20 * (1 + (kind == "a")) + rng.normal(0, 4, 5_000)).astype(int)
    return pa.table({"kind": kind, "amount": amount})


def test_a_private_fit_keeps_its_promise_and_the_dependence(table):
    promise = Privacy(4.0)
    learned = learn(table, describe("t", table, promise), chosen="marginals", privacy=promise)
    assert learned.critic is None
    assert learned.privacy["spent"] <= 4.0
    assert learned.rows != table.num_rows
    rng = np.random.default_rng(1)
    made = learned.decode(learned.draw(5_000, None, rng, fast=False), rng, 0, dictionaries=False).to_pandas()
    means = made.groupby("kind")["amount"].mean()
    assert means["a"] - means["b"] == pytest.approx(20, abs=3)


def test_promises_are_written_before_they_are_kept(table):
    assert spend("t", table, "marginals", None) == ()
    assert spend("t", table, "marginals", Privacy(1.0)) == ()
    assert spend("t", table, "marginals", Privacy(1.0)) == (
        "all fits on these data together have spent epsilon 2, delta 2e-05",
    )
    with pytest.raises(ConfigError, match="cap"):
        spend("t", table, "marginals", Privacy(1.0, cap=2.5))
    assert len(Ledger.default().entries()) == 2


@pytest.mark.parametrize(
    ("chosen", "count", "rate"),
    [("autoregressive", 40, 2e-2), ("vae", 120, 2e-2), ("diffusion", 80, 2e-2), ("gan", 150, 5e-3)],
)
def test_a_network_learns_privately_of_entities_with_several_rows(chosen, count, rate):
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(1_500), 2)
    kind = rng.choice(["a", "b"], 3_000)
    table = pa.table({"who": who, "kind": kind, "same": np.where(rng.random(3_000) < 0.95, kind, "a")})
    promise = Privacy(8.0, unit="who", most=2)
    config = family(chosen).Config(private={"count": count, "batch": 256, "rate": rate})
    schema = describe("t", table, promise)
    learned = learn(table, schema, chosen=chosen, privacy=promise, config=config)
    assert 7.5 < learned.privacy["spent"] <= 8.0
    again, rng = Learned.from_state(learned.state()), np.random.default_rng(1)
    made = again.decode(again.draw(3_000, None, rng, fast=True), rng, 0, dictionaries=False).to_pandas()
    assert (made["kind"] == made["same"]).mean() > 0.75
