"""Dossiers of leaks, of fresh samples, of models; what is not shown is not claimed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import reverie as rv
from reverie import demo
from reverie.core.errors import DataError
from reverie.dp.ledger import Ledger
from reverie.evaluation.dossier import Sought
from reverie.evaluation.thresholds import Thresholds
from reverie.io.fingerprint import fingerprint
from reverie.io.given import dataset

ROWS = 1500
NUMBERS = ["age", "fnlwgt", "hours_per_week"]


@pytest.fixture(scope="module")
def halves() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows to learn from, rows to judge by, and rows that are neither."""
    real, rest = pd.read_parquet(demo.train_path()), pd.read_parquet(demo.holdout_path())
    return real[:ROWS], rest[:ROWS], rest[ROWS : 2 * ROWS].reset_index(drop=True)


@pytest.fixture(scope="module")
def model(halves) -> rv.Synthesizer:
    return rv.Synthesizer("copula").fit(halves[0])


def copied(real: pd.DataFrame) -> pd.DataFrame:
    """A plain copy with noise."""
    noise = np.random.default_rng(0).normal(1, 0.05, (len(real), len(NUMBERS)))
    return real.assign(
        **{name: (real[name] * noise[:, i]).round().astype(int) for i, name in enumerate(NUMBERS)}
    )


def grown(real: pd.DataFrame) -> pd.DataFrame:
    """Trees on raw values, a row a leaf: each column after those before it, drawn from its leaf."""
    from sklearn.tree import DecisionTreeRegressor

    rng, codes = np.random.default_rng(0), real.apply(lambda column: column.astype("category").cat.codes)
    made = codes.iloc[rng.integers(0, len(real), len(real)), :1].to_numpy()
    for place in range(1, real.shape[1]):
        tree = DecisionTreeRegressor(min_samples_leaf=1, random_state=0)
        before, column = codes.iloc[:, :place].to_numpy(), codes.iloc[:, place].to_numpy()
        leaves, reached = tree.fit(before, column).apply(before), tree.apply(made)
        drawn = [column[rng.choice(np.flatnonzero(leaves == leaf))] for leaf in reached]
        made = np.column_stack([made, drawn])
    levels = [real[name].astype("category").cat.categories for name in real]
    return pd.DataFrame({name: levels[i][made[:, i]] for i, name in enumerate(real)})


@pytest.mark.parametrize("leak", [copied, grown])
def test_what_leaks_is_not_released(halves, leak) -> None:
    found = rv.dossier(leak(halves[0]), halves[0], holdout=halves[1])
    assert found.verdict == "do not release"


def test_a_fresh_sample_of_the_population_is_released(halves) -> None:
    found = rv.dossier(halves[2], halves[0], holdout=halves[1])
    assert found.verdict == "release", found.findings.verdict.rule
    assert "taken on trust" in found._repr_html_()


def test_a_holdout_too_small_to_prove_anything_passes_nothing(halves) -> None:
    found = rv.dossier(halves[2], halves[0], holdout=halves[1][:40])
    assert found.verdict == "not enough evidence"


def test_a_holdout_of_training_rows_is_taken_away(halves) -> None:
    mixed = pd.concat([halves[1], halves[0][:300]])
    found = rv.dossier(halves[2], halves[0], holdout=mixed)
    assert any("were removed" in note for note in found.findings.evaluation.notes)
    assert found.to_dict()["rows"]["holdout"] <= len(halves[1])


