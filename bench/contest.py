"""One system on one data set: run, or found if it ran before, and judged."""

import sys
from dataclasses import replace
from pathlib import Path

import results
import scores
from systems import System
from tables import Halves


def compete(
    key: str,
    system: System,
    data: Halves,
    *,
    judge: Path | None,
    limit: float,
    cache: bool = False,
    rate: bool = True,
    own: bool = True,
) -> results.Result:
    """The system's result, run or (with `cache`) found, and judged if it is not yet.

    Without `rate` rows a second, without `own` the figures of `reverie evaluate` are left out.
    """
    say(f"{data.name}: {system.name} {system.version} ({key})")
    result = results.find(key, system, data) if cache else None
    if result is None:
        result = results.run(key, system, data, limit=limit, rate=rate)
        results.keep(key, system, data, result)
    table = results.table_of(key, data)
    if table.exists():
        outside = scores.outside(judge, data, table, known=result.outside)
        # Reverie's own measures are part of what is tested, so they are always taken anew.
        result = replace(result, outside=outside, own=scores.own(data, table) if own else result.own)
        results.keep(key, system, data, result)
    return result


def say(text: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{text}\n")
