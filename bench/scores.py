"""Judge a synthetic table twice: with the outside judge, if there is one, and with Reverie's measures."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd

import environments
from systems import REVERIE
from tables import ROOT, Halves, as_learned, read_csv

JUDGE = ROOT.parent / "shared" / "judge" / "fidelity.py"


def outside(
    judge: Path | None, data: Halves, table: Path, *, known: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    """The figures of the judge's one JSON line; `known` ones of the same judge stand. None if no judge."""
    if judge is None:
        return None
    fingerprint = hashlib.blake2b(judge.read_bytes(), digest_size=8).hexdigest()
    if known and known.get("judge") == fingerprint:
        return known
    judged = table.with_suffix(".judged.parquet")
    as_learned(pd.read_parquet(table), read_csv(data.train)).to_parquet(judged)
    command = [environments.python_of("judge"), judge, data.judged_train, data.judged_holdout, judged]
    return {**_json_of([*map(str, command), "--target", data.target, "--json"]), "judge": fingerprint}


def own(data: Halves, table: Path) -> dict[str, Any] | None:
    """What `reverie evaluate --json` writes."""
    scores = table.with_suffix(".scores.json")
    scores.unlink(missing_ok=True)
    command = [REVERIE, "evaluate", data.train, table, "--holdout", data.holdout, "--target", data.target]
    done = subprocess.run([*map(str, command), "--json", str(scores)], capture_output=True, text=True)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["failed"])[-1]}
    return json.loads(scores.read_text())


def floor(judge: Path | None, data: Halves) -> dict[str, Any] | None:
    """The figures of the holdout itself in the place of a synthetic table: the best to be hoped for."""
    if judge is None:
        return None
    found = outside(judge, data, data.judged_holdout)
    # Told from itself and measured against itself, the holdout gives no sense in these.
    return {k: v for k, v in (found or {}).items() if k not in {"c2st_fresh", "mle", "dcr_share", "exact"}}


def _json_of(command: list[str]) -> dict[str, Any]:
    # Beside other programs, threads that wait by spinning take many times as long.
    patient = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(command, capture_output=True, text=True, env=patient)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["failed"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])
