"""The facade: frames in and out, seeds, conditions, holes, scores, saving, parameters."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import reverie as rv
from reverie.core.errors import (
    ArtifactError,
    ConditionError,
    ConfigError,
    ConstraintError,
    DataError,
    ReverieWarning,
    SchemaError,
)
from reverie.models import artifact


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    age = rng.integers(18, 90, 500)
    city = pd.Categorical(np.where(age > 60, "Rome", rng.choice(["Oslo", "Bonn"], 500)))
    city = city.add_categories(["Nowhere"])
    wage = np.where(rng.random(500) < 0.2, np.nan, np.round(age * 100 + rng.normal(0, 50, 500)))
    return pd.DataFrame(
        {"id": [f"N{i:04d}" for i in rng.permutation(500)], "age": age, "city": city, "wage": wage}
    )


@pytest.fixture(scope="module")
def synthesizer(frame: pd.DataFrame) -> rv.Synthesizer:
    return rv.Synthesizer(model="copula", seed=7).fit(frame)


def test_what_is_learned(synthesizer: rv.Synthesizer) -> None:
    assert (synthesizer.rows_, synthesizer.family_) == (500, "copula")
    assert synthesizer.columns_ == ("id", "age", "city", "wage")
    assert set(synthesizer.timings_) == {"read", "schema", "model"}


def test_the_same_kind_of_frame_comes_back(synthesizer: rv.Synthesizer, frame: pd.DataFrame) -> None:
    made = synthesizer.sample()
    assert isinstance(made, pd.DataFrame)
    assert made.shape == frame.shape
    assert made["age"].dtype == frame["age"].dtype
    assert made["wage"].isna().mean() == pytest.approx(0.2, abs=0.08)
    for kind in (pl.DataFrame, pa.Table):
        whole = pl.from_pandas(frame) if kind is pl.DataFrame else pa.Table.from_pandas(frame)
        assert isinstance(rv.Synthesizer(model="copula").fit(whole).sample(5), kind)


def test_unseen_levels_of_a_category_stay_unseen(synthesizer: rv.Synthesizer) -> None:
    assert "Nowhere" not in synthesizer.sample(50)["city"].cat.categories


def test_seeds(synthesizer: rv.Synthesizer) -> None:
    assert synthesizer.sample(50).equals(synthesizer.sample(50, seed=7, workers=1))
    assert not synthesizer.sample(50).equals(synthesizer.sample(50, seed=8))


def test_conditions(synthesizer: rv.Synthesizer) -> None:
    made = synthesizer.sample(60, given={"city": ["Oslo", "Bonn"], "age": rv.between(30, 40), "wage": None})
    assert made["age"].between(30, 40).all()
    assert set(made["city"]) <= {"Oslo", "Bonn"}
    assert made["wage"].isna().all()
    with pytest.raises(ConditionError, match="age"):
        synthesizer.sample(5, given={"agee": 3})


def test_conditions_as_texts(synthesizer: rv.Synthesizer) -> None:
    made = synthesizer.sample(60, given=["city in {Oslo,Bonn}", "age>=65"])
    assert made["age"].min() >= 65
    assert set(made["city"]) <= {"Oslo", "Bonn"}
    with pytest.raises(ConfigError, match="Write it in a list"):
        synthesizer.sample(5, given="age>=65")
    with pytest.raises(ConfigError, match="Give a dict"):
        synthesizer.sample(5, given=[65])


def test_partly_known_rows(synthesizer: rv.Synthesizer) -> None:
    made = synthesizer.sample(given=pd.DataFrame({"age": [20, 80, 30], "city": [None, None, "Bonn"]}))
    assert made["age"].tolist() == [20, 80, 30]
    assert made["city"][2] == "Bonn"
    with pytest.raises(ConfigError, match="4 rows"):
        synthesizer.sample(4, given=pd.DataFrame({"age": [20]}))


def test_impute_fills_holes_and_nothing_else(synthesizer: rv.Synthesizer, frame: pd.DataFrame) -> None:
    holes = frame.head(60).copy()
    holes.loc[::2, "city"] = None
    holes["age"] = holes["age"].astype(float).where(np.arange(60) % 3 > 0)
    filled = synthesizer.impute(holes)
    assert filled["city"].notna().all()
    assert filled["age"].notna().all()
    kept = holes["age"].notna()
    assert (filled["age"][kept] == holes["age"][kept]).all()
    assert (filled["id"] == holes["id"]).all()


def test_log_prob(synthesizer: rv.Synthesizer, frame: pd.DataFrame) -> None:
    usual = synthesizer.log_prob(frame)
    assert usual.shape == (500,)
    assert np.isfinite(usual).all()
    odd = frame.assign(wage=frame["wage"].to_numpy()[::-1])
    assert synthesizer.log_prob(odd).mean() < usual.mean()
    with pytest.raises(ReverieColumns, match="city"):
        synthesizer.log_prob(frame.drop(columns="city"))


ReverieColumns = (ConfigError, DataError)


def test_save_and_load(synthesizer: rv.Synthesizer, tmp_path: Path) -> None:
    for name in ("a", "b"):
        synthesizer.save(tmp_path / f"{name}.reverie")
    assert (tmp_path / "a.reverie").read_bytes() == (tmp_path / "b.reverie").read_bytes()
    again = rv.load(tmp_path / "a.reverie")
    assert isinstance(again.sample(40), pd.DataFrame)
    assert again.sample(40)["wage"].equals(synthesizer.sample(40)["wage"])
    assert (again.schema_, again.rows_, again.family_) == (synthesizer.schema_, 500, "copula")


def test_a_state_that_makes_no_sense(synthesizer: rv.Synthesizer, tmp_path: Path) -> None:
    from reverie.models import artifact

    synthesizer.save(tmp_path / "m.reverie")
    held = artifact.load(tmp_path / "m.reverie")
    for part in ("rules", "codec", "model"):
        artifact.save(tmp_path / "m.reverie", held.about, {"table": {**held.parts["table"], part: {"x": 1}}})
        with pytest.raises(ArtifactError, match="damaged"):
            rv.load(tmp_path / "m.reverie")


def test_the_schema_can_be_given(frame: pd.DataFrame, synthesizer: rv.Synthesizer, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(rv.Schema(tables=(synthesizer.schema_,)).to_json())
    assert rv.Synthesizer(model="copula", schema=path).fit(frame).schema_ == synthesizer.schema_
    with pytest.raises(SchemaError, match="another table"):
        rv.Synthesizer(model="copula", schema=path).fit(frame.drop(columns="age"))


def test_own_rules_hold(frame: pd.DataFrame) -> None:
    rule = rv.predicate(["age"], lambda table: np.array(table["age"]) % 1 == 0)
    low = rv.Constraint(kind="range", columns=("age",), options={"low": 18, "high": 90})
    made = rv.Synthesizer(model="copula", constraints=[rule, low]).fit(frame).sample(500)
    assert made["age"].between(18, 90).all()


def test_few_rows_can_be_learned_from(frame: pd.DataFrame) -> None:
    assert rv.Synthesizer(model="copula", max_rows=100).fit(frame).rows_ == 100


def test_parameters(frame: pd.DataFrame) -> None:
    made = rv.Synthesizer(seed=3)
    assert made.get_params()["seed"] == 3
    assert rv.Synthesizer(**made.get_params()).get_params() == made.get_params()
    assert made.set_params(seed=4, model="copula").seed == 4
    wrong_ones = [
        {"k": 0}, {"max_rows": 0}, {"seed": -1}, {"model": "magic"}, {"seed": "a"}, {"k": "a"}, {"budget": 0},
        {"budget": "soon"}, {"device": "gpu9"}, {"constraints": "a"}, {"constraints": 3}, {"threads": 0.5},
    ]  # fmt: skip
    for wrong in wrong_ones:
        with pytest.raises(ConfigError):
            rv.Synthesizer(**wrong).fit(frame)
    with pytest.raises(ConfigError, match="colour"):
        made.set_params(colour=1)


def test_the_race_is_kept(frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.evaluation.race.slowness", lambda: 1.0)
    monkeypatch.setattr("reverie.models.choice.families", lambda: ("copula", "trees"))  # the quick ones
    made = rv.Synthesizer(budget="1h", threads=1).fit(frame)
    assert made.race_ is not None
    assert (made.race_.winner, made.race_.why) == (made.family_, made.why_)
    assert {entry.family for entry in made.race_.entries} >= {"copula", "trees"}
    assert "race" in made.timings_
    made.save(tmp_path / "m.reverie")
    assert rv.load(tmp_path / "m.reverie").race_ == made.race_


def test_a_family_that_was_asked_for_does_not_race(synthesizer: rv.Synthesizer, tmp_path: Path) -> None:
    assert synthesizer.race_ is None
    synthesizer.save(tmp_path / "m.reverie")
    assert rv.load(tmp_path / "m.reverie").race_ is None


def test_the_device_is_handed_on(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    from reverie.models.families import copula

    seen, fit = [], copula.fit
    monkeypatch.setattr(
        copula,
        "fit",
        lambda *args, budget, **more: (seen.append(budget), fit(*args, budget=budget, **more))[1],
    )
    rv.Synthesizer(model="copula", device="cpu", threads=1).fit(frame)
    assert [(one.device, one.threads, one.seconds) for one in seen] == [("cpu", 1, None)]


def test_nothing_can_be_made_before_fitting() -> None:
    with pytest.raises(ConfigError, match="fit"):
        rv.Synthesizer().sample(3)


def test_public_names() -> None:
    assert all(getattr(rv, name) is not None for name in rv.__all__)
    with pytest.raises(AttributeError):
        rv.nothing  # noqa: B018


def _european(rows: int = 400) -> dict[str, list[str]]:
    """An order list as a spreadsheet writes it: each product has its price, and totals follow from them."""
    rng = np.random.default_rng(0)
    prices = (rng.integers(100, 90_000, 10) / 100)[rng.integers(0, 10, rows)]
    counts = rng.integers(1, 9, rows)
    days = np.datetime64("2022-01-01") + rng.integers(0, 700, rows)

    def spell(number: float) -> str:
        return f"{number:,.2f}".translate(str.maketrans(",.", ".,")) + " €"

    return {
        "product": [f"p{price}" for price in prices],
        "count": [str(count) for count in counts],
        "price": [spell(price) for price in prices],
        "total": [spell(price * count) for price, count in zip(prices, counts, strict=True)],
        "share": [f"{x / 10:.1f}".replace(".", ",") for x in rng.integers(0, 1_000, rows)],
        "day": [f"{day.day}.{day.month}.{day.year}" for day in days.tolist()],
    }


def test_numbers_and_dates_are_learned_as_such_and_written_as_they_were(tmp_path: Path) -> None:
    table = pa.table(_european())
    path = tmp_path / "orders.csv"
    lines = [";".join(table.column_names), *(";".join(row.values()) for row in table.to_pylist())]
    path.write_text("\n".join(lines), "utf-8")
    fitted = rv.Synthesizer(model="copula").fit(path)
    kinds = {column.name: column.type for column in fitted.schema_.columns}
    assert kinds == dict(
        zip(table.column_names, ["category", "integer", *["decimal"] * 3, "date"], strict=True)
    )
    assert any(rule.kind == "formula" and rule.columns[0] == "total" for rule in fitted.schema_.constraints)
    fitted.save(tmp_path / "m.reverie")
    made = rv.load(tmp_path / "m.reverie").sample(
        200, given={"price": rv.at_least(100), "day": rv.at_least("2023-01-01")}
    )
    money = [
        float(text.removesuffix(" €").replace(".", "").replace(",", "."))
        for text in made["price"].to_pylist()
    ]
    assert min(money) >= 100
    assert all(text.endswith(".2023") and not text.startswith("0") for text in made["day"].to_pylist())
    assert all("," in text and len(text.split(",")[1]) == 1 for text in made["share"].to_pylist())


def test_partly_known_rows_are_written_as_the_data_is() -> None:
    fitted = rv.Synthesizer(model="copula").fit(_european())
    known = pa.table({"share": ["7,5", None], "day": [None, "14.3.2022"]})
    filled = fitted.sample(given=known)
    assert (filled["share"][0], filled["day"][1]) == ("7,5", "14.3.2022")
    assert all(" €" in text for text in filled["price"])
    assert np.isfinite(fitted.log_prob(_european(10))).all()


def test_a_schema_whose_format_does_not_fit_is_refused() -> None:
    schema = rv.Synthesizer(model="copula").fit(_european()).schema_
    columns = [
        column.model_copy(update={"options": {"format": "1,234.5"}}) if column.name == "share" else column
        for column in schema.columns
    ]
    wrong = schema.model_copy(update={"columns": tuple(columns)})
    with pytest.raises(SchemaError, match=r"share: type 'decimal' does not fit: .* do not follow the format"):
        rv.Synthesizer(model="copula", schema=wrong).fit(_european())


def test_what_was_not_plain_is_noted() -> None:
    fitted = rv.Synthesizer(model="copula").fit(pa.table({"x": [[1, 2], [3]] * 50, "y": [1, 2] * 50}))
    assert fitted.notes_ == ("column 'x': nested values are kept as JSON text, and come back as such",)


def test_numbers_are_taken_as_people_write_them(frame: pd.DataFrame, synthesizer: rv.Synthesizer) -> None:
    assert len(synthesizer.sample(1e2)) == 100
    assert rv.Synthesizer(model="copula", max_rows=1e2, budget="5m").fit(frame).rows_ == 100
    for wrong in ("x", 2.5, 0, -3):
        with pytest.raises(ConfigError, match="whole number"):
            synthesizer.sample(wrong)
    with pytest.raises(ConfigError, match="seed"):
        synthesizer.sample(5, seed="a")
    with pytest.raises(ConfigError, match="workers"):
        synthesizer.sample(5, workers="all")


def test_no_seed_is_a_new_one_that_is_recorded(frame: pd.DataFrame, tmp_path: Path) -> None:
    one, other = (rv.Synthesizer(model="copula", seed=None).fit(frame) for _ in range(2))
    assert one.seed_ != other.seed_
    assert one.sample(50).equals(one.sample(50))
    one.save(tmp_path / "m.reverie")
    assert rv.load(tmp_path / "m.reverie").sample(50)["wage"].equals(one.sample(50)["wage"])
    again = rv.Synthesizer(model="copula", seed=one.seed_).fit(frame)
    assert again.sample(50).equals(one.sample(50))


def test_a_rule_of_python_is_not_saved_and_that_is_told(frame: pd.DataFrame, tmp_path: Path) -> None:
    rule = rv.predicate(["age"], lambda table: np.array(table["age"]) < 95, name="young")
    made = rv.Synthesizer(model="copula", constraints=[rule]).fit(frame)
    with pytest.warns(ReverieWarning, match=r"without the rule young of constraint predicate\(age\)"):
        made.save(tmp_path / "m.reverie")
    with pytest.warns(ReverieWarning, match="young"):
        again = rv.load(tmp_path / "m.reverie")
    assert len(again.sample(20)) == 20
    assert any("young" in note for note in again.notes_)
    assert "predicate" not in {rule.kind for rule in again.schema_.constraints}


def test_what_was_written_must_hold_in_all_rows(
    frame: pd.DataFrame, synthesizer: rv.Synthesizer, tmp_path: Path
) -> None:
    old = rv.Constraint(kind="range", columns=("age",), options={"high": float(frame["age"].max()) - 1})
    with pytest.raises(ConstraintError, match="of 500 rows"):
        rv.Synthesizer(model="copula", constraints=[old], max_rows=10).fit(frame)
    schema = synthesizer.schema_.model_copy(update={"constraints": (old,)})
    with pytest.raises(ConstraintError, match="of 500 rows"):
        rv.Synthesizer(model="copula", schema=schema, max_rows=10).fit(frame)


def test_no_row_is_shown(frame: pd.DataFrame, synthesizer: rv.Synthesizer) -> None:
    assert repr(synthesizer) == "Synthesizer(model='copula', seed=7)"
    assert repr(synthesizer.model_) == "Learned(copula of 500 rows, 4 columns)"
    request = synthesizer._request(frame.head(3))
    assert "N0" not in repr(request)
    assert "chunk" not in repr(request)


def test_protection_cannot_be_left_out_by_none(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="k"):
        rv.Synthesizer(model="copula", k=None).fit(frame)  # type: ignore[arg-type]
    rv.Synthesizer(model="copula", k="6").fit(frame).save(tmp_path / "m.reverie")  # type: ignore[arg-type]
    assert artifact.about(tmp_path / "m.reverie")["parameters"]["k"] == 6


def test_rows_unlike_all_others_can_be_left_out(tmp_path) -> None:
    x = np.concatenate([np.random.default_rng(0).normal(size=300), [60.0, 90.0, 130.0]])
    frame = pd.DataFrame({"x": x, "y": 2 * x})
    made = rv.Synthesizer("copula", k=1, outliers=0.01).fit(frame)
    assert made.rows_ == 300
    assert made.sample(500)["x"].max() < 30
    made.save(tmp_path / "m.reverie")
    assert rv.load(tmp_path / "m.reverie").outliers == 0.01
    with pytest.raises(ConfigError, match="is no share of rows"):
        rv.Synthesizer("copula", outliers=0.9).fit(frame)
    for options in ({"outliers": 0.01}, {"max_rows": 100}):
        with pytest.raises(ConfigError, match="chooses among the rows"):
            rv.Synthesizer(privacy=1.0, **options).fit(frame)


def test_a_private_model_says_nothing_of_how_it_was_fitted(tmp_path) -> None:
    frame = pd.DataFrame({"a": ["x", "y"] * 400, "b": ["u", "v"] * 400})
    made = rv.Synthesizer("marginals", privacy=1.0).fit(frame)
    with pytest.warns(rv.core.errors.ReverieWarning, match="have spent epsilon 2"):
        made.fit(frame)
    made.save(tmp_path / "m.reverie")
    about = artifact.about(tmp_path / "m.reverie")
    assert (about["timings"], about["notes"], about["data"]) == ({}, [], None)
