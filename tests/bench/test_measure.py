"""What the benchmark reports of a command is what the command did."""

import sys
from pathlib import Path

import pytest

from measure import CommandError, run

HOLD = "import time; held = bytearray(100_000_000); time.sleep(1)"
TWO = f"""
import subprocess, sys
both = [subprocess.Popen([sys.executable, '-c', {HOLD!r}]) for _ in range(2)]
[one.wait() for one in both]
"""


def python(code: str, tmp_path: Path, limit: float = 60) -> float:
    return run([sys.executable, "-c", code], log=tmp_path / "log", limit=limit).peak_mb


def test_peak_is_of_the_process_and_not_of_who_measures(tmp_path: Path) -> None:
    mine = bytearray(b"x") * 250_000_000
    assert 100 < python("held = bytearray(100_000_000)", tmp_path) < 180
    assert len(mine) == 250_000_000


def test_peak_adds_up_processes_at_work_together(tmp_path: Path) -> None:
    assert 200 < python(TWO, tmp_path) < 300


def test_failure_tells_the_last_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="out of luck"):
        python("import sys; print('first'); sys.exit('out of luck')", tmp_path)


def test_command_over_its_limit_is_ended(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not done after 1 s"):
        python("import time; time.sleep(60)", tmp_path, limit=1)


def test_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no-such-command"):
        run(["no-such-command"], log=tmp_path / "log", limit=10)


def test_seconds_are_of_the_command(tmp_path: Path) -> None:
    cost = run([sys.executable, "-c", "import time; time.sleep(0.5)"], log=tmp_path / "log", limit=10)
    assert cost.seconds >= 0.5
    assert cost.cpu_seconds < cost.seconds
