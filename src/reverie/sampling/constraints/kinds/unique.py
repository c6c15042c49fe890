"""No two rows hold the same value, or the same combination of values."""

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints import cells
from reverie.sampling.constraints.base import Rule
from reverie.sampling.constraints.observed import Observed
from reverie.sampling.matching import flat
from reverie.schema.types import Constraint

_ROWS = 100
_COLLISIONS = 30.0


class Unique(Rule):
    """The combination of `columns` occurs once; rows with one of them missing are free."""

    ACROSS = True

    def valid(self, table: pa.Table) -> np.ndarray:
        """All rows but those that repeat an earlier one."""
        columns = [flat(table[name]) for name in self.constraint.columns]
        absent = np.zeros(table.num_rows, dtype=bool)
        for column in columns:
            absent |= column.is_null().to_numpy(zero_copy_only=False)
        first = np.zeros(table.num_rows, dtype=bool)
        first[
            np.unique(cells.joint([cells.codes(column)[0] for column in columns]), return_index=True)[1]
        ] = True
        return first | absent

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Whole numbers that never repeat, though as many draws from their range would collide 30 times.

        Only offered: how many rows can be made under it is bounded, and the codec of identifiers keeps it
        anyway.
        """
        return [
            Constraint(
                kind="unique",
                columns=(name,),
                enforced=False,
                evidence=f"never repeats in {observed.rows:,} rows; random draws from its range would",
            )
            for name, axis in observed.numeric.items()
            if axis == "number" and _never_repeats(observed, name)
        ]


def _never_repeats(observed: Observed, name: str) -> bool:
    if observed.rows < _ROWS or len(np.unique(observed.sample.numbers(name))) < observed.sample.rows:
        return False
    values = observed.numbers(name)
    if (
        cells.decimals(values[:1_000]) != 0
        or len(np.unique(values)) < observed.rows
        or np.isnan(values).any()
    ):
        return False
    return observed.rows**2 / (2 * (np.ptp(values) + 1)) >= _COLLISIONS


RULE = Unique
