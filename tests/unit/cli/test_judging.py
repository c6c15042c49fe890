"""evaluate and demo."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from reverie.cli import judging
from reverie.cli.main import run


def test_evaluate(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fake, report, scores = (str(tmp_path / name) for name in ("f.parquet", "r.html", "s.json"))
    assert run(["sample", str(folder / "m.reverie"), "-o", fake]) == 0
    real = str(folder / "people.parquet")
    assert run(["evaluate", real, fake, "--target", "city", "-o", report, "--json", scores]) == 0
    shown = capfd.readouterr().out
    assert all(aspect in shown for aspect in ("faithful", "useful", "private"))
    assert "Is it private? Not enough evidence" in shown
    assert "Why: privacy is only shown against real rows" in " ".join(shown.split())
    assert "floor: not known without real rows held back" in shown
    assert "<html" in Path(report).read_text()
    assert {"faithful", "useful", "private"} <= json.loads(Path(scores).read_text()).keys()


def test_a_report_can_be_figures(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    real, report, scores = (
        str(folder / "people.parquet"),
        str(tmp_path / "r.json"),
        str(tmp_path / "s.json"),
    )
    assert run(["evaluate", real, real, "-o", report, "--json", scores]) == 0
    assert Path(report).read_text() == Path(scores).read_text()


def test_bounds_of_ones_own(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    real, bounds, report = str(folder / "people.parquet"), tmp_path / "b.json", tmp_path / "r.html"
    bounds.write_text('{"c2st": [0.01, 0.02]}')
    assert run(["evaluate", real, real, "--thresholds", str(bounds), "-o", str(report)]) == 0
    assert "Is it faithful? Not faithful" in capfd.readouterr().out
    assert str(bounds) in report.read_text()
    bounds.write_text('{"c2st": 3}')
    assert run(["evaluate", real, real, "--thresholds", str(bounds), "-o", str(report)]) == 2
    assert "c2st" in capfd.readouterr().err


def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    from reverie import demo

    few = tmp_path / "few.parquet"
    pq.write_table(pq.read_table(demo.train_path()).slice(0, 300), few)
    monkeypatch.setattr(demo, "train_path", lambda: few)
    monkeypatch.setattr(demo, "holdout_path", lambda: few)
    steps = []
    monkeypatch.setattr(judging, "evaluate", lambda *found: steps.append(found))
    assert run(["demo", "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "fake.parquet").exists()
    assert steps[0][3] == demo.TARGET
    shown = capfd.readouterr().out
    assert shown.count("  reverie ") == 3
    assert f"-o {tmp_path / 'out' / 'million.parquet'}" in shown
