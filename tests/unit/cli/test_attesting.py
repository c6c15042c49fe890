"""privacy: the dossier, on the command line."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.cli.main import run


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
