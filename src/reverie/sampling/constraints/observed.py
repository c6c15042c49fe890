"""A table as detection looks at it: each column read once, and a sample on which to sort out candidates
cheaply.
"""

from functools import cached_property

import numpy as np
import pyarrow as pa

from reverie.codecs.base import types
from reverie.core.space import is_large, moved
from reverie.sampling.constraints import cells
from reverie.schema.types import Constraint, Table

_SAMPLE = 2_000
_MOST_LEVELS = 1_000


class Observed:
    """A table and its schema, with columns as numbers and as codes, computed when first asked for and then
    kept.
    """

    def __init__(self, table: pa.Table, schema: Table) -> None:
        self.table, self.schema = table, schema
        self.rows = table.num_rows
        self.formulas: list[Constraint] | None = None
        self._numbers: dict[str, np.ndarray] = {}
        self._codes: dict[str, tuple[np.ndarray, pa.Array]] = {}

    @cached_property
    def names(self) -> list[str]:
        """Columns that rules may speak of: all but the primary key and others whose values are made anew."""
        codecs = types()
        learned = {c.name for c in self.schema.columns if c.type not in codecs or not codecs[c.type].INVENTED}
        return [n for n in self.table.column_names if n in learned and n != self.schema.primary_key]

    @cached_property
    def sample(self) -> "Observed":
        """At most 2,000 rows, evenly spaced."""
        if self.rows <= _SAMPLE:
            return self
        places = np.linspace(0, self.rows - 1, _SAMPLE).astype(np.int64)
        return Observed(self.table.take(pa.array(places)), self.schema)

    @cached_property
    def numeric(self) -> dict[str, str]:
        """Column name -> what its numbers are ('number', 'date', 'moment', 'span')."""
        axes = {name: cells.axis(self.table[name].type) for name in self.names}
        return {name: axis for name, axis in axes.items() if axis is not None}

    @cached_property
    def levelled(self) -> list[str]:
        """Columns of 2 to 1,000 levels, missing included."""
        fit = [
            n
            for n in self.names
            if cells.has_levels(self.table[n].type) and len(self.sample.codes(n)[1]) <= _MOST_LEVELS
        ]
        return [name for name in fit if 1 < len(self.codes(name)[1]) <= _MOST_LEVELS]

    def numbers(self, name: str) -> np.ndarray:
        """The column as float64, NaN where missing."""
        if name not in self._numbers:
            self._numbers[name] = self._kept(cells.numbers(self.table[name]))
        return self._numbers[name]

    def codes(self, name: str) -> tuple[np.ndarray, pa.Array]:
        """The column as level codes, and the levels."""
        if name not in self._codes:
            codes, levels = cells.codes(self.table[name])
            self._codes[name] = self._kept(codes), levels
        return self._codes[name]

    def _kept(self, values: np.ndarray) -> np.ndarray:
        """The values, in a file if those of all columns are large together."""
        return moved(values) if is_large((self.rows, self.table.num_columns), float) else values
