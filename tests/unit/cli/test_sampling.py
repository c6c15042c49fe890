"""sample, impute and score."""

import json
from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from reverie.cli.main import run


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "jsonl"])
def test_formats(suffix: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / f"f.{suffix}"
    assert run(["sample", str(folder / "m.reverie"), "-o", str(out), "-n", "1e2"]) == 0
    assert out.stat().st_size > 0


def test_workers_change_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.sampling.plan.MOST_ROWS", 1024)
    for workers in ("1", "3"):
        options = ["-n", "5000", "--workers", workers]
        assert (
            run(["sample", str(folder / "m.reverie"), "-o", str(tmp_path / f"{workers}.csv"), *options]) == 0
        )
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "3.csv").read_bytes()


def test_conditions_and_scale(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.parquet"
    given = ["--given", "age>=65", "--given", "city=Rome"]
    assert run(["sample", str(folder / "m.reverie"), "-o", str(out), "--scale", "0.5", *given]) == 0
    made = pq.read_table(out)
    assert made.num_rows == 200
    assert min(made["age"].to_pylist()) >= 65


def test_partly_known_rows(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "given.csv").write_text("age,city\n20,\n,Rome\n33,Bonn\n")
    out = tmp_path / "f.csv"
    model, given = str(folder / "m.reverie"), str(tmp_path / "given.csv")
    assert run(["sample", model, "-o", str(out), "--given-file", given]) == 0
    made = csv.read_csv(out)
    assert made["age"].to_pylist()[::2] == [20, 33]
    assert made["city"].to_pylist()[1:] == ["Rome", "Bonn"]


def test_the_likeliest(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Draws of as many rows that know the same differ; the likeliest of them nearly agree."""
    (tmp_path / "given.csv").write_text("age,city\n" + "40,\n" * 60)
    model, given, varied = str(folder / "m.reverie"), str(tmp_path / "given.csv"), {}
    for way in ([], ["--likeliest"]):
        for command in (["sample", model, "--given-file", given], ["impute", model, given]):
            out = tmp_path / "f.csv"
            assert run([*command, "-o", str(out), *way]) == 0
            cities = csv.read_csv(out)["city"].to_pylist()
            varied[command[0], bool(way)] = max(cities.count(city) for city in set(cities))
        assert run(["sample", model, "-o", str(out), "-n", "5", *way]) == 2 * len(way)
    assert "--likeliest: chooses among completions of known rows" in capfd.readouterr().err
    for command in ("sample", "impute"):
        assert varied[command, True] > varied[command, False] + 5


@pytest.mark.parametrize("command", ["impute", "score", "sample"])
def test_errors_name_the_file_given(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    data, model, out = str(tmp_path / "mine.csv"), str(folder / "m.reverie"), str(tmp_path / "f.csv")
    Path(data).write_text("agee,city\n20,\n,Rome\n")
    rows = ["--given-file", data] if command == "sample" else [data]
    assert run([command, model, *rows, "-o", out]) == 2
    assert f"{data}: no column 'agee' was learned. Did you mean: age" in capfd.readouterr().err


def test_standard_output_holds_rows_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", str(folder / "m.reverie"), "-o", "-", "-n", "3"]) == 0
    said = capfd.readouterr()
    assert len(said.out.splitlines()) == 4
    assert "3 rows" in said.err


def test_facts(folder: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    out = str(tmp_path / "f.csv")
    assert run(["sample", str(folder / "m.reverie"), "-o", out, "-n", "9", "--json", str(facts)]) == 0
    assert json.loads(facts.read_text())["rows"] == 9


def test_impute_and_score(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, model = tmp_path / "d.csv", str(folder / "m.reverie")
    data.write_text("age,city\n20,\n,Rome\n33,Bonn\n")
    assert run(["impute", model, str(data), "-o", str(tmp_path / "i.csv")]) == 0
    assert "2 of 2" in capfd.readouterr().out
    assert csv.read_csv(tmp_path / "i.csv")["age"].null_count == 0
    assert run(["score", model, str(tmp_path / "i.csv"), "-o", str(tmp_path / "s.csv")]) == 0
    assert csv.read_csv(tmp_path / "s.csv").column_names == ["log_prob"]
