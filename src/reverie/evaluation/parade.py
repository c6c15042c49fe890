"""Families side by side: each learns the same rows in as much time, and what it makes is judged and kept.

The race of `auto` tells which family is best by one figure; a parade is for seeing in which way each is good.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.codecs.base import modalities
from reverie.codecs.spelling import read_table
from reverie.core.errors import ConfigError, ReverieError
from reverie.core.rng import child
from reverie.evaluation import composite
from reverie.evaluation.base import Comparison, Measurement
from reverie.evaluation.heats import FEWEST_JUDGED, HELD_BACK, MOST_ROWS
from reverie.evaluation.privacy import media as near_media
from reverie.evaluation.privacy import texts as near_texts
from reverie.evaluation.quality import media, texts
from reverie.models.base import Budget, OnProgress, Progress, family, silent
from reverie.models.choice import AUTO, check_family, ranked, settled
from reverie.models.deadline import Deadline, seconds_of
from reverie.sampling import plan
from reverie.sampling.request import Request
from reverie.sampling.table import Prepared, prepare
from reverie.schema.types import Table

FEWEST_MADE, MOST_MADE = 200, 1_000
"""Rows that each family makes: as many as are held back, within these."""
CELLS = (media.MEASURE, texts.MEASURE, near_media.MEASURE, near_texts.MEASURE)
"""Measures of pictures, sounds and texts."""


@dataclass(frozen=True)
class Entrant:
    """A family: the seconds of its fit, its rows beside real ones, and figures by name; or what `stopped`
    it.
    """

    family: str
    seconds: float
    comparison: Comparison | None = None
    figures: Mapping[str, Measurement] = field(default_factory=dict)
    stopped: str = ""


@dataclass(frozen=True)
class Parade:
    """All entrants, which learned from `rows` rows and were judged by those `held_back`."""

    entrants: tuple[Entrant, ...]
    rows: int
    held_back: int

    @property
    def shown(self) -> tuple[Entrant, ...]:
        """Those that made rows."""
        return tuple(one for one in self.entrants if one.comparison is not None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: what was measured of each family."""
        return {
            "rows": self.rows,
            "held_back": self.held_back,
            "families": {one.family: _plain(one) for one in self.entrants},
        }


def entrants_for(schema: Table, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The families that can learn the table, or those called `names`. Raises ConfigError if one cannot."""
    needs = modalities(schema.columns)
    for name in names:
        check_family(name)
        settled(name, needs)
    if names:
        return tuple(dict.fromkeys(names))
    settled(AUTO, needs)  # says so if there is none
    return tuple(one for one in ranked(MOST_ROWS) if needs <= set(family(one).CAPABILITIES.modalities))


def parade(
    table: pa.Table,
    schema: Table,
    names: Sequence[str],
    *,
    seed: int = 0,
    k: int = 5,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Parade:
    """Let the families `names` learn four fifths of the rows, and judge what each makes by the last fifth, or
    by 50 rows.

    `budget.seconds` are shared among them, after what codecs take of it; without, each takes its own time.
    Raises ConfigError if there are too few rows.
    """
    table = read_table(schema, table, lenient=True)
    order = child(seed, schema.name, "parade").permutation(table.num_rows)
    most = min(table.num_rows, round(MOST_ROWS / (1 - HELD_BACK)))
    held = max(round(HELD_BACK * most), FEWEST_JUDGED)
    if most < 2 * FEWEST_JUDGED:
        what = f"has {table.num_rows:,} rows, too few to compare families on"
        raise ConfigError(what, where=schema.name, fix=f"Give at least {2 * FEWEST_JUDGED:,}")
    unseen, part = (table.take(pa.array(np.sort(rows))) for rows in (order[:held], order[held:most]))
    deadline = Deadline.after(budget.seconds)
    ready = prepare(part, schema, seed=seed, k=k, budget=budget, on_progress=on_progress)
    entrants = []
    for place, name in enumerate(names):
        on_progress(Progress(f"learning {name}", place, len(names)))
        slot = replace(budget, seconds=seconds_of(deadline.part(1 / (len(names) - place))))
        entrants.append(_enter(name, ready, (part, unseen), schema, slot, seed))
        # Making and judging rows is not of the budget.
        deadline = deadline if budget.seconds is None else Deadline(deadline.at + entrants[-1].judged)
    return Parade(tuple(one.entrant for one in entrants), part.num_rows, held)


@dataclass(frozen=True)
class _Entered:
    entrant: Entrant
    judged: float


def _enter(
    name: str, ready: Prepared, real: tuple[pa.Table, pa.Table], schema: Table, budget: Budget, seed: int
) -> _Entered:
    """One family learns, makes rows and is judged."""
    start, (part, unseen) = time.monotonic(), real
    learned = start
    try:
        model = ready.learn(name, seed=seed, budget=budget, critic=False)
        learned = time.monotonic()
        n = int(np.clip(unseen.num_rows, FEWEST_MADE, MOST_MADE))
        made = pa.concat_tables(
            plan.stream(model, n, Request(), seed=seed, workers=budget.threads, fast=True)
        )
        fake = read_table(schema, made, lenient=True)
        comparison = Comparison(part, fake, unseen, schema, seed=seed)
        figures = composite.measured(part, unseen, fake, schema, seed)
        figures |= {one.name: one for measure in CELLS for one in measure.measure(comparison)}
        found = Entrant(name, learned - start, comparison, figures)
    except ReverieError as error:
        found = Entrant(name, time.monotonic() - start, stopped=str(error))
    return _Entered(found, time.monotonic() - learned)


def _plain(one: Entrant) -> dict[str, Any]:
    measures = {
        name: {"value": each.value, "low": each.low, "high": each.high, "floor": each.floor, "n": each.n}
        for name, each in one.figures.items()
    }
    return {"seconds": round(one.seconds, 3), "stopped": one.stopped, "measures": measures}
