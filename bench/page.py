"""Write docs/benchmarks.md: one table a data set, one row a system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import goals
import musts
import pieces
import quoted
from memory import LargeSample
from results import Result, machine
from tables import ROOT, SOURCES, Halves

PAGE = ROOT / "docs" / "benchmarks.md"
DASH = "-"

INTRODUCTION = """# Benchmarks

Written by `make bench` on {day}; {machine}. Every command is run as a whole process, start-up included;
only rows/s has it taken off, being the difference between two sample sizes. Peak memory is of all processes
of a command together. Peers run with their default settings, in their own environments. Each data set is
divided into two random halves: systems see one, and generate as many rows as it holds. † marks a run that
was kept from before, ‡ one whose times are too long because the machine was busy with other things.

How to read the figures: `shape` and `trend` are the errors, in %, of the distributions of columns and of
pairs of columns, against the half learned from (SDMetrics). `c2st` says how well a classifier tells real
from synthetic: `lr` is 1 at best, `gbm` .5 at best, and `fresh` is the same against the half that no system
saw, the honest one. `mle` is the score (AUC, or R² for a number) on unseen real rows of a model trained on
synthetic rows. `dcr` is the share of synthetic rows nearer to the half learned from than to the other, .5
at best, and `exact` the share of copied rows.
"""

FAMILIES = """## The families, on {data}

Each is sampled by `--fast`, without the critic, so that the family itself is judged; the last column has the
figure with the critic, as by default.
"""
NAMESAKES = """## The families against their namesakes

