"""Counted distinct levels: the mergeable sketch of a column of categories, in bounded memory.

Source: Misra and Gries 1982, merged as in Agarwal et al. 2012 ("Mergeable summaries"): above `LIMIT`
levels, the count of the first one past the limit is taken from all. A count is never too high, so that
protection holds, and at most rows / LIMIT too low.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LIMIT = 1 << 16


@dataclass(frozen=True)
class Tally:
    """Distinct `levels` by falling count (ties by first appearance), without null; `rows` counts every
    value seen.
    """

    levels: pa.Array
    counts: np.ndarray
    rows: int

    @classmethod
    def of(cls, values: pa.Array) -> "Tally":
        """Tally the values that are not null."""
        present = values.drop_null()
        counted = pc.value_counts(present)
        levels, counts = counted.field("values"), counted.field("counts").to_numpy()
        return cls(levels, counts, len(present))._pruned()

    def merge(self, other: "Tally") -> "Tally":
        """The tally of both together."""
        both = pa.concat_arrays([self.levels, other.levels]).dictionary_encode()
        counts = np.zeros(len(both.dictionary), dtype=np.int64)
        np.add.at(counts, both.indices.to_numpy(), np.concatenate([self.counts, other.counts]))
        return Tally(both.dictionary, counts, self.rows + other.rows)._pruned()

    def _pruned(self) -> "Tally":
        order = np.argsort(-self.counts, kind="stable")
        counts = self.counts[order]
        if len(counts) > LIMIT:
            counts = counts - counts[LIMIT]
            order, counts = order[counts > 0], counts[counts > 0]
        return Tally(self.levels.take(pa.array(order)), counts, self.rows)
