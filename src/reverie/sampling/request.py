"""What is asked of a learned table: conditions on all rows, or cells known row by row; and the rows that
answer it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError, DataError
from reverie.sampling.conditions import meets
from reverie.sampling.table import Learned
from reverie.schema.blocks import Blocks, CategoryEvidence, Evidence, RealEvidence, concatenate

PATIENCE = 100
"""Rows that may be drawn for each row wanted before giving up, on top of MOST_TRIES."""
MOST_TRIES = 1 << 18
_ROUND = 1 << 16


@dataclass(frozen=True)
class Request:
    """`evidence` holds in every row, `after` is checked on finished rows; `known` has one row for each wanted
    one.

    Unless `strict`, a row for which no valid completion is found is kept as it is.
    """

    evidence: Evidence | None = None
    after: tuple[Condition, ...] = ()
    known: pa.Table | None = field(default=None, repr=False)
    strict: bool = True

    @classmethod
    def of(cls, model: Learned, conditions: Sequence[Condition]) -> Self:
        """The request for rows that meet `conditions`. Raises ConditionError if none can."""
        if not conditions:
            return cls()
        modelled, after = model.rules.translate(conditions)
        return cls(model.codec.evidence(modelled), tuple(after))

    @classmethod
    def complete(cls, model: Learned, table: pa.Table, *, strict: bool) -> Self:
        """The request to fill in the missing cells of `table`, whose columns may be some of the learned ones.

        Raises DataError if a column is unknown, or its values are not of the type that was learned.
        """
        return cls(known=conform(model, table), strict=strict)

    def part(self, start: int, rows: int) -> Self:
        """The request for some of the rows."""
        return self if self.known is None else replace(self, known=self.known.slice(start, rows))


def conform(model: Learned, table: pa.Table) -> pa.Table:
    """The table's columns in the types that were learned. Raises DataError naming the column that does
    not fit.
    """
    where, columns = model.schema.name, {}
    for name in table.column_names:
        kind = model.rules.arrow.get(name)
        if kind is None:
            fix = f"Columns are: {', '.join(list(model.rules.arrow)[:12])}"
            raise DataError(f"no column '{name}' was learned", where=where, fix=fix)
        try:
            columns[name] = table[name].cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            what = f"column '{name}' holds {table[name].type}, and {kind} was learned"
            raise DataError(what, where=where, fix="Correct its values") from None
    return pa.table(columns)


def answer(
    model: Learned,
    n: int,
    request: Request,
    rng: np.random.Generator,
    *,
    offset: int = 0,
    fast: bool = False,
    dictionaries: bool = False,
) -> pa.Table:
    """Exactly `n` rows that answer the request and keep every rule; row i has the number `offset` + i.

    Rows that break a rule or a condition are drawn again. Raises ConditionError if that comes to nothing.
    """
    observed = _observe(model, request, rng)
    kept: list[tuple[np.ndarray, Blocks, pa.Table]] = []
    want, drawn, repeats = np.arange(n), 0, 1
    while len(want):
        at = np.repeat(want, repeats)
        evidence = request.evidence if observed is None else _take(observed, at)
        blocks = model.draw(len(at), evidence, rng, fast=fast or observed is not None)
        table = model.decode(blocks, rng, offset, dictionaries=dictionaries)
        if request.known is not None:
            table = _overlay(table, request.known.take(pa.array(at)))
        good = _valid(model, table, request, kept)
        drawn += len(at)
        giving_up = drawn > MOST_TRIES + PATIENCE * n
        if giving_up and not request.strict:
            good = np.ones(len(at), dtype=bool)
        places, chosen = _assign(at, want, good, pooled=observed is None)
        if giving_up and len(places) < len(want):
            raise _impossible(model, table, drawn, n - len(want) + len(places))
        if len(places) == n:
            return table if len(at) == n else table.take(pa.array(chosen))
        kept.append((places, blocks.take(chosen), table.take(pa.array(chosen))))
        want = np.setdiff1d(want, places, assume_unique=True)
        repeats = _repeats(len(want), good)
    return _join(model, kept, request, rng, offset)


def _observe(model: Learned, request: Request, rng: np.random.Generator) -> Evidence | None:
    known = request.known
    if known is None:
        return None
    rows = known.num_rows
    full = {
        name: known[name] if name in known.column_names else pa.nulls(rows, kind)
        for name, kind in model.rules.arrow.items()
    }
    return model.codec.observed(model.rules.reduce_known(pa.table(full)), rng)


def _take(evidence: Evidence, rows: np.ndarray) -> Evidence:
    taken: dict[str, CategoryEvidence | RealEvidence] = {}
    for name, known in evidence.items():
        if isinstance(known, CategoryEvidence):
            taken[name] = replace(known, codes=None if known.codes is None else known.codes[rows])
        else:
            taken[name] = replace(known, values=None if known.values is None else known.values[rows])
    return taken


def _overlay(table: pa.Table, known: pa.Table) -> pa.Table:
    """The rows with the cells that are known: what was given is never changed, by rounding or protection."""
    for name in known.column_names:
        place, kind = table.column_names.index(name), known.schema.field(name).type
        table = table.set_column(place, name, pc.coalesce(known[name], table[name].cast(kind)))
    return table


def _valid(
    model: Learned, table: pa.Table, request: Request, kept: list[tuple[np.ndarray, Blocks, pa.Table]]
) -> np.ndarray:
    earlier = [rows for _, _, rows in kept] if model.whole else []
    good = model.rules.valid(pa.concat_tables([*earlier, table]))[-table.num_rows or None :]
    return good & meets(table, request.after) if request.after else good


def _assign(
    at: np.ndarray, want: np.ndarray, good: np.ndarray, *, pooled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Places that got a row, and which row each got; any good row will do for any place if they are
    `pooled`.
    """
    rows = np.flatnonzero(good)
    if pooled:
        rows = rows[: len(want)]
        return want[: len(rows)], rows
    places, first = np.unique(at[rows], return_index=True)
    return places, rows[first]


def _repeats(wanted: int, good: np.ndarray) -> int:
    """How often to draw each row still wanted, so that one of them is likely good."""
    share = max(float(good.mean()) if len(good) else 1.0, 1e-3)
    return int(np.clip(np.ceil(1.2 / share), 1, max(1, _ROUND // max(wanted, 1))))


def _join(
    model: Learned,
    kept: list[tuple[np.ndarray, Blocks, pa.Table]],
    request: Request,
    rng: np.random.Generator,
    offset: int,
) -> pa.Table:
    order = np.argsort(np.concatenate([places for places, _, _ in kept]))
    blocks = concatenate([blocks for _, blocks, _ in kept]).take(order)
    table = pa.concat_tables([rows for _, _, rows in kept]).unify_dictionaries().take(pa.array(order))
    table = model.renumber(table, blocks, rng, offset)
    return table if request.known is None else _overlay(table, request.known)


def _impossible(model: Learned, table: pa.Table, drawn: int, found: int) -> ConditionError:
    broken = model.rules.broken(table)
    worst = max(broken, key=lambda name: broken[name], default="")
    met = "none" if not found else f"only {found:,}"
    what = f"together with the rules of the table they are met by {met} of {drawn:,} rows drawn"
    fix = f"Most rows break {worst}: loosen a condition or that rule" if worst else "Loosen a condition"
    return ConditionError(what, where="conditions", fix=fix)
