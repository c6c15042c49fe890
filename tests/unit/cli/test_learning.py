"""inspect, fit and models."""

import json
from pathlib import Path

import pytest

import reverie as rv
from reverie.cli.main import run
from reverie.dp.ledger import Ledger
from reverie.models import choice
from reverie.models.base import families, family


def test_inspect_data(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(folder / "people.parquet"), "-o", str(tmp_path / "schema.json")]) == 0
    shown = capfd.readouterr().out
    assert "400 rows" in shown
    assert "integer" in shown
    columns = json.loads((tmp_path / "schema.json").read_text())["tables"][0]["columns"]
    assert [column["name"] for column in columns] == ["age", "city"]


def test_a_schema_on_the_standard_output_is_json_alone(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(folder / "people.parquet"), "-o", "-"]) == 0
    assert json.loads(capfd.readouterr().out)["format"] == 1


def test_a_promise_of_formal_privacy(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, model, facts = str(folder / "people.parquet"), str(tmp_path / "m.reverie"), tmp_path / "facts.json"
    promise = ["--epsilon", "8", "--delta", "1e-4", "--epsilon-cap", "10"]
    assert run(["fit", data, "-o", model, *promise, "--json", str(facts)]) == 0
    assert "Formal privacy: epsilon" in capfd.readouterr().out
    told = json.loads(facts.read_text())
    assert (told["family"], told["privacy"]["epsilon"]) == ("marginals", 8.0)
    assert 0 < told["privacy"]["spent"] <= 8.0
    assert run(["inspect", model]) == 0
    assert "of 8 at delta 0.0001, for each row" in capfd.readouterr().out
    assert rv.load(model).model_.privacy["delta"] == 1e-4
    assert rv.load(model).timings_ == {}
    assert run(["fit", data, "-o", str(tmp_path / "again.reverie"), *promise]) == 2
    assert "above the cap of 10" in capfd.readouterr().err
    assert not (tmp_path / "again.reverie").exists()


def test_a_refused_promise_costs_nothing(folder: Path, tmp_path: Path) -> None:
    data, model = str(folder / "people.parquet"), str(tmp_path / "m.reverie")
    assert run(["fit", data, "-o", model, "--epsilon", "1", "--privacy-unit", "who"]) == 2
    assert run(["fit", data, "-o", model, "--epsilon", "1", "--model", "copula"]) == 2
    assert run(["fit", data, "-o", model, "--epsilon", "1", "--max-rows", "99"]) == 2
    assert Ledger.default().entries() == ()


def test_inspect_a_model(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(folder / "m.reverie")]) == 0
    shown = capfd.readouterr().out
    for words in (
        "family        copula (as asked)",
        "400 rows",
        "fewer than 5 rows",
        "seed 0",
        "18 to 89",
        "3 levels",
    ):
        assert words in shown
    assert "table.json" not in shown
    assert run(["inspect", str(folder / "m.reverie"), "--entries"]) == 0
    assert "table.json" in capfd.readouterr().out


def test_inspect_a_model_of_every_type(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = range(200)
    table = {
        "id": [f"K{i:05d}" for i in rows],
        "email": [f"ada{i}@firma{i % 9}.de" for i in rows],
        "day": [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in rows],
        "note": [f"bought {i} things, {'liked' if i % 2 else 'hated'} it" for i in rows],
        "same": ["x"] * 200,
        "gap": [None if i % 4 else i / 8 for i in rows],
    }
    rv.Synthesizer(model="copula").fit(table).save(tmp_path / "m.reverie")
    assert run(["inspect", str(tmp_path / "m.reverie"), "-o", str(tmp_path / "s.json")]) == 0
    shown = capfd.readouterr().out
    for words in (
        "running: K0000",
        "email, de_DE; made up",
        " to 2024-1",
        "words that rows share",
        "one value",
        "74.",
    ):
        assert words in shown
    assert rv.Schema.from_json((tmp_path / "s.json").read_text()).tables[0].column("id").type == "identifier"


def test_fit_tells_what_it_did(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, out = str(folder / "people.parquet"), str(tmp_path / "m.reverie")
    assert run(["fit", data, "-o", out, "--model", "copula", "--budget", "60s", "--json", "-"]) == 0
    said = capfd.readouterr()
    facts = json.loads(said.out)
    assert (facts["rows"], facts["family"], facts["why"]) == (400, "copula", "as asked")
    assert "reverie sample" in said.err


def test_the_same_seed_makes_the_same_rows(folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        model = str(tmp_path / f"{name}.reverie")
        data = str(folder / "people.parquet")
        assert run(["fit", data, "-o", model, "--model", "copula", "--seed", "5"]) == 0
        assert run(["sample", model, "-o", str(tmp_path / f"{name}.parquet")]) == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_models_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    shown = capfd.readouterr().out
    for name in families():
        assert f"\n{name}: {family(name).CAPABILITIES.summary}" in shown
    for words in (
        "conditions",
        "formal privacy",
        "cost",
        "ready",
        "Choose it for: few rows",
        "auto (the default)",
    ):
        assert words in shown


def test_what_a_family_lacks_is_listed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(choice, "lacking", lambda name: "needs: pip install x" if name == "trees" else "")
    assert run(["models"]) == 0
    # In a narrow table the words are on two lines.
    assert "needs:pipinstallx" in "".join(capfd.readouterr().out.split())
    asked = ["fit", str(folder / "people.parquet"), "-o", str(tmp_path / "m.reverie"), "--model", "trees"]
    assert run(asked) == 2
    assert capfd.readouterr().err.startswith("error: --model: family 'trees' needs: pip install x")


def test_auto_tells_of_the_race_and_keeps_it(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reverie.evaluation.race.slowness", lambda: 1.0)
    monkeypatch.setattr("reverie.models.choice.families", lambda: ("copula", "trees"))  # the quick ones
    data, out, facts = str(folder / "people.parquet"), str(tmp_path / "m.reverie"), tmp_path / "f.json"
    assert run(["fit", data, "-o", out, "--budget", "1h", "--json", str(facts)]) == 0
    shown = capfd.readouterr().out
    told = json.loads(facts.read_text())
    assert told["family"] == told["race"]["winner"]
    assert told["why"].startswith(f"auto: {told['family']}, ")
    raced = {entry["family"]: entry for entry in told["race"]["entries"] if entry["composite"]}
    assert {"copula", "trees"} <= set(raced)
    assert [name for name, entry in raced.items() if entry["verdict"] == "chosen"] == [told["family"]]
    assert run(["inspect", out]) == 0
    for text in (shown, capfd.readouterr().out):
        assert "The race of families, which learned from 320 rows and were judged by 80" in text
        assert "composite: the mean of" in text
        assert told["why"] in text


def test_devices(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    asked = ["fit", str(folder / "people.parquet"), "-o", str(tmp_path / "m.reverie"), "--model", "copula"]
    assert run([*asked, "--device", "cpu"]) == 0
    capfd.readouterr()
    assert run([*asked, "--device", "tpu"]) == 2
    assert capfd.readouterr().err == "error: --device: no device 'tpu'. Use auto, cpu or cuda\n"
