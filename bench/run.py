"""Reverie and its peers on the same machine and the same data, judged alike; writes docs/benchmarks.md.

Usage: make bench [BENCH='--quick'], or python bench/run.py [options]. All of it takes hours.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import memory
import page
import results
import scores
from systems import SYSTEMS
from tables import Halves, available, halves

PEERS = [key for key in SYSTEMS if not key.startswith("reverie")]


def parse() -> argparse.Namespace:
    """The options, with --quick and the judge's place worked in."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="*", choices=PEERS, help="default: all; Reverie itself always runs")
    parser.add_argument("--data", nargs="+", choices=list(available()), help="default: all")
    parser.add_argument(
        "--quick", action="store_true", help="unless named: two data sets, one peer; no ten million rows"
    )
    parser.add_argument(
        "--cache", action="store_true", help="use finished runs of peers again, and mark them"
    )
    parser.add_argument("--judge", type=Path, default=scores.JUDGE, help="script of the outside judge")
    parser.add_argument("--limit", type=float, default=4 * 3600, help="seconds that one command may take")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="where the tables are written")
    given = parser.parse_args()
    given.peers = given.peers if given.peers is not None else ["copula"] if given.quick else PEERS
    given.data = given.data or (["adult", "breast_cancer"] if given.quick else list(available()))
    given.judge = given.judge.resolve() if given.judge.exists() else None
    return given


def compete(key: str, data: Halves, given: argparse.Namespace) -> results.Result:
    """One system on one data set, run or found, and judged if it is not yet."""
    system = SYSTEMS[key]
    say(f"{data.name}: {system.name} {system.version}")
    result = results.find(key, system, data) if given.cache else None
    if result is None:
        result = results.run(key, system, data, limit=given.limit)
        results.keep(key, data, result)
    table = results.table_of(key, data)
    if table.exists():
        outside = scores.outside(given.judge, data, table, known=result.outside)
        # Reverie's own measures are part of what is tested, so they are always taken anew.
        result = replace(result, outside=outside, own=scores.own(data, table))
        results.keep(key, data, result)
    return result


def main() -> None:
    """Run what was asked for, and write the page after every data set."""
    given = parse()
    keys = [key for key in SYSTEMS if key in given.peers or key not in PEERS]
    found: list[page.Section] = []
    for name in given.data:
        data = halves(name)
        floor = scores.floor(given.judge, data)
        runs = [compete(key, data, given) for key in keys]
        found.append(page.Section(data, floor, runs))
        page.write(given.page, found, [])
    if not given.quick:
        page.write(given.page, found, memory.check(found[0].data, limit=given.limit))
    say(f"written: {given.page}")


def say(text: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
