"""privacy --canaries: secrets are planted, and found where they come out."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.cli import planting
from reverie.cli.main import run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """real.parquet, unseen.parquet and m.reverie, fitted to all kinds of columns."""
    found = tmp_path_factory.mktemp("planting")
    for seed, name in enumerate(("real", "unseen")):
        rng = np.random.default_rng(seed)
        days = (np.datetime64("2024-01-01") + rng.integers(0, 300, 600)).astype("datetime64[D]")
        columns = {
            "id": [f"K{seed}{i:05d}" for i in range(600)],
            "level": rng.choice(["plain", "odd", "rare"], 600, p=[0.6, 0.3, 0.1]),
            "amount": np.round(rng.gamma(2, 30, 600), 2),
            "gain": np.where(rng.random(600) < 0.9, 0, 99_999),
            "when": pa.array(days),
            "email": [f"person{seed}{i}@example.org" for i in range(600)],
        }
        pq.write_table(pa.table(columns), found / f"{name}.parquet")
    model = [
        "fit",
        str(found / "real.parquet"),
        "-o",
        str(found / "m.reverie"),
        "--model",
        "copula",
        "--k",
        "6",
    ]
    assert run(model) == 0
    return found


def command(place: Path) -> list[str]:
    model, real, unseen = (str(place / name) for name in ("m.reverie", "real.parquet", "unseen.parquet"))
    return ["privacy", model, real, "--holdout", unseen, "--canaries", "--json", str(place / "d.json")]


def test_no_secret_comes_out(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(command(place)) == 0
    found = json.loads((place / "d.json").read_text())["canaries"]
    assert found[0]["found"] == {}
    assert not any(one["leaked"] for one in found)
    assert [one["planted"] for one in found] == [10, 20, 6]
    assert "canaries, a value that one row has: 10 planted, found nowhere" in capfd.readouterr().out


def test_what_comes_out_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's step leaves the planted table, and the sampler gives back what it learned from."""
    call = planting._Search._call

    def leak(self, *arguments: str) -> None:
        call(self, *arguments)
        if arguments[0] == "sample":
            pq.write_table(self.planted.table, self.left / planting.FAKE)
            (self.scratch / "left.txt").write_text(str(self.planted.values["level"][0]))
            self.said.append(str(self.planted.values["email"][0]).encode())

    monkeypatch.setattr(planting._Search, "_call", leak)
    assert run(command(place)) == 0
    told = json.loads((place / "d.json").read_text())
    assert told["verdict"] == "do not release"
    found = [one["found"] for one in told["canaries"]]
    assert found[0]["samples"] == 10
    assert found[0]["files left over"] == 1
    assert found[0]["what was said"] == 1
    assert found[1:] == [{"samples": 20}, {"samples": 6}]


def test_a_fit_that_fails_is_one_line(place: Path, monkeypatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(planting._Search, "_fit", lambda *_: ["fit", "nowhere.csv", "-o", "m.reverie"])
    assert run(command(place)) == 2
    assert "--canaries: 'reverie fit' failed: error: nowhere.csv" in capfd.readouterr().err
    told = json.loads((place / "d.json").read_text())
    assert not told["canaries"]
    assert "the search for canaries failed" in told["notes"][-1]
