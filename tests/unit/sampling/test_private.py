import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError
from reverie.dp.account import Privacy
from reverie.sampling import private
from reverie.schema.types import Constraint


def visits(people=800, seed=0):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), rng.integers(1, 6, people))
    spent = rng.integers(5, 90, len(who))
    return pa.table({"who": who, "spent": spent, "paid": spent + rng.integers(0, 5, len(who))})


def test_entities_are_of_bounded_size():
    table = visits()
    for most in (1, 3):
        kept = private.bounded(table, Privacy(1.0, unit="who", most=most), np.random.default_rng(0))
        _, counts = np.unique(kept["who"].to_numpy(), return_counts=True)
        _, before = np.unique(table["who"].to_numpy(), return_counts=True)
        assert (counts == np.minimum(before, most)).all()


def test_rows_without_an_entity_are_one_each():
    table = pa.table({"who": pa.array([1, 1, None, None]), "x": [1, 2, 3, 4]})
    kept = private.bounded(table, Privacy(1.0, unit="who"), np.random.default_rng(0))
    assert kept.num_rows == 3


def test_rows_are_not_bounded_without_entities():
    assert private.bounded(visits(), Privacy(1.0), np.random.default_rng(0)).num_rows == visits().num_rows


def test_no_such_entity():
    promise = Privacy(1.0, unit="whom")
    schema = private.describe("visits", visits(), promise)
    with pytest.raises(ConfigError, match=r"no column 'whom'.*who"):
        private.check(visits(), schema, promise)


def test_no_seed_decides_how_the_real_rows_are_encoded(monkeypatch):
    monkeypatch.setattr(private, "source", lambda: np.random.default_rng(7))
    promise = Privacy(2.0)
    schema = private.describe("visits", visits(), promise)
    one, other = (private.prepare(visits(), schema, promise, seed=seed).secret for seed in (1, 2))

    def coded(secret):
        return secret.coded(lambda blocks: np.concatenate([a.reshape(-1) for _, a in blocks]), ())._codes

    np.testing.assert_array_equal(coded(one), coded(other))


def test_blocks_are_made_up_and_the_account_has_most_left():
    promise = Privacy(2.0, unit="who")
    schema = private.describe("visits", visits(), promise)
    assert schema.column("who").type == "identifier"
    ready = private.prepare(visits(), schema, promise)
    assert ready.blocks.rows != visits().num_rows
    assert ready.secret.account.left == pytest.approx(1 - private.SHARE)


def test_rules_that_were_written_are_checked_and_those_of_values_are_not_learned():
    rules = (
        Constraint(kind="inequality", columns=("spent", "paid"), options={"operator": "<="}),
        Constraint(kind="fixed_combinations", columns=("spent", "paid")),
    )
    promise = Privacy(2.0)
    schema = private.describe("visits", visits(), promise).model_copy(update={"constraints": rules})
    ready = private.prepare(visits(), schema, promise)
    assert [rule.kind for rule in ready.rules.schema.constraints] == ["inequality"]
    assert {spec.name.partition("#")[0] for spec in ready.codec.specs} >= {"spent", "paid"}
