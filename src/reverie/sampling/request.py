"""What is asked of a learned table: conditions on all rows, or cells known row by row; and the rows that
answer it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.base import Condition, codec_for
from reverie.codecs.spelling import read_condition, read_table
from reverie.codecs.storage import is_string
from reverie.core.errors import ConditionError, DataError
from reverie.core.names import hint
from reverie.sampling.conditions import PROMPT, meets, typed, words
from reverie.sampling.constraints import cells
from reverie.sampling.matching import flat
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

    Unless `strict`, a row for which no valid completion is found is kept as it is. `asked` are the columns
    of the conditions, and `source` is where the known rows come from; both are for messages.
    """

    evidence: Evidence | None = None
    after: tuple[Condition, ...] = ()
    known: pa.Table | None = field(default=None, repr=False)
    strict: bool = True
    asked: tuple[str, ...] = ()
    source: str = "data"
    fixed: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Cells that every row holds, by column, where what the model makes would only come close."""

    @classmethod
    def of(cls, model: Learned, conditions: Sequence[Condition]) -> Self:
        """The request for rows that meet `conditions`. Raises ConditionError if none can."""
        if not conditions:
            return cls()
        columns = {column.name: column for column in model.schema.columns}
        conditions = [_begun(model, one) for one in conditions]
        read = [read_condition(columns[c.column], c) if c.column in columns else c for c in conditions]
        modelled, after = model.rules.translate(read)
        loose = [typed(one, model.rules.arrow[one.column]) for one in modelled if model.codec.loose(one)]
        asked = tuple(dict.fromkeys(condition.column for condition in conditions))
        evidence = model.codec.evidence(modelled)
        found = ((one.column, model.codec.codec(one.column).exact(one)) for one in modelled)
        fixed = {column: cell for column, cell in found if cell is not None}
        return cls(evidence, (*after, *loose), asked=asked, fixed=fixed)

    @classmethod
    def complete(cls, model: Learned, table: pa.Table, *, strict: bool, source: str = "data") -> Self:
        """The request to fill in the missing cells of `table`, whose columns may be some of the learned ones.

        Raises DataError if a column is unknown, or its values are not of the type that was learned; if
        `strict`, also ConditionError if a cell holds a level that was not.
        """
        known = conform(model, table, source)
        if strict:
            _refuse_unknown(model, known, source)
        return cls(known=known, strict=strict, source=source)

    def part(self, start: int, rows: int) -> Self:
        """The request for some of the rows."""
        return self if self.known is None else replace(self, known=self.known.slice(start, rows))


def conform(model: Learned, table: pa.Table, source: str = "data") -> pa.Table:
    """The table's columns in the types that were learned. Raises DataError naming the `source` and the
    column that does not fit.
    """
    columns, read = {}, read_table(model.schema, table)
    for name in table.column_names:
        kind = model.rules.arrow.get(name)
        if kind is None:
            fix = hint(name, model.rules.arrow)
            raise DataError(f"no column '{name}' was learned", where=source, fix=fix)
        if pt.is_binary(kind) and not pt.is_binary(table[name].type) and not pt.is_null(table[name].type):
            fix = "Give their bytes, or a table beside the files that it names"
            raise DataError(f"column '{name}' holds no pictures or sounds", where=source, fix=fix)
        try:
            columns[name] = (table if is_string(kind) else read)[name].cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            what = f"column '{name}' holds {table[name].type}, and {kind} was learned"
            raise DataError(what, where=source, fix="Correct its values") from None
    return pa.table(columns)


def _refuse_unknown(model: Learned, known: pa.Table, source: str) -> None:
    modelled = {codec.column.name: codec for codec in model.codec.codecs}
    for name in known.column_names:
        levels = model.rules.levels(name)
        codec = modelled.get(name) if levels is None else levels.codec
        values = flat(known[name])
        wrong = np.flatnonzero(codec.unknown(values)) if codec is not None else np.zeros(0, int)
        if codec is not None and len(wrong):
            try:
                codec.evidence(Condition(name, values=(values[int(wrong[0])].as_py(),)))
            except ConditionError as error:
                what = f"row {wrong[0] + 1:,}, column '{name}' {error.what}"
                raise ConditionError(what, where=source, fix=error.fix) from None


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
        table = _fixed(table, request.fixed)
        if request.known is not None:
            table = _overlay(table, request.known.take(pa.array(at)))
        good = _valid(model, table, request, kept)
        drawn += len(at)
        giving_up = drawn > MOST_TRIES + PATIENCE * n
        if giving_up and not request.strict:
            good = np.ones(len(at), dtype=bool)
        places, chosen = _assign(at, want, good, pooled=observed is None)
        if giving_up and len(places) < len(want):
            left = at == np.setdiff1d(want, places)[0] if observed is not None else np.ones(len(at), bool)
            found = n - len(want) + len(places)
            raise _impossible(model, request, table.filter(left), drawn, found, int(at[left][0]), offset)
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


def _begun(model: Learned, condition: Condition) -> Condition:
    """The condition, one of a beginning on the column of texts that it is meant of. Raises ConditionError if
    that is not one that is written word by word.
    """
    if condition.begins is None:
        return condition
    able = [column.name for column in model.schema.columns if codec_for(column).MODALITY == "tokens"]
    column = condition.column
    if column == PROMPT and column not in model.rules.arrow:
        if len(able) != 1:
            many = f"Say 'COLUMN starts with ...' of one of: {', '.join(able)}"
            what = f"begins a text, and {len(able) or 'no'} columns of this model are texts that it writes"
            raise ConditionError(what, where=PROMPT, fix=many if able else "Leave it out")
        return replace(condition, column=able[0])
    if column not in able:
        what, fix = "is no text that is written, so it cannot be begun", "Use another condition"
        raise ConditionError(what, where=column, fix=fix)
    return condition


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


def _fixed(table: pa.Table, cells: Mapping[str, Any]) -> pa.Table:
    """The rows with the cells that all of them hold."""
    for name, cell in cells.items():
        place, kind = table.column_names.index(name), table.schema.field(name).type
        table = table.set_column(place, name, pa.repeat(pa.scalar(cell, kind), table.num_rows))
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


def _impossible(
    model: Learned, request: Request, table: pa.Table, drawn: int, found: int, row: int, offset: int
) -> ConditionError:
    """What to say where of rows such as those of `table`, the last drawn, only `found` were valid.

    Of partly known rows `table` holds the draws of the first that was not completed, at position `row`.
    """
    met = "none" if not found else f"only {found:,}"
    if request.known is None:
        where, asked = ", ".join(request.asked) or "conditions", request.asked
        what = f"together with the rules of the table they are met by {met} of {drawn:,} rows drawn"
    else:
        held = request.known.slice(row, 1)
        where, asked = request.source, [name for name in held.column_names if not held[name].null_count]
        draws = f"none of its {table.num_rows:,} last draws keeps the rules"
        what = f"row {offset + row + 1:,} cannot be completed: {draws}"
    return ConditionError(what, where=where, fix=_blame(model, request, table, asked))


def _blame(model: Learned, request: Request, table: pa.Table, asked: Sequence[str]) -> str:
    """What most rows of `table` fail, of the conditions and of the rules on columns that are asked for."""
    columns = {*asked, *(one.column for one in request.after)}
    broken = model.rules.broken(table, columns) or model.rules.broken(table)
    unmet = [int(np.count_nonzero(~meets(table, [one]))) for one in request.after]
    worst = max(broken, key=lambda name: broken[name], default="")
    if not worst and not any(unmet):
        return "Loosen a condition"
    if max(unmet, default=0) < broken.get(worst, 0):
        return f"Most rows break {worst}: change what is asked, or loosen that rule"
    hardest = request.after[int(np.argmax(unmet))]
    column = flat(table[hardest.column])
    ends = pc.min_max(column).as_py() if cells.axis(column.type) else None
    reach = f" ({hardest.column} goes from {ends['min']} to {ends['max']} in them)" if ends else ""
    return f"Most rows do not meet {words(hardest)}{reach}: loosen it or another condition"
