"""privacy: the dossier, on the command line."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.cli.main import run
from reverie.io.pictures import write


@pytest.fixture
def holdout(tmp_path: Path) -> str:
    rng = np.random.default_rng(5)
    age = rng.integers(18, 90, 400)
    city = np.where(age > 60, "Rome", rng.choice(["Oslo", "Bonn"], 400))
    pq.write_table(pa.table({"age": age, "city": city}), tmp_path / "unseen.parquet")
    return str(tmp_path / "unseen.parquet")


def test_a_model(folder: Path, tmp_path: Path, holdout: str, capfd: pytest.CaptureFixture[str]) -> None:
    model, real = str(folder / "m.reverie"), str(folder / "people.parquet")
    page, figures = str(tmp_path / "d.html"), str(tmp_path / "d.json")
    assert run(["privacy", model, real, "--holdout", holdout, "-o", page, "--json", figures]) == 0
    shown = capfd.readouterr().out
    assert "May it go out? " in shown
    assert "Why: " in shown
    assert "formally: None was asked for" in shown
    told = json.loads(Path(figures).read_text())
    assert told["model"]["origin"]["shown"]
    assert told["verdict"].capitalize() in shown
    assert "Privacy dossier" in Path(page).read_text()
    assert model in Path(page).read_text()


def test_a_table(folder: Path, holdout: str, capfd: pytest.CaptureFixture[str]) -> None:
    real = str(folder / "people.parquet")
    assert run(["privacy", real, real, "--holdout", holdout, "--json", "-"]) == 0
    assert json.loads(capfd.readouterr().out)["verdict"] == "do not release"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", "10"], "-n: needs a model, and this is a table"),
        (["--canaries"], "--canaries: needs a model"),
        (["--thresholds", "none.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, holdout: str, capfd, options: list[str], said: str) -> None:
    real = str(folder / "people.parquet")
    assert run(["privacy", real, real, "--holdout", holdout, *options]) == 2
    assert said in capfd.readouterr().err


def test_there_is_no_dossier_without_a_holdout(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["privacy", str(folder / "m.reverie"), str(folder / "people.parquet")]) == 2
    assert "--holdout" in capfd.readouterr().err


def pictured(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    cells = [write(np.full((8, 8, 3), rng.integers(0, 256, 3), np.uint8)) for _ in range(n)]
    return pa.table({"kind": rng.choice(["a", "b"], n), "photo": pa.array(cells, pa.binary())})


def test_neighbours_are_shown_on_request_on_a_page_of_their_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    real = pictured(80, 1)
    tables = {"real": real, "fake": pa.concat_tables([real.slice(0, 9), pictured(60, 2)])}
    places = {name: str(tmp_path / f"{name}.parquet") for name in ("real", "fake", "unseen")}
    for name, table in {**tables, "unseen": pictured(70, 3)}.items():
        pq.write_table(table, places[name])
    page, dossier = tmp_path / "n.html", tmp_path / "d.html"
    asked = ["privacy", places["fake"], places["real"], "--holdout", places["unseen"]]
    assert run([*asked, "--show-neighbours", str(page), "-o", str(dossier)]) == 0
    assert "n.html: it shows real people's data" in capfd.readouterr().out
    shown = page.read_text()
    assert "This page shows real people's data" in shown
    assert shown.count("counts as a copy") >= 9
    assert "data:image/png" not in dossier.read_text()
    assert run([*asked, "--show-neighbours", str(tmp_path / "n.pdf")]) == 2
    assert "unsupported suffix '.pdf'" in capfd.readouterr().err


def test_neighbours_need_a_column_to_be_shown(
    folder: Path, holdout: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "n.html"
    for released in ("m.reverie", "people.parquet"):
        asked = ["privacy", str(folder / released), str(folder / "people.parquet"), "--holdout", holdout]
        assert run([*asked, "--show-neighbours", str(page)]) == 2
        said = capfd.readouterr().err
        assert "--show-neighbours: needs a column of pictures, sounds or texts" in said
        assert said.count("\n") == 1
    assert not page.exists()
