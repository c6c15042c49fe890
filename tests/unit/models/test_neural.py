"""What neural families share, without a family."""

import subprocess
import sys
from pathlib import Path

import pytest

from reverie.core.errors import ConfigError, OutputError
from reverie.models import neural
from reverie.models.base import Budget
from reverie.schema.blocks import Category, Real, Spec


def test_without_torch_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    neural.require("vae")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError, match=r"reverie\[neural\]"):
        neural.require("vae")


def test_torch_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, reverie.models.neural; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_checkpoints_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    for name in ("1.checkpoint", "2.checkpoint.part", "notes.txt"):
        (tmp_path / "kept" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "kept" / name).touch()
    neural.forget(tmp_path / "kept")
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["notes.txt"]
    (tmp_path / "kept" / "notes.txt").unlink()
    neural.forget(tmp_path / "kept")
    neural.forget(tmp_path / "kept")
    assert not list(tmp_path.iterdir())


def test_each_training_has_a_file_of_its_own(tmp_path: Path) -> None:
    told = [("Bound", 1, {"epochs": 3}), ("Bound", 2, {"epochs": 3}), ("Bound", 1, {"epochs": 4})]
    places = [neural._place(tmp_path / "a" / "b", *each) for each in told]
    assert len(set(places)) == 3
    assert {place.parent for place in places} == {tmp_path / "a" / "b"}
    assert neural._place(tmp_path / "a" / "b", *told[0]) == places[0]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        neural._place(tmp_path / "file" / "folder")


def test_seconds_grow_with_rows_between_bounds_and_with_codes() -> None:
    few, many = (Category("c", 10),), (Category("c", 10), Real("x"))

    def told(specs: tuple[Spec, ...], rows: int, threads: int = 1) -> float:
        budget = Budget(threads=threads)
        return neural.seconds(specs, rows, budget, epochs=10, least=100, most=1_000, unit=1e-4)

    assert told(few, 10) == told(few, 1_000) == pytest.approx(100 * (5e-3 + 1e-3))
    assert told(few, 25_600) == pytest.approx(500 * (5e-3 + 1e-3))
    assert told(few, 10**9) == pytest.approx(1_000 * (5e-3 + 1e-3))
    assert told(many, 10) == pytest.approx(100 * (5e-3 + 9e-3))
    assert told(many, 10, threads=4) == pytest.approx(100 * (5e-3 + 4.5e-3))
