"""The combinations of values that several columns take together, and which of them each row holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.sampling.constraints import cells
from reverie.sampling.matching import flat


@dataclass(frozen=True)
class Combos:
    """Distinct rows of some columns, the most frequent first; missing is a value like any other."""

    table: pa.Table

    @classmethod
    def learn(cls, table: pa.Table, columns: tuple[str, ...], k: int) -> tuple["Combos", np.ndarray]:
        """The combinations that at least `k` rows hold, and how many rows hold each."""
        plain = pa.table({name: flat(table[name]) for name in columns})
        grouped = plain.group_by(list(columns), use_threads=False).aggregate([([], "count_all")])
        counts = grouped["count_all"].to_numpy()
        order = np.argsort(-counts, kind="stable")
        order = order[counts[order] >= k]
        return cls(grouped.select(list(columns)).take(pa.array(order))), counts[order]

    def __len__(self) -> int:
        return self.table.num_rows

    def take(self, rows: np.ndarray) -> "Combos":
        """The combinations at these positions."""
        return Combos(self.table.take(pa.array(rows, pa.int64())))

    def first_by(self, keys: tuple[str, ...]) -> np.ndarray:
        """Positions of the first, so most frequent, combination of each value of `keys`."""
        key = cells.joint([cells.codes(self.table[name])[0] for name in keys])
        return np.sort(np.unique(key, return_index=True)[1])

    def find(self, table: pa.Table, on: tuple[str, ...]) -> np.ndarray:
        """Position of the combination that each row holds in the columns `on`, (rows,) int64, -1 for none."""
        if not len(self):
            return np.full(table.num_rows, -1, dtype=np.int64)
        own, theirs = np.zeros(len(self), dtype=np.int64), np.zeros(table.num_rows, dtype=np.int64)
        for name in on:
            _, levels = cells.codes(self.table[name])
            own = own * (len(levels) + 1) + _places(self.table[name], levels)
            theirs = theirs * (len(levels) + 1) + _places(table[name], levels)
        order = np.argsort(own, kind="stable")
        spot = np.minimum(np.searchsorted(own[order], theirs), len(self) - 1)
        return np.where(own[order][spot] == theirs, order[spot], -1)

    def only(self, table: pa.Table) -> np.ndarray:
        """Position of the one combination that fits the cells present in each row, -1 for none or several."""
        found = np.full(table.num_rows, -1, dtype=np.int64)
        masks = [flat(table[name]).is_valid().to_numpy(zero_copy_only=False) for name in table.column_names]
        present = np.column_stack(masks)
        for pattern in np.unique(present, axis=0):
            on = tuple(name for name, known in zip(table.column_names, pattern, strict=True) if known)
            if not on:
                continue
            rows = np.flatnonzero((present == pattern).all(axis=1))
            spot = self.find(table.take(pa.array(rows)), on)
            key = cells.joint([cells.codes(self.table[name])[0] for name in on])
            single = np.bincount(key)[key] == 1
            found[rows] = np.where((spot >= 0) & single[spot], spot, -1)
        return found

    def state(self) -> dict[str, Any]:
        """JSON-able; no value that is not in a combination kept."""
        return {name: cells.levels_to_json(flat(self.table[name])) for name in self.table.column_names}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Combos":
        """Rebuild what `state` gave."""
        return cls(pa.table({name: cells.levels_from_json(levels) for name, levels in state.items()}))


def _places(column: pa.ChunkedArray, levels: pa.Array) -> np.ndarray:
    """Index of each cell among the levels, plus one; 0 for a cell that is none of them."""
    found = pc.index_in(flat(column).cast(levels.type, safe=False), value_set=levels, skip_nulls=False)
    return pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
