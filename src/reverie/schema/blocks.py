"""The closed set of blocks: what a model family sees of a column, whatever the column held.

A family dispatches on these classes and never on a column type. Missing is a value (a code of a Category), so
no block has holes, but a Real may be gated: it is present only in the rows where its gate holds, and its
array is NaN elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Gate:
    """A Real is present where the Category named `block` has code `code`."""

    block: str
    code: int


@dataclass(frozen=True)
class Category:
    """`k` unordered codes 0..k-1; array of shape (rows,), int32.

    `positions` (length k, None for a code without one) gives codes a place on a line: ranks for an ordinal,
    or, for the kind of a number (missing, spike, continuous), the spike's place on the scale of the gated
    Real, so that a family can join the two into one ordered feature. `muted` codes occur in data but are
    never generated (protected rare values).
    """

    name: str
    k: int
    positions: tuple[float | None, ...] | None = None
    muted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Real:
    """`n` vectors of `d` floats, array of shape (rows, n, d), float32 or float64.

    A plain number is (rows, 1, 1). A number's scale is the normal score: standard normal over the rows where
    it is present. The vectors of a `grid` (high, wide), a picture's, say, have places on it, row by row.
    """

    name: str
    n: int = 1
    d: int = 1
    gate: Gate | None = None
    grid: tuple[int, int] | None = None


@dataclass(frozen=True)
class Tokens:
    """At most `length` codes of a vocabulary in sequence; array (rows, length), int32, -1 after the end, and
    everywhere where the gate is closed. What follows what may be counted where `shared` rows hold it.

    Codes may be those of a language model that others trained: its config, as JSON, is the `model`, and its
    weights are at a `source`, a folder or a name, until a family has learned from them.
    """

    name: str
    vocabulary: int
    length: int
    gate: Gate | None = None
    shared: int = 5
    model: str = ""
    source: str = field(default="", compare=False, repr=False)


Spec = Category | Real | Tokens


@dataclass(frozen=True)
class Blocks:
    """Specs in column order with one array each; all arrays have the same number of rows."""

    specs: tuple[Spec, ...]
    arrays: Mapping[str, np.ndarray]
    rows: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrays", MappingProxyType(dict(self.arrays)))

    def __repr__(self) -> str:
        return f"Blocks({self.rows:,} rows of {', '.join(spec.name for spec in self.specs)})"

    def __iter__(self) -> Iterator[tuple[Spec, np.ndarray]]:
        return ((spec, self.arrays[spec.name]) for spec in self.specs)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def only(self, specs: tuple[Spec, ...]) -> "Blocks":
        """Some of the blocks."""
        return Blocks(specs, {spec.name: self.arrays[spec.name] for spec in specs}, self.rows)

    def take(self, rows: np.ndarray) -> "Blocks":
        """The rows at the integer positions (or the boolean mask) `rows`, in that order."""
        arrays = {name: array[rows] for name, array in self.arrays.items()}
        count = int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)
        return Blocks(self.specs, arrays, count)


def concatenate(parts: list[Blocks]) -> Blocks:
    """Blocks of the same specs, one below the other."""
    first = parts[0]
    arrays = {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in first.specs}
    return Blocks(first.specs, arrays, sum(part.rows for part in parts))


@dataclass(frozen=True)
class CategoryEvidence:
    """What is known of a Category.

    `allowed` (k,) bool are the codes allowed in every row; `codes` (rows,) the code of each row, -1 free.
    """

    allowed: np.ndarray | None = None
    codes: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class RealEvidence:
    """What is known of a Real(1, 1): in every row it lies in a closed interval, but in none of its open
    `gaps`, which ascend and are apart; or `values` (rows,), NaN free. Of vectors `values` (rows, n, d) alone
    can be known.
    """

    low: float = -np.inf
    high: float = np.inf
    values: np.ndarray | None = field(default=None, repr=False)
    gaps: tuple[tuple[float, float], ...] = ()

    @classmethod
    def union(cls, low: np.ndarray, high: np.ndarray) -> Self:
        """The closed intervals from `low` to `high` (intervals,), ascending and apart; none allows nothing.

        >>> RealEvidence.union(np.array([0.0, 2.0]), np.array([1.0, 3.0])).gaps
        ((1.0, 2.0),)
        """
        if not len(low):
            return cls(np.inf, -np.inf)
        gaps = tuple(zip(high[:-1].tolist(), low[1:].tolist(), strict=True))
        return cls(float(low[0]), float(high[-1]), gaps=gaps)

    @property
    def intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Low and high ends of the intervals between the gaps, ascending; both are empty if nothing is
        allowed.
        """
        if self.low > self.high:
            return np.empty(0), np.empty(0)
        below, above = np.reshape(self.gaps, (-1, 2)).T
        return np.append(self.low, above), np.append(below, self.high)

    @property
    def bounded(self) -> bool:
        """Whether any value is excluded."""
        return self.low > -np.inf or self.high < np.inf or len(self.gaps) > 0

    def contains(self, values: np.ndarray) -> np.ndarray:
        """Which values (rows,) lie in one of the intervals, (rows,) bool."""
        low, high = self.intervals
        return np.searchsorted(high, values, side="left") < np.searchsorted(low, values, side="right")

    def meet(self, other: "RealEvidence") -> "RealEvidence":
        """The intervals in which a value is allowed by both."""
        lows, highs = (np.concatenate(ends) for ends in zip(self.intervals, other.intervals, strict=True))
        lows, highs = (np.unique(end[self.contains(end) & other.contains(end)]) for end in (lows, highs))
        return RealEvidence.union(lows, highs)


@dataclass(frozen=True)
class TokensEvidence(RealEvidence):
    """What is known of Tokens, as of vectors: `values` (rows or 1, length), -1 after the end, where a row of
    -1 alone is free; or what every row `begins` with, (codes,).
    """

    begins: np.ndarray | None = field(default=None, repr=False)


Evidence = Mapping[str, CategoryEvidence | RealEvidence]
"""Block name -> what is known of it. Blocks not named are free. All that is known holds together (AND)."""
