"""The race: families learn from a part of the rows, and what they make is judged by rows held back.

What a race may cost is decided before: with a budget a share of it, without one a share of what fitting the
favourite takes. By their estimates the dearest families are left out, and the part is made smaller, until all
fits in. The favourite is taken unless another is better by more than chance; see docs/adr/0009.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.spelling import read_table
from reverie.core.errors import ReverieError
from reverie.core.rng import child
from reverie.evaluation import composite
from reverie.evaluation.composite import Score
from reverie.evaluation.heats import Heat, Plan, make_plan
from reverie.models.base import Budget, OnProgress, Progress, silent
from reverie.models.choice import absent, ranked
from reverie.models.deadline import Deadline
from reverie.sampling import plan as requests
from reverie.sampling.request import Request
from reverie.sampling.table import Prepared, prepare
from reverie.schema.types import Table

CHANCE = 2.0
"""Standard errors by which another family must be ahead of the favourite."""
MOST_MADE = 5_000
"""Rows that are made to be judged, or as many as are held back."""
CHOSEN, BEHIND = "chosen", "behind"


@dataclass(frozen=True)
class Entry:
    """A line of the race's table: `verdict` says how it ended, or why the family did not take part."""

    family: str
    verdict: str
    seconds: float | None = None
    composite: float | None = None
    error: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Race:
    """Which family is taken and why; `rows` were learned from, and `held_back` judged by, `folds` times."""

    winner: str
    why: str
    entries: tuple[Entry, ...] = ()
    rows: int = 0
    held_back: int = 0
    folds: int = 0

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        return {**asdict(self), "entries": [asdict(entry) for entry in self.entries], "rule": composite.WORDS}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave. Raises KeyError or TypeError on one that makes no sense."""
        held = {name: value for name, value in state.items() if name != "rule"}
        return cls(**{**held, "entries": tuple(Entry(**entry) for entry in held["entries"])})


def race(
    table: pa.Table,
    schema: Table,
    *,
    seed: int = 0,
    k: int = 5,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Race:
    """Choose a family for `table`; `budget.seconds` are for the race and the fit that follows it.

    The critic takes no part: it makes up for some of what a family misses, and is what costs most of a fit.
    """
    order = ranked(table.num_rows)
    if len(order) == 1:
        return Race(order[0], f"auto: no other family can run here than {order[0]}", _left_out(absent()))
    mixed = child(seed, schema.name, "race").permutation(table.num_rows)

    def ready(rows: np.ndarray) -> Prepared:
        return prepare(table.take(pa.array(np.sort(mixed[rows]))), schema, seed=seed, k=k)

    plan = make_plan(order, table.num_rows, ready, budget)
    aside = _left_out({**absent(), **plan.left_out})
    if not plan.heats:
        return Race(order[0], f"auto: {order[0]}, {plan.why}", aside)
    ran = _run(table, schema, mixed, ready, plan, seed, budget, on_progress)
    return _decide(order, ran, plan, aside)


@dataclass(frozen=True)
class _Ran:
    """How a family did: `score`, or what stopped it."""

    seconds: float
    score: Score | None
    stopped: str = ""


def _run(
    table: pa.Table,
    schema: Table,
    mixed: np.ndarray,
    ready: Callable[[np.ndarray], Prepared],
    plan: Plan,
    seed: int,
    budget: Budget,
    on_progress: OnProgress,
) -> dict[str, _Ran]:
    found: dict[str, list[Score]] = {name: [] for name in plan.slots}
    spent, stopped = dict.fromkeys(plan.slots, 0.0), {}
    total, read = len(plan.slots) * len(plan.heats), read_table(schema, table, lenient=True)

    def rows(places: np.ndarray) -> pa.Table:
        return read.take(pa.array(np.sort(mixed[places])))

    for heat in plan.heats:
        start, part, unseen = ready(heat.part), rows(heat.part), rows(heat.unseen)
        for name in (name for name in plan.slots if name not in stopped):
            done = sum(map(len, found.values()))
            on_progress(Progress(f"racing {name}", done, total))
            clock = Deadline.after(0)
            try:
                fake = _make(start, name, heat, seed, replace(budget, seconds=plan.slots[name]))
                fake = read_table(schema, fake, lenient=True)
                found[name].append(composite.score(part, unseen, fake, schema, seed))
            except ReverieError as error:
                stopped[name] = str(error)
            spent[name] -= clock.left
    return {
        name: _Ran(
            spent[name], composite.mean(scores) if name not in stopped else None, stopped.get(name, "")
        )
        for name, scores in found.items()
    }


def _make(start: Prepared, name: str, heat: Heat, seed: int, budget: Budget) -> pa.Table:
    """Rows made by the family, with the columns in the schema's order."""
    learned = start.learn(name, seed=seed, budget=budget, critic=False)
    n = max(min(len(heat.part), MOST_MADE), len(heat.unseen))
    parts = requests.stream(learned, n, Request(), seed=seed, workers=budget.threads, fast=True)
    return pa.concat_tables(parts).select([column.name for column in learned.schema.columns])


def _decide(order: Sequence[str], ran: Mapping[str, _Ran], plan: Plan, aside: tuple[Entry, ...]) -> Race:
    judged = {name: one.score for name, one in ran.items() if one.score is not None}
    winner, why = choose(order, judged)
    entries = [_entry(name, one, winner) for name, one in ran.items()]
    entries.sort(key=lambda entry: -(entry.composite or 0.0))
    part, unseen = len(plan.heats[0].part), len(plan.heats[0].unseen)
    return Race(winner, f"auto: {winner}, {why}", (*entries, *aside), part, unseen, len(plan.heats))


def choose(order: Sequence[str], judged: Mapping[str, Score]) -> tuple[str, str]:
    """The winner among the families that were judged, and why; `order` has the one to beat first."""
    if not judged:
        return order[0], "as no family came through the race"
    fit = {name: one for name, one in judged.items() if not one.fails}
    if not fit:
        least = min(judged, key=lambda name: judged[name].figures.get("dcr_share", 1.0))
        return least, "the one that copies least, as all fail the privacy floor"
    best = max(fit, key=lambda name: fit[name].composite)
    held = next(name for name in order if name in fit)
    said = f"{fit[best].composite:.1f} of 100"
    if best == held:
        others = [name for name in judged if name != best]
        return best, f"which is ahead with {said}" if len(fit) > 1 else f"as {' and '.join(others)} failed"
    apart = fit[best].composite - fit[held].composite
    noise = CHANCE * float(np.hypot(fit[best].error, fit[held].error))
    if apart > noise:
        return best, f"which is ahead with {said}, {held} {fit[held].composite:.1f}"
    return held, f"as {best} is ahead by {apart:.1f} of 100 alone, and chance may be {noise:.1f}"


def _entry(name: str, one: _Ran, winner: str) -> Entry:
    seconds, score = round(one.seconds, 3), one.score
    if score is None:
        return Entry(name, f"stopped: {one.stopped}", seconds)
    failed = f"disqualified: {score.fails}" if score.fails else ""
    verdict = CHOSEN if name == winner else failed or BEHIND
    return Entry(name, verdict, seconds, score.composite, score.error, score.figures)


def _left_out(reasons: Mapping[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(name, f"left out: {reason}") for name, reason in reasons.items())
