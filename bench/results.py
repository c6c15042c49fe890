"""Run one system on one data set, or find a finished run of the same version, data and machine."""

import json
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import measure
from systems import System
from tables import ROOT, Halves

RESULTS = ROOT / "build" / "bench" / "results"
# The difference between two sample sizes must last this long before its rate means anything.
ENOUGH_SECONDS = 3.0
# A higher load before a run starts means that others use the machine; the judge, just done, leaves some two.
BUSY_LOAD = 1.5 * (os.cpu_count() or 1)
MOST_ROWS = 20_000_000


@dataclass(frozen=True)
class Result:
    """All that is known of one system on one data set; None where the run did not get that far."""

    system: str
    version: str
    data: str
    fingerprint: str
    machine: str
    day: str
    busy: bool
    fit_seconds: float | None = None
    fit_cpu_seconds: float | None = None
    fit_peak_mb: float | None = None
    rows_per_second: float | None = None
    sample_peak_mb: float | None = None
    failure: str | None = None
    outside: dict[str, Any] | None = None
    own: dict[str, Any] | None = None
    reused: bool = field(default=False, compare=False)


def machine() -> str:
    """Processor and number of cores."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores"


def folder(key: str, data: Halves) -> Path:
    """Where the files of a run are: the fitted model, the judged table, the logs, the result."""
    return RESULTS / data.name / key


def find(key: str, system: System, data: Halves) -> Result | None:
    """A finished run of the same version on the same data and machine, whoever judged it."""
    file = folder(key, data) / "result.json"
    if not (system.cached and file.exists()):
        return None
    found = Result(**json.loads(file.read_text()))
    same = (found.version, found.fingerprint, found.machine) == (system.version, data.fingerprint, machine())
    return replace(found, reused=True) if same else None


def keep(key: str, data: Halves, result: Result) -> None:
    """Write `result` where `find` looks."""
    (folder(key, data) / "result.json").write_text(json.dumps(asdict(result), indent=2) + "\n")


def table_of(key: str, data: Halves) -> Path:
    """The synthetic table of a run, with as many rows as there were to learn from."""
    return folder(key, data) / "synthetic.parquet"


def run(key: str, system: System, data: Halves, *, limit: float, rate: bool = True) -> Result:
    """Fit, sample, and sample more for the rate. A failure ends it there, and is told in the result."""
    place = folder(key, data)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    day = date.today().isoformat()
    busy = os.getloadavg()[0] > BUSY_LOAD
    result = Result(system.name, system.version, data.name, data.fingerprint, machine(), day, busy)
    try:
        cost = _fit(system, data, place, limit)
        result = replace(
            result,
            fit_seconds=cost.seconds,
            fit_cpu_seconds=cost.cpu_seconds,
            fit_peak_mb=cost.peak_mb,
        )
        few = sample(system, place, data.train_rows, table_of(key, data), limit)
        result = replace(result, sample_peak_mb=few.peak_mb)
        if rate:
            per_second = _rate(system, place, data.train_rows, few.seconds, limit)
            result = replace(result, rows_per_second=per_second)
    except measure.CommandError as error:
        result = replace(result, failure=str(error))
    return result


def _fit(system: System, data: Halves, place: Path, limit: float) -> measure.Cost:
    command = system.command(system.fit, train=data.train, file=place / "model.reverie")
    return measure.run(command, log=place / "fit.log", limit=limit)


def sample(system: System, place: Path, rows: int, out: Path, limit: float) -> measure.Cost:
    """Sample `rows` rows from the model fitted in `place`."""
    command = system.command(system.sample, file=place / "model.reverie", rows=rows, out=out)
    return measure.run(command, log=place / "sample.log", limit=limit)


def _rate(system: System, place: Path, rows: int, seconds: float, limit: float) -> float:
    """Rows a second with start-up taken off: from the difference between a small and a large sample."""
    out, more = place / "more.parquet", rows
    while True:
        more = min(10 * more, MOST_ROWS)
        difference = sample(system, place, more, out, limit).seconds - seconds
        out.unlink(missing_ok=True)
        if difference >= ENOUGH_SECONDS or more == MOST_ROWS:
            return (more - rows) / max(difference, 1e-9)
        sys.stderr.write(f"  {more:,} rows took too little to tell the rate\n")
