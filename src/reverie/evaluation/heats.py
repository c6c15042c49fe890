"""What a race will be: which families, on how many rows, how often, and how long each may take."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reverie.models.base import Budget, family
from reverie.models.cost import estimate, timed
from reverie.sampling.table import Prepared
from reverie.schema.blocks import Category, Real, Spec

MOST_ROWS = 10_000
"""Rows at most that a family learns from in a race."""
HELD_BACK = 0.2
FEWEST_JUDGED = 50
"""Rows held back, under which neither a classifier nor distances can be judged."""
ENOUGH_JUDGED = 250
"""Rows held back in all folds together that are wanted where time allows."""
MOST_FOLDS = 5
SMALLEST_PART = 1_600
"""Rows to which a part is cut to save time, but no further: with fewer the simple families look better."""
SHARE = 0.3
"""Share of a budget, or without one of the favourite's own time, that a race may take."""
LEAST_SECONDS = 1.0
"""Time that a race may take at any rate, where there is no budget."""
CHEAP = 1.5
"""Without a budget, families take part that are dearer than the favourite by this factor at most."""
NEEDED = 0.5
"""Share of the time that a family wants for all rows, without which it is left out."""
LOADING, JUDGING, JUDGED_AT_LEAST = 2.0, 6e-4, 300
"""Seconds to load what judges, and to judge a row, of which there are some more than are held back."""


@dataclass(frozen=True)
class Heat:
    """Places among the mixed rows: those to learn from, and those held back."""

    part: np.ndarray
    unseen: np.ndarray


