"""Requests: as many rows, all valid, known cells untouched, and a clear word when it cannot be done."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from reverie.core.errors import ConditionError, DataError
from reverie.sampling import request as requests
from reverie.sampling.conditions import at_least, between, not_, one_of
from reverie.sampling.constraints import predicate
from reverie.sampling.learning import learn
from reverie.sampling.request import Request, answer, conform
from reverie.sampling.table import Learned, describe
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


@pytest.fixture(scope="module", params=["copula", "trees"])
def dated(request: pytest.FixtureRequest) -> Learned:
    """Whole numbers, decimals and days, of more values than are told apart one by one."""
    rng = np.random.default_rng(5)
    table = pa.table(
        {
            "age": np.minimum(rng.gamma(9, 4.6, 3_000).astype(int) + 18, 95),
            "weight": np.round(rng.normal(70, 6, 3_000), 1),
            "day": np.datetime64("2024-01-01") + np.floor(rng.beta(2, 3, 3_000) * 200).astype(int),
        }
    )
    return learn(table, describe("dated", table), chosen=request.param)


@pytest.mark.parametrize(
    ("column", "asked"),
    [
        ("age", [40, 55, 60]),
        ("weight", [66.1, 70.0, 75.3]),
        ("day", [dt.date(2024, 2, 10), dt.date(2024, 3, 20), dt.date(2024, 5, 1)]),
    ],
)
def test_sets_of_values_come_out_alone_and_as_often_as_without_a_condition(
    dated: Learned, column: str, asked: list
) -> None:
    free = dated.fitted.sample(150_000, rng=RNG(1))
    free = dated.decode(free, RNG(2), 0, dictionaries=False)[column].to_pylist()
    expected = np.array([free.count(value) for value in asked])
    given = Request.of(dated, [one_of(*asked).on(column)])
    made = answer(dated, 6_000, given, RNG(0), fast=True)[column].to_pylist()
    assert set(made) == set(asked)
    shares = np.array([made.count(value) for value in asked]) / len(made)
    np.testing.assert_allclose(shares, expected / expected.sum(), atol=0.05)
    others = Request.of(dated, [not_(asked).on(column)])
    made = answer(dated, 3_000, others, RNG(0), fast=True)[column].to_pylist()
    assert not set(made) & set(asked)
    assert len(set(made)) > 30


def test_a_set_and_a_range_and_an_exception_together(dated: Learned) -> None:
    wanted = [one_of(30, 41, 42, 60).on("age"), at_least(35).on("age"), not_(42).on("age")]
    made = answer(dated, 300, Request.of(dated, wanted), RNG(0))
    assert set(made["age"].to_pylist()) == {41, 60}
    with pytest.raises(ConditionError, match="exclude each other"):
        Request.of(dated, [one_of(30, 41).on("age"), not_([30, 41]).on("age")])
    with pytest.raises(ConditionError, match=r"has no value '400'.*go from"):
        Request.of(dated, [one_of(30, 400).on("age")])


def test_a_late_set_weighs_the_columns_before_it(dated: Learned) -> None:
    """The mean day given a set of ages is the mix of those given each age alone, by their frequencies."""
    ages, parts = [40, 60], []
    for asked in (ages, *([age] for age in ages)):
        given = Request.of(dated, [one_of(*asked).on("age")])
        table = answer(dated, 4_000, given, RNG(3), fast=True)
        parts.append((np.mean(table["weight"]), np.mean(np.array(table["age"]) == ages[0])))
    share = parts[0][1]
    assert parts[0][0] == pytest.approx(share * parts[1][0] + (1 - share) * parts[2][0], abs=0.5)


@pytest.mark.parametrize("chosen", ["copula", "trees"])
def test_moments_are_asked_for_to_the_second(chosen: str) -> None:
    rng = np.random.default_rng(6)
    minutes = rng.integers(0, 60, 2_000) * 1_440 + rng.integers(540, 1_020, 2_000)
    table = pa.table({"seen": np.datetime64("2024-01-01T00:00:00") + minutes * np.timedelta64(60, "s")})
    model = learn(table, describe("visits", table), chosen=chosen)
    start = dt.datetime(2024, 2, 1, 12, 30)
    made = answer(model, 200, Request.of(model, [between(start, "2024-02-03 10:00").on("seen")]), RNG(0))
    assert start <= min(made["seen"].to_pylist())
    assert max(made["seen"].to_pylist()) <= dt.datetime(2024, 2, 3, 10)
    asked = [dt.datetime(2024, 1, 9, 10, 15), dt.datetime(2024, 2, 20, 16, 1)]
    made = answer(model, 200, Request.of(model, [one_of(*asked).on("seen")]), RNG(0))
    assert set(made["seen"].to_pylist()) == set(asked)


def test_only_what_is_asked_for_is_blamed(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_TRIES", 2_000)
    wanted = Request.of(learned, [at_least(1e7).on("total")])
    with pytest.raises(ConditionError, match=r"^total: .*do not meet total>=10000000.*goes from [\d.]+ to"):
        answer(learned, 5, wanted, RNG(0))


def test_an_impossible_row_is_named(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_TRIES", 500)
    known = pa.table({"age": [20, 30, 40], "city": ["Oslo", "Rome", "Rome"], "country": ["Norway"] * 3})
    wanted = Request.complete(learned, known, strict=True, source="rows.csv")
    blamed = r"^rows.csv: row 12 cannot be completed.*break constraint fixed_combinations\("
    with pytest.raises(ConditionError, match=blamed):
        answer(learned, 3, wanted, RNG(0), offset=10)


@pytest.mark.parametrize("column", ["city", "country"])
def test_levels_that_were_never_learned_are_refused_or_kept(learned: Learned, column: str) -> None:
    known = pa.table({"age": [20, 30, 40], column: [None, "Narnia", "Atlantis"]})
    message = rf"^rows.csv: row 2, column '{column}' has no value 'Narnia'\. \d levels are known: '"
    with pytest.raises(ConditionError, match=message):
        Request.complete(learned, known, strict=True, source="rows.csv")
    kept = Request.complete(learned, known, strict=False, source="rows.csv").known
    assert kept is not None
    assert kept[column].to_pylist() == [None, "Narnia", "Atlantis"]


def test_errors_name_where_the_rows_come_from(learned: Learned) -> None:
    with pytest.raises(DataError, match=r"^rows.csv: no column 'Age' was learned\. Did you mean: age\?"):
        conform(learned, pa.table({"Age": [1]}), "rows.csv")
    with pytest.raises(DataError, match=r"^rows.csv: column 'age' holds"):
        conform(learned, pa.table({"age": ["old"]}), "rows.csv")
