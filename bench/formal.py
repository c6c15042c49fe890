"""Formal privacy: each family that can promise it, and peers, at some epsilons, judged as in the comparison.

Usage: python bench/formal.py [options]. Writes its section of docs/benchmarks.md; about two hours for all.
What ran before is not run again while the code is the same. Noise differs from run to run; see --again.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import page
import pieces
import results
import scores
from contest import compete, say
from reverie.dp.ledger import PLACE
from reverie.models.base import families, family
from systems import FORMAL_PEERS, System, privately
from tables import ROOT, Halves, available, halves

DELTA = 1e-5
GOALS = {"shape": 3.0, "mle": 0.03, "time": 300.0}
"""Of `marginals` at epsilon 1, on adult; the best network is to have a shape error of 5 % there."""
TEXT = """## {title}

On {data}, delta {delta:g}, by the outside judge; `mle loss` is what models lose that are trained on synthetic
rows. Families say nothing of the rows but through noise, bounds of numbers, levels and missing rates too;
peers are told the types of columns, and a fifth (SmartNoise) or a tenth (MOSTLY AI) of epsilon bounds values.
Each is one run: noise differs from run to run. † marks a run kept from earlier code, ‡ a busy machine.

"""
TITLE = "Formal privacy"


@dataclass(frozen=True)
class Contestant:
    """A system at an epsilon, and the name by which an option asks for it."""

    asked: str
    key: str
    system: System
    epsilon: float


def contestants(epsilons: Sequence[float]) -> Iterator[Contestant]:
    """Every family that can promise formal privacy, and every peer, at every epsilon."""
    for epsilon in epsilons:
        for name in families():
            if family(name).CAPABILITIES.dp:
                yield Contestant(name, *privately(name, epsilon, DELTA), epsilon)
        for name, peer in FORMAL_PEERS.items():
            yield Contestant(f"peer {name}", f"{name}-eps{epsilon:g}", peer(epsilon, DELTA), epsilon)


def parse() -> argparse.Namespace:
    """The options, with the judge's place worked in."""
    able = [name for name in families() if family(name).CAPABILITIES.dp]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=list(available()), default="adult")
    parser.add_argument("--families", nargs="*", choices=able, default=able, help="to run")
    parser.add_argument("--peers", nargs="*", choices=list(FORMAL_PEERS), default=list(FORMAL_PEERS))
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 8.0])
    parser.add_argument("--again", action="store_true", help="run again what ran before")
    parser.add_argument("--judge", type=Path, default=scores.JUDGE, help="script of the outside judge")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that one command may take")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    given = parser.parse_args()
    given.judge = given.judge.resolve() if given.judge.exists() else None
    given.peers = [f"peer {name}" for name in given.peers]
    return given


def collect(data: Halves, given: argparse.Namespace) -> list[tuple[Contestant, results.Result]]:
    """What was asked for, and what ran before."""
    found = []
    for one in contestants(given.epsilons):
        if one.asked in (*given.families, *given.peers):
            told = {"judge": given.judge, "limit": given.limit, "cache": not given.again}
            run = compete(one.key, one.system, data, **told, rate=False, own=False)
        else:
            run = results.find(one.key, one.system, data, any_code=True)
        if run is not None:
            found.append((one, run))
    return found


def section(data: Halves, found: Sequence[tuple[Contestant, results.Result]]) -> str:
    """The section of the page."""
    head = ["", "epsilon", "fit s", "fit MB", "shape", "trend", "c2st fresh", "mle loss", "dcr", "goals"]
    rows = [_row(one, run) for one, run in found if not run.failure]
    failed = [
        f"- {run.system} at epsilon {one.epsilon:g}: {run.failure}" for one, run in found if run.failure
    ]
    notes = "\nDid not finish:\n\n" + "\n".join(failed) + "\n" if failed else ""
    return f"{TEXT.format(title=TITLE, data=data.name, delta=DELTA)}{page.table(head, rows)}{notes}"


def _row(one: Contestant, run: results.Result) -> list[str]:
    judged = run.outside or {}
    marks = ("†" if run.code != one.system.code else "") + ("‡" if run.busy else "")
    loss = judged["mle_real"] - judged["mle"] if "mle" in judged else None
    figures = [page.number(judged.get(name), 2) for name in ("shape_err", "trend_err")]
    figures += [
        page.number(judged.get("c2st_fresh"), 3),
        page.number(loss, 3),
        page.number(judged.get("dcr_share"), 3),
    ]
    goals = _goals(one, judged, loss, run.fit_seconds)
    cost = [page.number(run.fit_seconds, 1), page.number(run.fit_peak_mb, 0)]
    return [f"{run.system} {marks}".strip(), f"{one.epsilon:g}", *cost, *figures, goals]


def _goals(one: Contestant, judged: dict[str, float], loss: float | None, seconds: float | None) -> str:
    """Which of its goals a run misses."""
    if one.asked != "marginals" or one.epsilon != 1 or loss is None:
        return page.DASH
    measured = {"shape": judged["shape_err"], "mle": loss, "time": seconds or 0.0}
    missed = [name for name, figure in measured.items() if figure > GOALS[name]]
    return f"**missed**: {', '.join(missed)}" if missed else "reached"


def main() -> None:
    """Run what is missing, and write."""
    given = parse()
    # Promises of a comparison are not those of whoever runs it.
    os.environ[PLACE] = str(ROOT / "build" / "bench" / "ledger.json")
    data = halves(given.data)
    pieces.put(given.page, section(data, collect(data, given)))
    say(f"written: section '{TITLE}' of {given.page}")


if __name__ == "__main__":
    main()
