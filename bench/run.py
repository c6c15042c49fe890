"""Reverie and its peers on the same machine and the same data, judged alike; writes docs/benchmarks.md.

Usage: make bench [BENCH='--quick'], or python bench/run.py [options]. All of it takes hours.
One family alone: python bench/run.py --data adult --peers --families vae --page FILE
"""

import argparse
from pathlib import Path

import memory
import page
import scores
from contest import compete, say
from reverie.models.choice import AUTO
from systems import PEERS, installed, with_families
from tables import available, halves


def parse() -> argparse.Namespace:
    """The options, with --quick and the judge's place worked in."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), help="default: all")
    parser.add_argument(
        "--families", nargs="*", choices=installed(), help="of Reverie; auto is its default. Default: all"
    )
    parser.add_argument("--data", nargs="+", choices=list(available()), help="default: all")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="unless named: two data sets, one peer and auto; no large sample",
    )
    parser.add_argument("--cache", action="store_true", help="use finished runs again, and mark them")
    parser.add_argument("--judge", type=Path, default=scores.JUDGE, help="script of the outside judge")
    parser.add_argument("--limit", type=float, default=4 * 3600, help="seconds that one command may take")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="where the tables are written")
    given = parser.parse_args()
    if given.peers is None:
        given.peers = ["copula"] if given.quick else list(PEERS)
    if given.families is None:
        given.families = [AUTO] if given.quick else installed()
    given.data = given.data or (["adult", "breast_cancer"] if given.quick else list(available()))
    given.judge = given.judge.resolve() if given.judge.exists() else None
    return given


def main() -> None:
    """Run what was asked for, and write the page after every data set."""
    given = parse()
    systems = with_families(given.families) | {key: PEERS[key] for key in given.peers}
    found: list[page.Section] = []
    for name in given.data:
        data = halves(name)
        floor = scores.floor(given.judge, data)
        options = {"judge": given.judge, "limit": given.limit, "cache": given.cache}
        runs = {key: compete(key, system, data, **options) for key, system in systems.items()}
        found.append(page.Section(data, floor, runs))
        page.write(given.page, found, [])
    if AUTO in given.families and not given.quick:
        page.write(given.page, found, memory.check(found[0].data, limit=given.limit))
    say(f"written: {given.page}")


if __name__ == "__main__":
    main()
