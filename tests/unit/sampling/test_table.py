"""A learned table: what is found, what is kept, and what comes back."""

import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConstraintError
from reverie.models import artifact
from reverie.sampling.learning import learn
from reverie.sampling.request import Request, answer
from reverie.sampling.table import Learned, describe
from reverie.schema.types import Constraint


def test_rules_are_found(people: pa.Table) -> None:
    kinds = {constraint.kind for constraint in describe("people", people).constraints}
    assert {"formula", "fixed_combinations"} <= kinds


def test_own_rules_come_first_and_once(people: pa.Table) -> None:
    own = Constraint(kind="formula", columns=("total", "price", "quantity"), options={"operation": "product"})
    found = describe("people", people, [own]).constraints
    assert found[0] == own
    assert sum(c.kind == "formula" for c in found) == 1


def test_own_rules_that_the_data_breaks_are_refused(people: pa.Table) -> None:
    with pytest.raises(ConstraintError, match="breaks"):
        describe("people", people, [Constraint(kind="range", columns=("age",), options={"low": 50})])


def test_what_rules_make_is_not_modelled(learned: Learned) -> None:
    modelled = {codec.column.name for codec in learned.codec.codecs}
    assert "total" not in modelled
    assert "total" in learned.rules.arrow


def test_rows_without_media_are_rows(learned: Learned) -> None:
    """Of a table without media they are what is made without the critic, rules or not."""
    rng = [np.random.default_rng(1) for _ in range(2)]
    blocks = learned.draw(200, None, rng[0], fast=True)
    assert learned.bare(200, rng[1]).equals(learned.decode(blocks, rng[0], 0, dictionaries=False))


def test_state_round_trip(learned: Learned, people: pa.Table, tmp_path) -> None:
    artifact.save(tmp_path / "m.reverie", {}, {"table": learned.state()})
    again = Learned.from_state(artifact.load(tmp_path / "m.reverie").parts["table"])
    assert again.rows == people.num_rows
    rows = [answer(model, 50, Request(), np.random.default_rng(1)) for model in (learned, again)]
    assert rows[0].equals(rows[1])


def test_no_rare_value_is_in_the_state(people: pa.Table) -> None:
    cities = people["city"].to_pylist()
    cities[:2] = ["Xanadu"] * 2
    table = people.set_column(2, "city", pa.array(cities))
    state = learn(table, describe("people", table), chosen="copula").state()
    assert "Xanadu" not in json.dumps(state, default=str)
    assert people["id"][0].as_py() not in json.dumps(state, default=str)


def test_tables_without_anything_to_model() -> None:
    keys = pa.table({"id": [f"A{i:06d}" for i in range(300)]})
    model = learn(keys, describe("keys", keys), chosen="copula")
    assert model.fitted is None
    made = answer(model, 500, Request(), np.random.default_rng(0))
    assert len(set(made["id"].to_pylist())) == 500
    assert (model.log_prob(keys, np.random.default_rng(0)) == 0).all()


def test_unlikely_rows_score_lower(learned: Learned, people: pa.Table) -> None:
    odd = people.set_column(
        people.column_names.index("price"), "price", pa.array(np.full(len(people), 150.0))
    )
    usual = learned.log_prob(people, np.random.default_rng(0)).mean()
    assert usual > learned.log_prob(odd, np.random.default_rng(0)).mean() + 1
