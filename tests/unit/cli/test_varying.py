"""vary, interpolate and reconstruct."""

import warnings
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import reverie as rv
from reverie.cli.main import run
from reverie.core.errors import ReverieWarning


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A variational autoencoder of the people."""
    place = tmp_path_factory.mktemp("vae") / "v.reverie"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReverieWarning)  # the time is too short, but for a test
        made = rv.Synthesizer("vae", budget="1s", threads=1, critic=False).fit(folder / "people.parquet")
    made.save(place)
    return str(place)


def test_variations_of_a_row(folder: Path, model: str, tmp_path: Path) -> None:
    options = ["--row", "5", "--data", str(folder / "people.parquet"), "-n", "7", "--strength", "0.2"]
    for name in ("a.parquet", "b.parquet"):
        assert run(["vary", model, "-o", str(tmp_path / name), *options]) == 0
    made = pq.read_table(tmp_path / "a.parquet")
    assert (made.num_rows, made.column_names) == (7, ["age", "city"])
    assert made.equals(pq.read_table(tmp_path / "b.parquet"))


def test_rows_that_the_model_makes(model: str, tmp_path: Path) -> None:
    out = tmp_path / "way.parquet"
    assert run(["interpolate", model, "-o", str(out), "--rows", "2", "9", "--steps", "6"]) == 0
    assert pq.read_table(out).num_rows == 6


def test_rows_as_the_model_knows_them(folder: Path, model: str, tmp_path: Path) -> None:
    out = tmp_path / "known.parquet"
    assert run(["reconstruct", model, str(folder / "people.parquet"), "-o", str(out)]) == 0
    assert pq.read_table(out).num_rows == 400


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["vary", "MODEL", "-o", "o.csv", "--row", "401", "--data", "DATA"], "there are rows 1 to 400"),
        (["vary", "MODEL", "-o", "o.csv", "--strength", "2"], "strength"),
        (["interpolate", "MODEL", "-o", "o.csv", "--rows", "0", "3"], "there are rows 1 to 3"),
        (["vary", "COPULA", "-o", "o.csv"], "has no rows near to others"),
    ],
)
def test_bad_input(
    command: list[str], told: str, folder: Path, model: str, capfd: pytest.CaptureFixture[str]
) -> None:
    places = {
        "MODEL": model,
        "DATA": str(folder / "people.parquet"),
        "COPULA": str(folder / "m.reverie"),
        "o.csv": str(folder / "o.csv"),
    }
    assert run([places.get(part, part) for part in command]) == 2
    assert told in capfd.readouterr().err
    assert not (folder / "o.csv").exists()
