"""Traces: values that few real rows have and that stand, letter by letter, in what a model keeps.

A model is also a release: whoever holds the file can read it. Values that many rows share are what it is
for; values that fewer than k rows have should be in it no oftener than those of unseen rows are by chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.evaluation import arrow
from reverie.evaluation.intervals import exceeds

LEAST_LETTERS, LEAST_DIGITS = 4, 6
"""Shorter texts, and numbers of fewer digits, are in a model by chance."""


@dataclass(frozen=True)
class Traced:
    """Of `rare` values of a column `found` are in a model, and of `unseen_rare` of unseen rows `unseen`."""

    found: int = 0
    rare: int = 0
    unseen: int = 0
    unseen_rare: int = 0

    @property
    def kept(self) -> bool:
        """Whether more are there than chance puts there."""
        if not self.unseen_rare:
            return self.found > 0
        shares = self.found / max(self.rare, 1), self.unseen / self.unseen_rare
        return exceeds(shares[0], self.rare, shares[1], self.unseen_rare) > 0


def traces(state: Any, real: pa.Table, unseen: pa.Table, k: int) -> dict[str, Traced]:
    """For each column of `real` its values that fewer than `k` rows have in the nested `state` of a model."""
    words, numbers = _leaves(state)
    found = {}
    for name in real.column_names:
        pair = arrow.plain(real[name]), arrow.plain(unseen[name])
        sides = (pair[0], pair[1]), (pair[1], pair[0])
        found[name] = Traced(*(n for one, other in sides for n in _count(one, other, words, numbers, k)))
    return found


def _count(
    column: pa.ChunkedArray, other: pa.ChunkedArray, words: set[str], numbers: np.ndarray, k: int
) -> tuple[int, int]:
    """How many rare values of a column that another table's has not are there, and of how many."""
    if pt.is_string(column.type) or pt.is_large_string(column.type):
        return _texts(column, _rare(column, other, k), words, k)
    if pt.is_floating(column.type) or pt.is_integer(column.type):
        return _numbers(_rare(column, other, k), numbers)
    return 0, 0


def _leaves(state: Any) -> tuple[set[str], np.ndarray]:
    """All texts and all numbers of a nested state, the numbers sorted."""
    words: set[str] = set()
    numbers: list[np.ndarray] = [np.empty(0)]
    rest = [state]
    while rest:
        value = rest.pop()
        if isinstance(value, Mapping):
            rest += value.values()
        elif isinstance(value, str):
            words.add(value)
        elif isinstance(value, np.ndarray):
            if value.dtype.kind in "US":
                words |= set(value.ravel().astype(str).tolist())
            else:
                numbers.append(value.ravel().astype(float))
        elif isinstance(value, int | float):
            numbers.append(np.array([value], float))
        elif isinstance(value, Iterable):
            rest += value
    return words, np.unique(np.concatenate(numbers))


def _rare(column: pa.ChunkedArray, other: pa.ChunkedArray, k: int) -> pa.Array:
    """Values that fewer than `k` rows have, and no row of another table."""
    counts = pc.value_counts(column.drop_null().combine_chunks())
    values, rows = counts.field(0), counts.field(1)
    rare = values.filter(pc.less(rows, k))
    try:
        known = other.combine_chunks().cast(values.type, safe=False)
    except pa.ArrowInvalid:  # texts, where these are numbers
        return rare
    return rare.filter(pc.invert(pc.is_in(rare, value_set=known)))


def _texts(column: pa.ChunkedArray, values: pa.Array, words: set[str], k: int) -> tuple[int, int]:
    rare = [text for text in values.to_pylist() if len(text) >= LEAST_LETTERS]
    there = [text for text in rare if text in words]
    # A word of many texts is no secret, though it be the whole of one.
    return sum(pc.sum(pc.match_substring(column, text)).as_py() < k for text in there), len(rare)


def _numbers(values: pa.Array, numbers: np.ndarray) -> tuple[int, int]:
    """Floats of a model may be kept as four bytes; both spellings count."""
    rare = values.to_numpy(zero_copy_only=False).astype(float)
    rare = np.array([one for one in rare if np.isfinite(one) and _digits(one) >= LEAST_DIGITS])
    if not len(rare):
        return 0, 0
    kept = np.isin(rare, numbers) | np.isin(rare.astype(np.float32).astype(float), numbers)
    return int(kept.sum()), len(rare)


def _digits(value: float) -> int:
    """Significant digits of the shortest spelling.

    >>> _digits(1200.0), _digits(0.001234)
    (2, 4)
    """
    return len(f"{value:.15g}".partition("e")[0].replace(".", "").replace("-", "").strip("0"))
