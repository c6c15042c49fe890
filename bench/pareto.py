"""Fidelity against the time of fitting: every family at each budget, every peer, and what is quoted.

Usage: python bench/pareto.py [options]. Draws docs/images/pareto.svg and writes its section of
docs/benchmarks.md. About a quarter of an hour a family, and hours for peers that `make bench` did not run.
What ran before is not run again while the code is the same, so an interrupted run goes on where it ended.
Families and peers that are not named are drawn too where they ran before: `--families vae --peers` runs one.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import page
import pieces
import quoted
import results
import scores
from contest import compete, say
from picture import Panel, draw
from points import FIGURES, Kind, Point, front, point_of
from reverie.models.choice import AUTO
from systems import PEERS, System, installed, within
from tables import Halves, available, halves

BUDGETS = (5, 60, 300)
PEER = "peer "
"""Before the name of a peer, since a family may have the same."""
PICTURE = "images/pareto.svg"
"""Beside the page."""

TEXT = """## {title}

On {data}, with budgets of {budgets} s for each family (`--budget`), the families sampled by `--fast` and auto
as by default; peers, which have no budget, with their defaults. Lower is better in both panels, and to the
left is faster. Points of a family are joined; the dashed steps join points that none beats in both time and
fidelity. Hollow points are quoted, and took a GPU. † marks a run kept from earlier code, ‡ a busy machine.

![Fidelity against the time of fitting]({picture})

"""


def parse() -> argparse.Namespace:
    """The options, with the judge's place worked in."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=list(available()), default=quoted.DATA)
    parser.add_argument("--families", nargs="*", choices=installed(), default=installed(), help="to run")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS), help="to run")
    parser.add_argument("--budgets", nargs="+", type=int, default=BUDGETS, help="seconds")
    parser.add_argument("--again", action="store_true", help="run families again that ran before")
    parser.add_argument("--judge", type=Path, default=scores.JUDGE, help="script of the outside judge")
    parser.add_argument("--limit", type=float, default=4 * 3600, help="seconds that one command may take")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    given = parser.parse_args()
    given.judge = given.judge.resolve() if given.judge.exists() else None
    given.peers = [PEER + key for key in given.peers]
    return given


def collect(data: Halves, given: argparse.Namespace) -> tuple[list[Point], list[str]]:
    """Points of what was asked for and of what ran before, as far as judged; and what did not finish."""
    told = {"judge": given.judge, "limit": given.limit, "own": given.judge is None}
    points: list[Point | None] = []
    failures: list[str] = []
    for one in contestants(given.budgets):
        if one.asked in (*given.families, *given.peers):
            cache = one.kind == "peer" or not given.again
            run = compete(one.key, one.system, data, **told, cache=cache, rate=one.kind == "peer")
        else:
            run = results.find(one.key, one.system, data, any_code=True)
        if run is not None:
            old = run.code != one.system.code
            points.append(point_of(run, one.series, one.kind, one.budget, old=old))
            failures += [f"{one.key}: {run.failure}"] if run.failure else []
    return [one for one in points if one is not None], failures


@dataclass(frozen=True)
class Contestant:
    """A system, the name by which an option asks for it, and how it is shown."""

    asked: str
    key: str
    system: System
    series: str
    kind: Kind
    budget: int | None = None


def contestants(budgets: Sequence[int]) -> Iterator[Contestant]:
    """Every family at every budget, and every peer."""
    for family, seconds in product(installed(), budgets):
        series = "auto, with the critic" if family == AUTO else family
        yield Contestant(family, *within(family, seconds), series, "family", seconds)
    for key, system in PEERS.items():
        yield Contestant(PEER + key, key, system, system.name, "peer")


def panels(points: Sequence[Point], floor: dict[str, float]) -> list[Panel]:
    """One for telling real from synthetic, one for pairs of columns; their axes hold all points."""
    worst = max([10.0, *(one.figures["trend_err"] for one in points if "trend_err" in one.figures)])
    scale = 0.5, 1, 2, 5, 10, 20, 50, 100
    marks = [mark for mark, before in zip(scale, (0, *scale), strict=False) if before < worst]
    return [
        Panel("c2st_fresh", "c2st fresh: can a classifier tell? (.5 is best)", (0.5, 0.6, 0.7, 0.8, 0.9, 1)),
        Panel("trend_err", "trend error, %", marks, floor.get("trend_err"), logarithmic=True),
    ]


def section(data: Halves, given: argparse.Namespace, points: Sequence[Point], failures: list[str]) -> str:
    """The section of the page: the picture, and its points as a table."""
    budgets = ", ".join(map(str, given.budgets))
    text = TEXT.format(title=page.PARETO, data=data.name, budgets=budgets, picture=PICTURE)
    unbeaten = {figure: front((one for one in points if one.kind != "quoted"), figure) for figure in FIGURES}
    head = ["", "budget s", "fit s", "c2st fresh", "trend", "unbeaten in"]
    rows = [_row(point, [name for name, best in unbeaten.items() if point in best]) for point in points]
    notes = "\nDid not finish:\n\n" + "\n".join(f"- {one}" for one in failures) + "\n" if failures else ""
    return f"{text}{page.table(head, rows)}{notes}"


def _row(point: Point, unbeaten: list[str]) -> list[str]:
    figures = [page.number(point.figures.get(name), 3 if name == "c2st_fresh" else 2) for name in FIGURES]
    budget = page.DASH if point.budget is None else str(point.budget)
    names = ", ".join(name.replace("_err", "").replace("_", " ") for name in unbeaten) or page.DASH
    return [f"{point.series} {point.note}".strip(), budget, page.number(point.seconds, 1), *figures, names]


def main() -> None:
    """Run what is missing, draw, and write."""
    given = parse()
    data = halves(given.data)
    points, failures = collect(data, given)
    points += quoted.points() if data.name == quoted.DATA else []
    if not points:
        raise SystemExit(f"nothing to draw: {'; '.join(failures) or 'no run was judged'}")
    picture = given.page.parent / PICTURE
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(draw(points, panels(points, scores.floor(given.judge, data) or {})))
    pieces.put(given.page, section(data, given, points, failures))
    say(f"written: {picture} and its section of {given.page}")


if __name__ == "__main__":
    main()