def test_a_model_and_what_it_keeps(halves, model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.reverie")
    made = rv.load(tmp_path / "m.reverie")
    found = made.dossier(halves[0], holdout=halves[1])
    assert found.findings.verdict == found.findings.evaluation.verdicts["private"]
    told = found.to_dict()
    assert told["model"]["origin"]["shown"]
    assert told["model"]["family"] == "copula"
    assert set(told["model"]["columns"]) == set(halves[0].columns)
    assert {"attack", "control", "baseline"} <= told["measures"]["linkability"].keys()
    found.save(tmp_path / "d.json")
    found.save(tmp_path / "d.html")
    assert json.loads((tmp_path / "d.json").read_text()) == json.loads(json.dumps(told))
    assert "Privacy dossier" in (tmp_path / "d.html").read_text()
    assert repr(found).startswith(f"{found.verdict}: ")
    assert len(repr(found)) < 900


def test_the_rows_learned_from_are_those_attacked(halves) -> None:
    made = rv.Synthesizer("copula", max_rows=600).fit(halves[0])
    found = made.dossier(halves[0], holdout=halves[1])
    assert found.to_dict()["rows"]["real"] == 600
    assert found.to_dict()["model"]["origin"]["shown"]


@pytest.mark.parametrize("broken", ["another table", "no origin"])
def test_without_an_origin_nothing_is_claimed(halves, model, tmp_path: Path, broken: str) -> None:
    model.save(tmp_path / "m.reverie")
    made = rv.load(tmp_path / "m.reverie")
    real = halves[0][::-1] if broken == "another table" else halves[0]
    made.data_ = None if broken == "no origin" else made.data_
    found = made.dossier(real, holdout=halves[1])
    assert found.verdict == "not enough evidence"
    assert ("does not say" in repr(found)) == (broken == "no origin")


def test_a_private_model_is_known_by_the_ledger(halves) -> None:
    promise = {"epsilon": 1.0, "delta": 1e-5, "unit": None, "most": 1, "spent": 0.9}
    private = rv.Synthesizer("copula").fit(halves[0])
    private.model_, private.data_ = replace(private.model_, privacy=promise), None
    found = private.dossier(halves[0], holdout=halves[1])
    assert found.verdict == "not enough evidence"
    assert "the ledger here knows of no such private fit" in repr(found)
    Ledger.default().spend(fingerprint(dataset(halves[0]).single()[1]), "t", "copula", rv.Privacy(1.0))
    found = private.dossier(halves[0], holdout=halves[1])
    assert found.to_dict()["model"]["origin"]["shown"]
    assert found.to_dict()["model"]["spent"]["epsilon"] == 1.0
    assert "differentially private: epsilon 1" in found._repr_html_()


def test_canaries_that_were_found_forbid_it(halves) -> None:
    found = rv.dossier(halves[2], halves[0], holdout=halves[1])
    told = found.with_canaries((Sought("a value", 5, {"samples": 2}, unique=True),))
    assert told.verdict == "do not release"
    assert "2 in samples" in told._repr_html_()
    assert found.with_canaries((Sought("a row", 5),)).verdict == "release"


def test_bounds_of_ones_own_are_used_and_shown(halves) -> None:
    strict = Thresholds(nearer=(0.0, 0.1))
    found = rv.dossier(halves[2], halves[0], holdout=halves[1], thresholds=strict)
    assert found.verdict == "do not release"
    assert "0.1 forbids" in found._repr_html_()


def test_other_columns_are_said(halves, model) -> None:
    with pytest.raises(DataError, match="has no column 'age', which the model learned"):
        model.dossier(halves[0].drop(columns="age"), holdout=halves[1])
    with pytest.raises(DataError, match="lacks 'age'"):
        model.dossier(halves[0], holdout=halves[1].drop(columns="age"))


def test_a_column_that_tells_every_row_apart_is_made_anew_and_kept_nowhere(halves) -> None:
    rng = np.random.default_rng(0)
    names = [
        f"{word}-{number:07d}"
        for word, number in zip(
            rng.choice(["AX", "QT"], 2 * ROWS), rng.permutation(10**7)[: 2 * ROWS], strict=True
        )
    ]
    real, unseen = halves[0].assign(code=names[:ROWS]), halves[1].assign(code=names[ROWS:])
    made = rv.Synthesizer("copula").fit(real)
    found = made.dossier(real, holdout=unseen)
    kept = {one.column: one for one in found.findings.model.kept}["code"]
    assert kept.type == "identifier"
    assert kept.traced.rare == ROWS
    assert not kept.traced.found
    assert found.findings.verdict == found.findings.evaluation.verdicts["private"]
