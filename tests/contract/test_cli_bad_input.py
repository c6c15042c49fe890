"""Bad input on the command line: one clear line, exit code 2, nothing written; what must work, works."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.cli.main import run

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that must be refused, and returns what it says."""

    def check(*arguments: object) -> str:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        capfd.readouterr()
        assert run([str(argument) for argument in arguments]) == 2
        said = capfd.readouterr()
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        assert not said.out
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return said.err

    return check


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small fitted model."""
    folder = tmp_path_factory.mktemp("model")
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, 400)
    city = np.where(age > 60, "Rome", rng.choice(["Oslo", "Bonn"], 400))
    pq.write_table(pa.table({"age": age, "city": city}), folder / "people.parquet")
    assert (
        run(["fit", str(folder / "people.parquet"), "-o", str(folder / "m.reverie"), "--model", "copula"])
        == 0
    )
    return folder / "m.reverie"


BROKEN = {
    "empty": (b"", "empty"),
    "header": (b"a,b\n", "no rows"),
    "twice": (b"a,b,a\n1,2,3\n", "'a'"),
    "blank": (b"a,,c\n1,2,3\n", "blank"),
    "quotes": (b'a,b\n1,"x\n2,y\n', "line"),
    "ragged": (b"a,b\n1,2\n1,2,3\n", "line 3"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(name: str, tmp_path: Path, refused: Refused) -> None:
    content, word = BROKEN[name]
    (tmp_path / "data.csv").write_bytes(content)
    assert word in refused("fit", tmp_path / "data.csv", "-o", tmp_path / "m.reverie")
    assert word in refused("inspect", tmp_path / "data.csv", "-o", tmp_path / "schema.json")


def test_too_many_columns(tmp_path: Path, refused: Refused) -> None:
    names = ",".join(f"c{i}" for i in range(5_000))
    (tmp_path / "wide.csv").write_text(f"{names}\n" + ",".join("1" * 5_000) + "\n")
    assert "5,000 columns" in refused("fit", tmp_path / "wide.csv", "-o", tmp_path / "m.reverie")


def test_files_that_are_not_there(tmp_path: Path, refused: Refused, model: Path) -> None:
    refused("fit", tmp_path / "no.csv", "-o", tmp_path / "m.reverie")
    refused("sample", tmp_path / "no.reverie", "-o", tmp_path / "f.csv")
    refused("evaluate", tmp_path / "no.csv", model.with_name("people.parquet"))
    refused("fit", "postgresql://host/base", "-o", tmp_path / "m.reverie")


def test_several_tables(tmp_path: Path, refused: Refused) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.csv").write_text("a,b\n" + "1,x\n2,y\n" * 20)
    assert "--table" in refused("fit", folder, "-o", tmp_path / "m.reverie")
    assert "three" in refused("fit", folder, "-o", tmp_path / "m.reverie", "--table", "three")
    assert (
        run(["fit", str(folder), "-o", str(tmp_path / "m.reverie"), "--table", "two", "--model", "copula"])
        == 0
    )


@pytest.mark.parametrize("rows", ["0", "-5", "1.5", "many", "nan", "1e400"])
def test_numbers_of_rows(rows: str, tmp_path: Path, refused: Refused, model: Path) -> None:
    assert "-n" in refused("sample", model, "-o", tmp_path / "f.csv", "-n", rows)


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf"])
def test_scales(scale: str, tmp_path: Path, refused: Refused, model: Path) -> None:
    assert "--scale" in refused("sample", model, "-o", tmp_path / "f.csv", "--scale", scale)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("agee>=65", "age"), ("age>=old", "age"), ("city=Atlantis", "city"), ("age", "--given"),
        ("age>=1000", "age"), ("age is missing", "age"),
    ],
)  # fmt: skip
def test_conditions(given: str, word: str, tmp_path: Path, refused: Refused, model: Path) -> None:
    assert word in refused("sample", model, "-o", tmp_path / "f.csv", "-n", "10", "--given", given)


def test_conditions_that_exclude_each_other(tmp_path: Path, refused: Refused, model: Path) -> None:
    refused("sample", model, "-o", tmp_path / "f.csv", "--given", "age<30", "--given", "age>50")


def test_options(tmp_path: Path, refused: Refused, model: Path) -> None:
    data, out = model.with_name("people.parquet"), tmp_path / "m.reverie"
    assert "copula" in refused("fit", data, "-o", out, "--model", "magic")
    assert "privacy" in refused("fit", data, "-o", out, "--model", "copula", "--epsilon", "1")
    assert "--epsilon" in refused("fit", data, "-o", out, "--epsilon", "0")
    assert "--delta" in refused("fit", data, "-o", out, "--epsilon", "1", "--delta", "0.5")
    assert "--privacy-unit" in refused("fit", data, "-o", out, "--epsilon", "1", "--privacy-unit", "who")
    assert "--epsilon" in refused("fit", data, "-o", out, "--privacy-unit", "age")
    assert "--budget" in refused("fit", data, "-o", out, "--budget", "soon")
    assert "--device" in refused("fit", data, "-o", out, "--device", "abacus")
    assert "--engine" in refused("sample", model, "-o", tmp_path / "f.csv", "--engine", "ray")
    assert "--workers" in refused("sample", model, "-o", tmp_path / "f.csv", "--workers", "-1")
    assert "--scale" in refused("sample", model, "-o", tmp_path / "f.csv", "-n", "5", "--scale", "2")
    refused("sample", model)
    refused("fit", data, "-o", out, "--seed", "x")
    refused("paint", data)


def test_schemas(tmp_path: Path, refused: Refused, model: Path) -> None:
    data, out, schema = model.with_name("people.parquet"), tmp_path / "m.reverie", tmp_path / "schema.json"
    assert run(["inspect", str(data), "-o", str(schema)]) == 0
    whole = json.loads(schema.read_text())
    other = json.loads(schema.read_text())
    other["tables"][0]["columns"][0]["name"] = "height"
    schema.write_text(json.dumps(other))
    assert "another table" in refused("fit", data, "-o", out, "--schema", schema)
    whole["tables"][0]["columns"][0]["type"] = "colour"
    schema.write_text(json.dumps(whole))
    assert "colour" in refused("fit", data, "-o", out, "--schema", schema)
    schema.write_text("{")
    refused("fit", data, "-o", out, "--schema", schema)
    schema.write_bytes(b"\xff\xfe\x00")
    refused("fit", data, "-o", out, "--schema", schema)
    refused("fit", data, "-o", out, "--schema", tmp_path / "none.json")


def test_an_artifact_cut_short(tmp_path: Path, refused: Refused, model: Path) -> None:
    content, short = model.read_bytes(), tmp_path / "short.reverie"
    for size in (0, 10, len(content) // 2, len(content) - 1):
        short.write_bytes(content[:size])
        refused("sample", short, "-o", tmp_path / "f.csv")


def test_an_artifact_tampered_with(tmp_path: Path, refused: Refused, model: Path) -> None:
    bad = tmp_path / "bad.reverie"
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"people", b"pupils") if name == "table.json" else content)
        new.comment = old.comment
    assert "changed" in refused("sample", bad, "-o", tmp_path / "f.csv")
    assert "changed" in refused("inspect", bad)


def test_an_artifact_of_another_version(tmp_path: Path, refused: Refused, model: Path) -> None:
    newer = tmp_path / "newer.reverie"
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(newer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name, content.replace(b'{"format":1', b'{"format":99') if "manifest" in name else content
            )
    said = refused("sample", newer, "-o", tmp_path / "f.csv")
    assert "format 99" in said
    assert "format 1" in said


def test_outputs_that_cannot_be_written(tmp_path: Path, refused: Refused, model: Path) -> None:
    data = model.with_name("people.parquet")
    refused("fit", data, "-o", tmp_path / "no" / "m.reverie")
    refused("sample", model, "-o", tmp_path / "no" / "f.csv")
    refused("sample", model, "-o", tmp_path / "f.doc")
    refused("sample", model, "-o", tmp_path)
    refused("evaluate", data, data, "-o", tmp_path / "no" / "r.html")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(refused: Refused, model: Path) -> None:
    assert "space" in refused("sample", model, "-n", "100000", "-o", "/dev/full")


def test_real_and_fake_with_different_columns(tmp_path: Path, refused: Refused, model: Path) -> None:
    (tmp_path / "fake.csv").write_text("age,town\n" + "30,Rome\n" * 20)
    said = refused(
        "evaluate", model.with_name("people.parquet"), tmp_path / "fake.csv", "-o", tmp_path / "r.html"
    )
    assert "column" in said


def test_targets(tmp_path: Path, refused: Refused, model: Path) -> None:
    data = model.with_name("people.parquet")
    assert "height" in refused("evaluate", data, data, "--target", "height", "--json", tmp_path / "s.json")


def test_data_of_another_table(tmp_path: Path, refused: Refused, model: Path) -> None:
    (tmp_path / "d.csv").write_text("age,town\n30,Rome\n")
    assert "town" in refused("impute", model, tmp_path / "d.csv", "-o", tmp_path / "o.csv")
    assert "town" in refused("score", model, tmp_path / "d.csv", "-o", tmp_path / "o.csv")
    assert "town" in refused("sample", model, "--given-file", tmp_path / "d.csv", "-o", tmp_path / "o.csv")
    (tmp_path / "d.csv").write_text("age\nold\n")
    assert "age" in refused("sample", model, "--given-file", tmp_path / "d.csv", "-o", tmp_path / "o.csv")
    (tmp_path / "d.csv").write_text("age\n30\n")
    assert "city" in refused("score", model, tmp_path / "d.csv", "-o", tmp_path / "o.csv")


WORKS = {
    "one row": "a,b\n1,x\n",
    "one column": "a\n" + "1\n2\n3\n" * 30,
    "constant": "a,b\n" + "7,x\n" * 50,
    "all missing": "a,b\n" + ",x\n,y\n" * 50,
    "unicode": "größe,名前,😀\n" + "1,α,x\n2,β,y\n" * 50,
    "mixed": "a,b\n" + "1,x\nyes,y\n2.5,z\n,x\n" * 30,
    "not finite": "a,b\n" + "nan,1\ninf,2\n1e308,3\n-1e308,4\n5,5\n" * 30,
    "only keys": "id\n" + "".join(f"K{i:05d}\n" for i in range(200)),
    "latin": "a,b\n" + "é,1\nü,2\n" * 50,
}


@pytest.mark.parametrize("model", ["copula", "trees"])
@pytest.mark.parametrize("name", WORKS)
def test_what_can_be_handled_works(name: str, model: str, tmp_path: Path) -> None:
    data, out, made = tmp_path / "d.csv", tmp_path / "m.reverie", tmp_path / "f.csv"
    data.write_text(WORKS[name], encoding="latin-1" if name == "latin" else "utf-8")
    assert run(["fit", str(data), "-o", str(out), "--model", model]) == 0
    assert run(["sample", str(out), "-o", str(made), "-n", "25"]) == 0
    header = data.read_bytes().splitlines()[0]
    assert made.read_bytes().splitlines()[0] == header
    assert len(made.read_text().splitlines()) == 26


def test_what_is_read_is_never_written(tmp_path: Path, refused: Refused, model: Path) -> None:
    data, own, link = tmp_path / "o.csv", tmp_path / "m.reverie", tmp_path / "link.csv"
    data.write_text("age,city\n" + "30,Rome\n20,Oslo\n" * 50)
    own.write_bytes(model.read_bytes())
    link.symlink_to(data)
    schema, folder = tmp_path / "s.json", tmp_path / "tables"
    assert run(["inspect", str(data), "-o", str(schema)]) == 0
    folder.mkdir()
    (folder / "a.json").write_text('{"a": 1}\n')
    for arguments in (
        ("inspect", schema, "-o", schema),
        ("inspect", folder, "-o", folder / "a.json"),
        ("fit", data, "-o", own, "--json", data),
        ("fit", data, "--schema", schema, "-o", own, "--json", schema),
        ("sample", own, "-o", data, "--given-file", data),
        ("sample", own, "-o", tmp_path / "f.csv", "--json", own),
        ("impute", own, data, "-o", data),
        ("score", own, data, "-o", folder / ".." / "o.csv"),
        ("score", own, link, "-o", data),
        ("score", own, data, "-o", link),
        ("evaluate", data, link, "--json", data),
        ("evaluate", model.with_name("people.parquet"), link, "--holdout", data, "--json", data),
    ):
        assert "is read by this command" in refused(*arguments)


def test_each_result_has_a_place_and_a_suffix_of_its_own(
    tmp_path: Path, refused: Refused, model: Path
) -> None:
    data, out = model.with_name("people.parquet"), tmp_path / "f.csv"
    assert "Use .reverie" in refused("fit", data, "-o", tmp_path / "m.csv")
    assert "Use .json" in refused("inspect", data, "-o", tmp_path / "schema.csv")
    assert "Use one of: .html, .json" in refused("evaluate", data, data, "-o", tmp_path / "r.txt")
    assert "two results" in refused("sample", model, "-o", "-", "--json", "-")
    assert "two results" in refused("sample", model, "-o", out, "--json", out)
    assert "two results" in refused("evaluate", data, data, "-o", "-", "--json", "-")
    assert "--workers" in refused("sample", model, "-o", out, "--workers", "0")
