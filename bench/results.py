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
KEPT = ROOT / "bench" / "kept"
"""Results of peers, which are pinned and take hours: they stay with the code."""
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
    code: str = ""
    reused: bool = field(default=False, compare=False)


def machine() -> str:
    """Processor and number of cores."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores"


def folder(key: str, data: Halves) -> Path:
    """Where the files of a run are: the fitted model, the judged table, the logs, the result."""
    return RESULTS / data.name / key


def find(key: str, system: System, data: Halves, *, any_code: bool = False) -> Result | None:
    """A finished run of the same version and code on the same data and machine, whoever judged it.

    `any_code` takes a run of other code with the same version too.
    """
    places = folder(key, data) / "result.json", KEPT / data.name / f"{key}.json"
    file = next((place for place in places if place.exists()), None)
    if file is None:
        return None
    found = Result(**json.loads(file.read_text()))
    same = (found.version, found.fingerprint, found.machine) == (system.version, data.fingerprint, machine())
    same = same and (any_code or found.code == system.code)
    return replace(found, reused=True) if same else None


def keep(key: str, system: System, data: Halves, result: Result) -> None:
    """Write `result` where `find` looks."""
    text = json.dumps(asdict(result), indent=2) + "\n"
    (folder(key, data) / "result.json").write_text(text)
    if system.environment and not result.failure:
        (KEPT / data.name).mkdir(parents=True, exist_ok=True)
        (KEPT / data.name / f"{key}.json").write_text(text)


def table_of(key: str, data: Halves) -> Path:
    """The synthetic table of a run, with as many rows as there were to learn from."""
    return folder(key, data) / "synthetic.parquet"


def run(key: str, system: System, data: Halves, *, limit: float, rate: bool = True) -> Result:
    """Fit, sample, and sample more for the rate. A failure ends it there, and is told in the result.

    A system that samples another's model must run after it, and has its costs of fitting.
    """
    place = folder(key, data)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    day = date.today().isoformat()
    busy = os.getloadavg()[0] > BUSY_LOAD
    result = Result(
        system.name, system.version, data.name, data.fingerprint, machine(), day, busy, code=system.code
    )
    try:
        result = replace(result, **_fit(key, system, data, limit))
        few = sample(key, system, data, data.train_rows, table_of(key, data), limit)
        result = replace(result, sample_peak_mb=few.peak_mb)
        if rate:
            per_second = _rate(key, system, data, few.seconds, limit)
            result = replace(result, rows_per_second=per_second)
    except measure.CommandError as error:
        result = replace(result, failure=str(error))
    return result


def model_of(key: str, system: System, data: Halves) -> Path:
    """Where the model is that the system samples."""
    return folder(system.model or key, data) / "model.reverie"


def _fit(key: str, system: System, data: Halves, limit: float) -> dict[str, Any]:
    if system.model:
        lender = json.loads((folder(system.model, data) / "result.json").read_text())
        if lender["fit_seconds"] is None:
            raise measure.CommandError(lender["failure"])
        return {name: value for name, value in lender.items() if name.startswith("fit_")}
    command = system.command(system.fit, train=data.train, file=model_of(key, system, data))
    cost = measure.run(command, log=folder(key, data) / "fit.log", limit=limit)
    return {"fit_seconds": cost.seconds, "fit_cpu_seconds": cost.cpu_seconds, "fit_peak_mb": cost.peak_mb}


def sample(key: str, system: System, data: Halves, rows: int, out: Path, limit: float) -> measure.Cost:
    """Sample `rows` rows from the fitted model."""
    command = system.command(system.sample, file=model_of(key, system, data), rows=rows, out=out)
    return measure.run(command, log=folder(key, data) / "sample.log", limit=limit)


def _rate(key: str, system: System, data: Halves, seconds: float, limit: float) -> float:
    """Rows a second with start-up taken off: from the difference between a small and a large sample."""
    out, few = folder(key, data) / "more.parquet", data.train_rows
    more = few
    while True:
        more = min(10 * more, MOST_ROWS)
        difference = sample(key, system, data, more, out, limit).seconds - seconds
        out.unlink(missing_ok=True)
        if difference >= ENOUGH_SECONDS or more == MOST_ROWS:
            return (more - few) / max(difference, 1e-9)
        sys.stderr.write(f"  {more:,} rows took too little to tell the rate\n")
