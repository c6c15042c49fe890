import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError, DataError
from reverie.evaluation.evaluate import Evaluation, evaluate
from reverie.schema.types import Column, Table

from .tables import SCHEMA, people, shuffled

REAL, FRESH, HOLDOUT = people(600, 1), people(600, 2), people(600, 3)


@pytest.fixture(scope="module")
def good() -> Evaluation:
    return evaluate(REAL, FRESH, HOLDOUT, schema=SCHEMA, target="member")


def test_fresh_rows_are_faithful_and_useful(good: Evaluation) -> None:
    assert good.verdicts["faithful"].verdict == "faithful"
    assert good["c2st_fresh"].low < 0.5 < good["c2st_fresh"].high
    assert good.verdicts["private"].verdict != "do not release"
    with pytest.raises(KeyError):
        good["taste"]


def test_json_has_the_promised_form(good: Evaluation) -> None:
    form = json.loads(json.dumps(good.to_dict(), allow_nan=False))
    for aspect in ("faithful", "useful", "private"):
        assert set(form[aspect]) == {"verdict", "rule", "measures"}
        for figure in form[aspect]["measures"].values():
            assert {"value", "low", "high", "floor", "n"} <= set(figure)
            assert figure["low"] <= figure["value"] <= figure["high"]
    assert form["rows"] == {"real": 600, "fake": 600, "holdout": 600}
    json.dumps(good.to_dict(detail=True), allow_nan=False)


def test_no_raw_key_is_in_the_json(good: Evaluation) -> None:
    assert "p1-" not in json.dumps(good.to_dict(detail=True))


def test_copies_are_not_released() -> None:
    judged = evaluate(REAL, REAL, HOLDOUT, schema=SCHEMA)
    assert judged.verdicts["private"].verdict == "do not release"
    assert "exact copies" in judged.verdicts["private"].rule


def test_unrelated_columns_are_not_faithful() -> None:
    judged = evaluate(REAL, shuffled(REAL), HOLDOUT, schema=SCHEMA)
    assert judged.verdicts["faithful"].verdict == "not faithful"


def test_without_holdout_nothing_is_private() -> None:
    judged = evaluate(REAL, FRESH, schema=SCHEMA)
    assert judged.verdicts["private"].verdict == "not enough evidence"
    assert judged["shape"].floor is None
    assert judged.to_dict()["rows"]["holdout"] is None


def test_a_holdout_of_training_rows_is_no_holdout() -> None:
    judged = evaluate(REAL, FRESH, REAL, schema=SCHEMA)
    assert judged.verdicts["private"].verdict == "not enough evidence"
    assert any("removed" in note for note in judged.notes)


def test_same_seed_same_figures_and_rows_are_bounded() -> None:
    first, again = (
        evaluate(REAL, FRESH, HOLDOUT, schema=SCHEMA, max_rows=200, seed=3).to_dict() for _ in range(2)
    )
    assert first == again
    assert first["rows"] == {"real": 200, "fake": 200, "holdout": 200}
    assert sum("drawn at random" in note for note in first["notes"]) == 3


def test_progress_is_told() -> None:
    seen: list[tuple[str, int, int]] = []
    evaluate(
        REAL.slice(0, 60), FRESH.slice(0, 60), schema=SCHEMA, on_progress=lambda *step: seen.append(step)
    )
    assert [done for _, done, _ in seen] == list(range(len(seen)))
    assert seen[-1] == ("done", len(seen) - 1, len(seen) - 1)


@pytest.mark.parametrize("name", ["fake", "holdout"])
def test_other_columns_are_refused_by_name(name: str) -> None:
    other = FRESH.rename_columns(["id", "age", "income", "since", "town", "member"])
    tables = {"fake": FRESH, "holdout": HOLDOUT} | {name: other}
    with pytest.raises(DataError, match=f"^{name}: .*lacks 'city' and has besides 'town'"):
        evaluate(REAL, **tables, schema=SCHEMA)


def test_empty_tables_and_wrong_targets_are_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        evaluate(REAL, FRESH.slice(0, 0), schema=SCHEMA)
    with pytest.raises(ConfigError, match="nowhere"):
        evaluate(REAL, FRESH, schema=SCHEMA, target="nowhere")


