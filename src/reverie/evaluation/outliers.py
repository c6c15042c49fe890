"""Rows that are like no others: little tells whose they are, so that they may be left out of learning."""

import numpy as np
import pyarrow as pa

from reverie.codecs.spelling import read_table
from reverie.core.rng import child
from reverie.evaluation import neighbours
from reverie.evaluation.view import view
from reverie.schema.types import Table

RECORDS = 25_000
"""Rows, drawn at random, among which the nearest other one is sought."""


def ordinary(table: pa.Table, schema: Table, share: float, *, seed: int = 0) -> pa.Table:
    """The table without the `share` of its rows that are farthest from the nearest other row, in its order.

    All stay where no column can be compared.
    """
    count = int(share * table.num_rows)
    if not count or table.num_rows < 3:
        return table
    read = read_table(schema, table, lenient=True)
    seen = view(read, read, None, schema)
    if not seen.fields:
        return table
    chosen = child(seed, "outliers").permutation(seen.real.rows)[:RECORDS]
    found = neighbours.nearest(seen, seen.real, seen.real.take(chosen))
    # A row that is among the records is the nearest to itself.
    itself = np.isin(np.arange(seen.real.rows), chosen)
    away = np.where(itself, found.second, found.first)
    kept = np.sort(np.argsort(away, kind="stable")[: table.num_rows - count])
    return table.take(pa.array(kept))
