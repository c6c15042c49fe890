"""Run one command as a subprocess and measure what it took: seconds, processor seconds, peak memory."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.2
STARTER = """
import json, os, sys, time
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
cost = [time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]
with open(sys.argv[1], "w") as report:
    json.dump({"code": os.waitstatus_to_exitcode(status), "cost": cost}, report)
"""
"""Starts the command, and must be small: the kernel counts the memory of its starter as its own."""


@dataclass(frozen=True)
class Cost:
    """What a command took. `peak_mb` is of all its processes together, shared memory counted once."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


class CommandError(Exception):
    """A command ended badly or went over its limit; the text is the last line it wrote."""


def run(command: Sequence[str], *, log: Path, limit: float) -> Cost:
    """Run `command` to its end, its output in `log`. Raises CommandError after `limit` seconds too."""
    log.parent.mkdir(parents=True, exist_ok=True)
    report = log.with_suffix(".cost.json")
    report.unlink(missing_ok=True)
    starter = [sys.executable, "-I", "-S", "-c", STARTER, str(report), *command]
    with log.open("w") as output:
        process = subprocess.Popen(starter, stdout=output, stderr=subprocess.STDOUT)
        watch = _Watch(process.pid, time.perf_counter() + limit)
        watch.start()
        process.wait()
        watch.stop()
    if watch.over_limit:
        raise CommandError(f"not done after {limit:,.0f} s")
    if not report.exists():
        raise CommandError(_last_line(log) or "could not be started")
    found = json.loads(report.read_text())
    report.unlink()
    if found["code"]:
        raise CommandError(_last_line(log) or f"exit code {found['code']}")
    seconds, cpu_seconds, peak_mb = found["cost"]
    return Cost(seconds, cpu_seconds, max(peak_mb, watch.peak_mb))


class _Watch(threading.Thread):
    """Sums the memory of all that a process started while it runs, and ends everything when time is up."""

    def __init__(self, starter: int, deadline: float) -> None:
        super().__init__(daemon=True)
        self.starter, self.deadline = starter, deadline
        self.peak_mb, self.over_limit = 0.0, False
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            family = _family(self.starter)[1:]
            # A lone process is measured exactly by the kernel; only several need adding up.
            if len(family) > 1:
                self.peak_mb = max(self.peak_mb, sum(map(_proportional_mb, family)))
            if time.perf_counter() > self.deadline:
                self.over_limit = True
                for member in [self.starter, *family]:
                    _end(member)
                return

    def stop(self) -> None:
        self._done.set()
        self.join()


def _family(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(member for child in children for member in _family(child))]


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _proportional_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
