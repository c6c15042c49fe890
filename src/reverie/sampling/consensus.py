"""The likeliest of several completions of each row: the one most like the others.

Where one cell is unknown that is the most frequent of its draws, or their median; where several are, it is a
row that was drawn as a whole, so that its cells fit each other. Sources: Kaufman & Rousseeuw 1987 (medoids);
Gower 1971, Podani 1999 (the distance of mixed cells, numbers by their ranks).
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from reverie.sampling.constraints import cells
from reverie.sampling.matching import flat
from reverie.sampling.table import Learned

DRAWS = 15
"""Completions of each row."""


def likeliest(
    model: Learned, known: pa.Table, draw: Callable[[], pa.Table], wanted: Sequence[str]
) -> pa.Table:
    """Of each row of `known` the completion, among several that `draw` makes of all, that differs least from
    the others in the cells of the `wanted` columns that were drawn (pictures, sounds and lists tell nothing);
    rows that would break a rule among these are as first drawn.
    """
    told = [name for name in wanted if cells.has_levels(model.rules.arrow[name])]
    free = {name: _empty(known[name]) if name in known.column_names else np.True_ for name in told}
    free = {name: empty for name, empty in free.items() if empty.any()}
    draws = [draw() for _ in range(DRAWS if free else 1)]
    costs = np.zeros((len(draws), known.num_rows))
    for name, empty in free.items():
        costs += np.where(empty, _costs([made[name] for made in draws]), 0.0)
    chosen = costs.argmin(0)
    while True:
        made = _taken(draws, chosen)
        wrong = _wrong(model, made) & (chosen > 0)
        if not wrong.any():
            return made
        chosen[wrong] = 0


def _empty(column: pa.ChunkedArray) -> np.ndarray:
    return flat(column).is_null().to_numpy(zero_copy_only=False)


def _costs(draws: Sequence[pa.ChunkedArray]) -> np.ndarray:
    """How much each draw of a cell differs from all draws of it, (draws, rows), from 0 to 1."""
    column = pa.concat_arrays([flat(draw) for draw in draws])
    shape = len(draws), len(draws[0])
    if cells.axis(column.type) is None:
        codes = cells.codes(column)[0].reshape(shape)
        return np.stack([(codes != one).mean(0) for one in codes])
    numbers = cells.numbers(column)
    ranks = (rankdata(numbers, nan_policy="omit") / max(len(numbers), 1)).reshape(shape)
    absent = np.isnan(numbers).reshape(shape)
    gaps = (
        np.where(absent | gone, absent ^ gone, abs(ranks - one))
        for one, gone in zip(ranks, absent, strict=True)
    )
    return np.stack([gap.mean(0) for gap in gaps])


def _wrong(model: Learned, table: pa.Table) -> np.ndarray:
    """Rows that break a rule, (rows,); of those that may not stand together all."""
    turned = table.take(pa.array(np.arange(table.num_rows)[::-1]))
    return ~(model.rules.valid(table) & model.rules.valid(turned)[::-1])


def _taken(draws: Sequence[pa.Table], chosen: np.ndarray) -> pa.Table:
    """Row i as draw `chosen[i]` has it."""
    places = [np.flatnonzero(chosen == at) for at in range(len(draws))]
    parts = [draw.take(pa.array(rows)) for draw, rows in zip(draws, places, strict=True)]
    order = np.argsort(np.concatenate(places))
    return pa.concat_tables(parts).unify_dictionaries().take(pa.array(order))