@dataclass(frozen=True)
class Plan:
    """Seconds for a fit by family, and for the race (None is no limit), the heats, why families are left out,
    and why there is no race.
    """

    slots: Mapping[str, float | None] = field(default_factory=dict)
    heats: tuple[Heat, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class _Size:
    part: int
    unseen: int
    folds: int


def make_plan(
    order: Sequence[str],
    rows: int,
    ready: Callable[[np.ndarray], Prepared],
    budget: Budget,
    slowness: float = 1.0,
) -> Plan:
    """The race of the families in `order`, the favourite first; `ready` prepares rows at given places.

    All takes `slowness` times as long as estimates say.
    """
    sizes = _sizes(rows)
    if not sizes:
        return Plan(why=f"as {rows:,} rows are too few to compare families on")
    start = ready(np.arange(min(rows, sizes[0].part)))
    specs = start.codec.specs
    if not specs:
        return Plan(why="as no column needs a model")
    costs = _Costs(start, rows, budget, slowness)
    left_out = costs.refuse(order)
    able = [name for name in order if name not in left_out]
    allowed = costs.allowed(order[0])
    while len(able) > 1:
        for size in sizes:
            needed = {name: size.folds * costs.of(name, size.part) for name in able}
            judging = costs.judging(size.folds * len(able) * (size.unseen + JUDGED_AT_LEAST))
            if sum(needed.values()) + judging <= allowed:
                slots = costs.slots(needed, allowed - judging, size.folds)
                return Plan(slots, _heats(size), left_out, seconds=allowed if budget.seconds else None)
        dearest = max(able[1:], key=lambda name: costs.of(name, rows))
        left_out[dearest] = f"there is no time to try it: a race may take {allowed:.1f} s"
        able.remove(dearest)
    return Plan(left_out=left_out, why=_why_alone(left_out, budget, allowed))


def _why_alone(left_out: Mapping[str, str], budget: Budget, allowed: float) -> str:
    if budget.seconds is not None:
        return f"the one to beat, as the budget leaves {allowed:.1f} s for a race, which is too short"
    return "the one to beat on so many rows; with a --budget the families race" if left_out else ""


class _Costs:
    """What families cost on these blocks, in seconds."""

    def __init__(self, start: Prepared, rows: int, budget: Budget, slowness: float) -> None:
        self.start, self.rows, self.budget, self.slowness = start, rows, budget, slowness
        self._rates: dict[str, float] = {}

    def refuse(self, order: Sequence[str]) -> dict[str, str]:
        """Why families cannot take part, by name; the first one, the favourite, can."""
        first = self.of(order[0], self.rows)
        reasons = {name: self._refuse(name, first) for name in order[1:]}
        return {name: reason for name, reason in reasons.items() if reason}

    def _refuse(self, name: str, first: float) -> str:
        takes = set(family(name).CAPABILITIES.modalities)
        if wrong := sorted({_modality(spec) for spec in self.start.codec.specs} - takes):
            return f"it does not model {', '.join(wrong)}"
        known = self._estimate(name, self.rows)
        if self.budget.seconds is None:
            if known is not None and known <= CHEAP * max(first, LEAST_SECONDS):
                return ""
            takes_about = "an unknown time" if known is None else f"about {known:.0f} s"
            return f"it takes {takes_about}; give a --budget to let it race"
        full, left = self.of(name, self.rows), (1 - SHARE) * self.budget.seconds
        if left >= NEEDED * full:
            return ""
        return f"it takes about {full:.0f} s, and the budget leaves {left:.0f} s"

    def of(self, name: str, rows: int) -> float:
        """Seconds for so many rows; a family without an estimate is timed, within a tenth of a race."""
        known = self._estimate(name, rows)
        if known is not None:
            return known
        if name not in self._rates:
            some = self.start.blocks
            bound = None if self.budget.seconds is None else 0.1 * SHARE * self.budget.seconds
            self._rates[name] = timed(name, some, replace(self.budget, seconds=bound)) / some.rows
        return self._rates[name] * rows

    def _estimate(self, name: str, rows: int) -> float | None:
        known = estimate(name, self.start.codec.specs, rows, self.budget)
        return None if known is None else self.slowness * known

    def judging(self, rows: int) -> float:
        """Seconds to judge so many rows; what is needed for it is loaded already if there is a budget."""
        loading = LOADING if self.budget.seconds is None else 0.0
        return loading + self.slowness * JUDGING * rows

    def allowed(self, first: str) -> float:
        """Seconds that the race may take."""
        if self.budget.seconds is not None:
            return SHARE * self.budget.seconds
        return max(SHARE * self.of(first, self.rows), LEAST_SECONDS)

    def slots(self, needed: Mapping[str, float], left: float, folds: int) -> dict[str, float | None]:
        """Each family's time for a fit: all of it, shared as they need it; no limit without a budget."""
        if self.budget.seconds is None:
            return dict.fromkeys(needed)
        total = sum(needed.values())
        return {name: left * cost / total / folds for name, cost in needed.items()}


def _sizes(rows: int) -> list[_Size]:
    """Ways to hold a race on so many rows, the best first; none if they are too few."""
    if rows < 2 * FEWEST_JUDGED:
        return []
    if HELD_BACK * rows < FEWEST_JUDGED:
        half = rows // 2
        return [_Size(rows - half, half, 2), _Size(rows - half, half, 1)]
    most = min(rows, round(MOST_ROWS / (1 - HELD_BACK)))
    unseen = round(HELD_BACK * most)
    folds = min(math.ceil(ENOUGH_JUDGED / unseen), MOST_FOLDS)
    sizes = [_Size(most - unseen, unseen, count) for count in range(folds, 0, -1)]
    while (part := sizes[-1].part // 2) >= SMALLEST_PART:
        sizes.append(_Size(part, round(part * HELD_BACK / (1 - HELD_BACK)), 1))
    return sizes


def _heats(size: _Size) -> tuple[Heat, ...]:
    """Rows held back fold by fold, none twice; all others of the first rows are learned from."""
    places = np.arange(size.part + size.unseen)
    held = [slice(i * size.unseen, (i + 1) * size.unseen) for i in range(size.folds)]
    return tuple(Heat(np.delete(places, one)[: size.part], places[one]) for one in held)


def _modality(spec: Spec) -> str:
    if isinstance(spec, Category):
        return "category"
    return ("real" if spec.n * spec.d == 1 else "vector") if isinstance(spec, Real) else "tokens"
