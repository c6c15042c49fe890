"""Requests: as many rows, all valid, known cells untouched, and a clear word when it cannot be done."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from reverie.core.errors import ConditionError, DataError
from reverie.sampling import request as requests
from reverie.sampling.conditions import at_least, one_of
from reverie.sampling.constraints import predicate
from reverie.sampling.request import Request, answer, conform
from reverie.sampling.table import Learned, describe, learn
from reverie.schema.types import Constraint

RNG = np.random.default_rng


def test_rows_keep_the_rules(learned: Learned) -> None:
    made = answer(learned, 1_000, Request(), RNG(0))
    assert made.num_rows == 1_000
    assert learned.rules.valid(made).all()
    np.testing.assert_allclose(made["total"], np.array(made["price"]) * made["quantity"], atol=0.0051)


def test_conditions_hold_also_on_columns_that_rules_make(learned: Learned) -> None:
    conditions = [at_least(60).on("age"), one_of("Italy").on("country"), at_least(40.0).on("total")]
    made = answer(learned, 200, Request.of(learned, conditions), RNG(0))
    assert made.num_rows == 200
    assert pc.min(made["age"]).as_py() >= 60
    assert set(made["country"].to_pylist()) == {"Italy"}
    assert set(made["city"].to_pylist()) <= {"Rome", "Milan"}
    assert pc.min(made["total"]).as_py() >= 40.0


def test_known_cells_are_answered_once_each(learned: Learned) -> None:
    known = pa.table({"age": [20, None, 85], "country": ["Italy", "Norway", None]})
    made = answer(learned, 3, Request.complete(learned, known, strict=True), RNG(0))
    assert made["age"].to_pylist()[::2] == [20, 85]
    assert made["country"].to_pylist()[:2] == ["Italy", "Norway"]
    assert learned.rules.valid(made).all()


def test_known_cells_in_another_type(learned: Learned) -> None:
    assert conform(learned, pa.table({"age": [20.0]}))["age"].type == pa.int64()
    with pytest.raises(DataError, match="'age'"):
        conform(learned, pa.table({"age": ["old"]}))
    with pytest.raises(DataError, match="'height'"):
        conform(learned, pa.table({"height": [1]}))


def test_numbers_go_on_after_rows_drawn_again(people: pa.Table) -> None:
    schema = describe("people", people, [predicate(["quantity"], lambda t: np.array(t["quantity"]) >= 1)])
    whole = learn(people, schema, chosen="copula")
    picky = predicate(["quantity"], lambda t: np.array(t["quantity"]) >= 4)
    rules = [*whole.rules.rules, type(whole.rules.rules[-1]).fit(picky, people, 5)]
    object.__setattr__(whole.rules, "rules", tuple(rules[-1:]) + tuple(whole.rules.rules))
    made = [answer(whole, 300, Request(), RNG(i), offset=300 * i) for i in range(2)]
    assert all(pc.min(table["quantity"]).as_py() >= 4 for table in made)
    assert len(set(pa.concat_tables(made)["id"].to_pylist())) == 600


def test_rules_across_rows(people: pa.Table) -> None:
    schema = describe("ages", people.select(["age", "city"]))
    first = people.select(["age", "city"]).take(
        pa.array(np.unique(people["age"].fill_null(0), return_index=True)[1])
    )
    unique = Constraint(kind="unique", columns=("age",))
    model = learn(first, schema.model_copy(update={"constraints": (unique,)}), chosen="copula")
    made = answer(model, 40, Request(), RNG(0))["age"].drop_null().to_pylist()
    assert model.whole
    assert len(set(made)) == len(made)


def test_what_cannot_be_met_is_said(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_TRIES", 2_000)
    with pytest.raises(ConditionError, match=r"none of [\d,]+ rows"):
        answer(learned, 5, Request.of(learned, [at_least(1e7).on("total")]), RNG(0))


def test_impossible_cells_are_refused_or_kept(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_TRIES", 500)
    known = pa.table({"city": ["Rome"], "country": ["Norway"]})
    with pytest.raises(ConditionError):
        answer(learned, 1, Request.complete(learned, known, strict=True), RNG(0))
    made = answer(learned, 1, Request.complete(learned, known, strict=False), RNG(0))
    assert made.select(["city", "country"]).to_pylist() == known.to_pylist()
