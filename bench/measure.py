"""Run one command as a subprocess and measure what it took: seconds, processor seconds, peak memory."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.2


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
    with log.open("w") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        watch = _Watch(process, began + limit)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
    if watch.over_limit:
        raise CommandError(f"not done after {limit:,.0f} s")
    if process.returncode:
        raise CommandError(_last_line(log) or f"exit code {process.returncode}")
    peak = max(usage.ru_maxrss / 1024, watch.peak_mb)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


class _Watch(threading.Thread):
    """Sums the memory of a process and its children while they run, and ends them when time is up."""

    def __init__(self, process: subprocess.Popen, deadline: float) -> None:
        super().__init__(daemon=True)
        self.process, self.deadline = process, deadline
        self.peak_mb, self.over_limit = 0.0, False
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            family = _family(self.process.pid)
            # A lone process is measured exactly by the kernel; only several need adding up.
            if len(family) > 1:
                self.peak_mb = max(self.peak_mb, sum(map(_proportional_mb, family)))
            if time.perf_counter() > self.deadline:
                self.over_limit = True
                self.process.kill()
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


def _proportional_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
