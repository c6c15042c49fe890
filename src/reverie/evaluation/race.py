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
from reverie.evaluation.pace import slowness
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
    some = table.take(pa.array(child(seed, schema.name, "race").permutation(table.num_rows)))

    def ready(places: np.ndarray) -> Prepared:
        return prepare(some.take(pa.array(places)), schema, seed=seed, k=k)

    clock = Deadline.after(0)
    pace = 1.0 if budget.seconds is None else slowness()
    plan = make_plan(order, table.num_rows, ready, budget, pace)
    if plan.seconds is not None:
        plan = replace(plan, seconds=plan.seconds + clock.left)
    aside = _left_out({**absent(), **plan.left_out})
    if not plan.heats:
        return Race(order[0], f"auto: {order[0]}, {plan.why}", aside)
    contest = _Contest(some, schema, ready, plan, seed)
    contest.run(budget, on_progress)
    return _decide(order, contest.ran, plan, aside)


@dataclass
class _Ran:
    """How a family does: a score for each heat, or what stopped it."""

    seconds: float = 0.0
    scores: list[Score] = field(default_factory=list)
    stopped: str = ""


class _Contest:
    """The heats of a race, one after the other; `ran` is how each family does."""

    def __init__(
        self, table: pa.Table, schema: Table, ready: Callable[[np.ndarray], Prepared], plan: Plan, seed: int
    ) -> None:
        self.table, self.schema = read_table(schema, table, lenient=True), schema
        self.ready, self.plan, self.seed = ready, plan, seed
        self.ran = {name: _Ran() for name in plan.slots}

    def run(self, budget: Budget, on_progress: OnProgress) -> None:
        """All heats, as far as time allows: of the first one the favourite's turn, which is the first."""
        deadline, turns = Deadline.after(self.plan.seconds), 0
        for number, heat in enumerate(self.plan.heats):
            if number and deadline.left < 0:
                break
            start = self.ready(heat.part)
            for name, one in self.ran.items():
                if not number and turns and deadline.left < 0:
                    one.stopped = "the time of the race was up"
                if not one.stopped:
                    total = len(self.ran) * len(self.plan.heats)
                    on_progress(Progress(f"racing {name}", turns, total))
                    self._turn(name, start, heat, replace(budget, seconds=self.plan.slots[name]))
                turns += 1

    def _turn(self, name: str, start: Prepared, heat: Heat, budget: Budget) -> None:
        """One family learns, makes rows and is judged."""
        one, clock = self.ran[name], Deadline.after(0)
        try:
            learned = start.learn(name, seed=self.seed, budget=budget, critic=False)
            n = max(min(len(heat.part), MOST_MADE), len(heat.unseen))
            parts = requests.stream(learned, n, Request(), seed=self.seed, workers=budget.threads, fast=True)
            fake = read_table(self.schema, pa.concat_tables(parts), lenient=True)
            part, unseen = self._rows(heat.part), self._rows(heat.unseen)
            one.scores.append(composite.score(part, unseen, fake, self.schema, self.seed))
        except ReverieError as error:
            one.stopped = str(error)
        one.seconds -= clock.left

    def _rows(self, places: np.ndarray) -> pa.Table:
        return self.table.take(pa.array(places))


def _decide(order: Sequence[str], ran: Mapping[str, _Ran], plan: Plan, aside: tuple[Entry, ...]) -> Race:
    judged = {name: composite.mean(one.scores) for name, one in ran.items() if not one.stopped}
    winner, why = choose(order, judged)
    entries = [_entry(name, one, judged.get(name), winner) for name, one in ran.items()]
    entries.sort(key=lambda entry: -(entry.composite or 0.0))
    part, unseen = len(plan.heats[0].part), len(plan.heats[0].unseen)
    folds = max(len(one.scores) for one in ran.values())
    return Race(winner, f"auto: {winner}, {why}", (*entries, *aside), part, unseen, folds)


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
        others = " and ".join(name for name in judged if name != best)
        alone = f"as {others} failed the privacy floor" if others else "which alone came through the race"
        return best, alone if len(fit) == 1 else f"which is ahead with {said}"
    apart = fit[best].composite - fit[held].composite
    noise = CHANCE * float(np.hypot(fit[best].error, fit[held].error))
    if apart > noise:
        return best, f"which is ahead with {said}, {held} {fit[held].composite:.1f}"
    return held, f"as {best} is ahead by {apart:.1f} of 100 alone, and chance may be {noise:.1f}"


def _entry(name: str, one: _Ran, score: Score | None, winner: str) -> Entry:
    seconds = round(one.seconds, 3)
    if score is None:
        return Entry(name, f"stopped: {one.stopped}", seconds)
    failed = f"disqualified: {score.fails}" if score.fails else ""
    verdict = CHOSEN if name == winner else failed or BEHIND
    return Entry(name, verdict, seconds, score.composite, score.error, score.figures)


def _left_out(reasons: Mapping[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(name, f"left out: {reason}") for name, reason in reasons.items())