The composite by which `--model auto` chooses, here by the outside judge: 100 at best. Families are sampled by
`--fast`. A family that is behind a namesake which took no more than five times as long is marked.
"""
GOALS = f"Against the goals, on {goals.DATA}"
PARETO = "Fidelity against fit time"
"""The section that bench/pareto.py writes."""
LARGE = "Ten million rows"


@dataclass(frozen=True)
class Section:
    """One data set: what the holdout itself scores, and what each system did."""

    data: Halves
    floor: dict[str, Any] | None
    runs: Mapping[str, Result]


# Heading, key in the judge's JSON, decimals.
JUDGED = (
    ("shape", "shape_err", 2),
    ("trend", "trend_err", 2),
    ("c2st lr", "c2st_lr", 3),
    ("c2st gbm", "c2st_gbm", 3),
    ("c2st fresh", "c2st_fresh", 3),
    ("mle", "mle", 3),
    ("dcr", "dcr_share", 3),
    ("exact", "exact", 4),
)


def write(path: Path, sections: Sequence[Section], large: Sequence[LargeSample]) -> None:
    """The whole page, from what is known so far; sections of data sets that did not run stay as they are."""
    parts = [INTRODUCTION.format(day=date.today().isoformat(), machine=machine())]
    reached = [goals.rows(section.runs, large) for section in sections if section.data.name == goals.DATA]
    parts += [f"## {GOALS}\n\n{table(goals.HEAD, rows)}" for rows in reached if rows] or pieces.kept(
        path, GOALS
    )
    parts += _families(path, sections)
    parts += pieces.kept(path, PARETO)
    run = {section.data.name: section for section in sections}
    for name in SOURCES:
        parts += [_section(run[name])] if name in run else pieces.kept(path, name)
    parts += [_large(large)] if large else pieces.kept(path, LARGE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


def _families(path: Path, sections: Sequence[Section]) -> list[str]:
    found = []
    reached = [row for one in sections if one.data.name == goals.DATA for row in musts.rows(one.runs)]
    if reached:
        found.append(f"{FAMILIES.format(data=goals.DATA)}\n{table(musts.HEAD, reached)}")
    else:
        found += pieces.kept(path, FAMILIES.format(data=goals.DATA).partition("\n")[0].removeprefix("## "))
    beside = musts.against_namesakes([one.runs for one in sections])
    if beside:
        found.append(f"{NAMESAKES}\n{table(musts.NAMESAKE_HEAD, beside)}")
    return found


def _section(section: Section) -> str:
    data = section.data
    size = f"{data.train_rows:,} rows to learn from, {data.columns} columns"
    days = sorted({run.day for run in section.runs.values()})
    when = f" Run on {', '.join(days)}." if days else ""
    title = f"## {data.name}\n\n{size}; target {data.target}.{when}\n"
    head = ["", "fit s", "rows/s", "fit MB", "sample MB", *(heading for heading, _, _ in JUDGED)]
    rows = [_floor_row(section.floor)] if section.floor else []
    rows += [_row(run) for run in section.runs.values()]
    published = data.name == quoted.DATA
    rows += [_quoted_row(row) for row in quoted.ROWS] if published else []
    failures = [f"- {run.system}: {run.failure}" for run in section.runs.values() if run.failure]
    notes = "\nDid not finish:\n\n" + "\n".join(failures) + "\n" if failures else ""
    notes += quoted.notes() if published else ""
    return f"{title}\n{table(head, rows)}{notes}{_own(list(section.runs.values()))}"


def _row(run: Result) -> list[str]:
    name = f"{run.system} {run.version}{' †' if run.reused else ''}{' ‡' if run.busy else ''}"
    costs = [
        number(run.fit_seconds, 1),
        number(run.rows_per_second, 0),
        number(run.fit_peak_mb, 0),
        number(run.sample_peak_mb, 0),
    ]
    judged = run.outside or {}
    return [name, *costs, *(number(judged.get(key), decimals) for _, key, decimals in JUDGED)]


def _floor_row(floor: dict[str, Any]) -> list[str]:
    shown = {**floor, "mle": floor.get("mle_real"), "exact": floor.get("exact_holdout")}
    figures = [number(shown.get(key), decimals) for _, key, decimals in JUDGED]
    return ["*real rows, unseen*", DASH, DASH, DASH, DASH, *figures]


def _quoted_row(row: quoted.Quoted) -> list[str]:
    seconds = DASH if row.minutes is None else f"{60 * row.minutes:,.0f} (GPU)"
    figures = [number(row.figures.get(key), decimals) for _, key, decimals in JUDGED]
    return [f"*{row.system}*", seconds, DASH, DASH, DASH, *figures]


def _own(runs: Sequence[Result]) -> str:
    judged = [run for run in runs if run.own and "error" not in run.own]
    if not judged:
        return ""
    measures = [_measures(run) for run in judged]
    names = list(dict.fromkeys(name for found in measures for name in found))
    rows = [
        [run.system, *(_verdict(run, part) for part in PARTS), *(_figure(found.get(name)) for name in names)]
        for run, found in zip(judged, measures, strict=True)
    ]
    return f"\nBy `reverie evaluate`:\n\n{table(['', *PARTS, *names], rows)}"


PARTS = ("faithful", "useful", "private")


def _measures(run: Result) -> dict[str, dict[str, Any]]:
    own = run.own or {}
    return {name: found for part in PARTS for name, found in own.get(part, {}).get("measures", {}).items()}


def _verdict(run: Result, part: str) -> str:
    return (run.own or {}).get(part, {}).get("verdict", DASH)


def _figure(found: dict[str, Any] | None) -> str:
    return DASH if found is None else number(found.get("value"), 4)


def _large(large: Sequence[LargeSample]) -> str:
    head = ["", "data", "rows", "seconds", "peak MB"]
    rows = [
        [
            one.system,
            one.data,
            f"{one.rows:,}",
            number(one.cost.seconds, 1) if one.cost else f"failed: {one.failure}",
            number(one.cost.peak_mb, 0) if one.cost else DASH,
        ]
        for one in large
    ]
    return f"## {LARGE}\n\n{table(head, rows)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def number(value: float | None, decimals: int) -> str:
    """A figure with its decimals, thousands apart; a dash for none."""
    return DASH if value is None else f"{value:,.{decimals}f}"