@pytest.mark.parametrize("rows", [1, 2, 7, 60])
def test_few_rows_work(rows: int) -> None:
    judged = evaluate(REAL.slice(0, rows), FRESH.slice(0, rows), HOLDOUT.slice(0, rows), schema=SCHEMA)
    assert judged.verdicts["private"].verdict in ("not enough evidence", "do not release")
    json.dumps(judged.to_dict(), allow_nan=False)


def test_all_missing_and_single_columns_work() -> None:
    for name, values in (("age", pa.nulls(80)), ("age", pa.array(range(80))), ("city", pa.nulls(80))):
        table = pa.table({name: values})
        schema = Table(name="t", columns=(SCHEMA.column(name),))
        form = evaluate(table, table, table, schema=schema).to_dict(detail=True)
        json.dumps(form, allow_nan=False)


@pytest.mark.parametrize("target", [None, "age"])
def test_one_column_of_many_rows_is_legal(target: str | None) -> None:
    schema = Table(name="t", columns=(SCHEMA.column("age"),))
    tables = [table.select(["age"]) for table in (REAL, FRESH, HOLDOUT)]
    judged = evaluate(*tables, schema=schema, target=target)
    assert judged.verdicts["faithful"].verdict == "faithful"
    assert judged.verdicts["useful"].rule == "there is no column to predict age from"


def test_a_sample_with_conditions_is_noted() -> None:
    assert not any("conditions" in note for note in evaluate(REAL, FRESH, schema=SCHEMA).notes)
    rows = FRESH.filter(FRESH["member"])
    judged = evaluate(REAL, rows, HOLDOUT, schema=SCHEMA, target="member")
    assert "only member=true" in judged.notes[0]
    assert judged.verdicts["useful"].rule == "member has only one value in the synthetic rows to train on"


def test_columns_of_other_storage_are_compared_by_value() -> None:
    texts = FRESH.cast(pa.schema([pa.field(f.name, pa.string()) for f in FRESH.schema]))
    plain, text = (evaluate(REAL, fake, schema=SCHEMA)["shape"].value for fake in (FRESH, texts))
    assert text == pytest.approx(plain)


def test_texts_that_spell_numbers_are_compared_as_numbers() -> None:
    options = {"format": "1.234,5"}
    columns = (Column(name="x", type="decimal", options=options), Column(name="y", type="category"))
    schema, other = Table(name="t", columns=columns), ["a", "b"] * 300
    real = pa.table({"x": [f"{i % 300},5" for i in range(600)], "y": other})
    fake = pa.table({"x": [f"1.{i % 300:03},5" for i in range(599)] + ["no number"], "y": other})
    comparison = evaluate(real, fake, schema=schema).comparison
    assert comparison.real["x"].to_pylist()[:2] == [0.5, 1.5]
    assert comparison.fake["x"].to_pylist()[-2:] == [1298.5, None]


def noisy(table: pa.Table, share: float) -> pa.Table:
    """A copy whose incomes, ages and dates are off by a little."""
    rng = np.random.default_rng(5)
    income = table["income"].to_numpy() * (1 + share * rng.normal(size=table.num_rows))
    age = table["age"].to_pandas() + rng.integers(-1, 2, table.num_rows)
    days = table["since"].to_numpy() + rng.integers(-3, 4, table.num_rows).astype("timedelta64[D]")
    changed = {"income": pa.array(income.round(2)), "age": pa.array(age, from_pandas=True), "since": days}
    return pa.table({name: changed.get(name, table[name]) for name in table.column_names})


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_a_copy_with_noise_is_not_released(share: float) -> None:
    found = evaluate(people(3000, 1), noisy(people(3000, 1), share), people(3000, 3), schema=SCHEMA)
    assert found.verdicts["private"].verdict == "do not release"
    assert found["membership_distance"].low > 0.6


def test_a_fresh_sample_is_released() -> None:
    found = evaluate(people(3000, 1), people(3000, 9), people(3000, 3), schema=SCHEMA)
    assert found.verdicts["private"].verdict == "release"


def test_a_small_holdout_proves_nothing() -> None:
    found = evaluate(people(3000, 1), people(3000, 9), people(60, 3), schema=SCHEMA)
    assert found.verdicts["private"].verdict == "not enough evidence"
