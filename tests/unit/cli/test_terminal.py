"""What people see."""

import json
from pathlib import Path

import pytest

from reverie.cli import terminal
from reverie.models.base import Progress


def test_cells_are_no_markup(capfd: pytest.CaptureFixture[str]) -> None:
    terminal.show_table("title", ("a", "b"), [("[red]x[/red]", "y")])
    assert "[red]x[/red]" in capfd.readouterr().out


def test_progress_is_quiet_off_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("rows") as tell:
        tell(Progress("sample", 1, 2))
    assert capfd.readouterr() == ("", "")


def test_progress_draws_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with terminal.progress("rows") as tell:
        tell(Progress("read", 0, 1))
        tell(Progress("sample", 50, 100))
        tell(Progress("sample", 100, 100))


def test_json(tmp_path: Path) -> None:
    terminal.write_json(None, {"a": 1})
    terminal.write_json(str(tmp_path / "a.json"), {"a": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}


def test_counts_in_words() -> None:
    assert (terminal.count(1, "row"), terminal.count(1_000, "row")) == ("1 row", "1,000 rows")


def test_the_command_is_named_so_that_it_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    import sys

    monkeypatch.setattr(sys, "argv", [".venv/bin/reverie", "demo"])
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert terminal.program() == ".venv/bin/reverie"
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/reverie")
    assert terminal.program() == "reverie"
    monkeypatch.setattr(sys, "argv", ["pytest"])
    assert terminal.program() == "reverie"
