"""Conditions answered by any family that can only generate: by keeping the rows that meet them.

Conditions on all rows are met exactly, by rejection. Where single rows have values of their own, each is
matched with a generated row that has the same codes and near numbers, and what is known is put in place.

Sources: Rubin 1984, Pritchard et al. 1999 (rejection, and approximate Bayesian computation with a kernel).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from reverie.core.errors import ConditionError
from reverie.models.conditioning import check
from reverie.models.particles import is_known, known_rows
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Real, Spec, concatenate

FIRST, POOL = 4096, 1 << 17
"""Rows of the first pool, from which the sizes of the others follow, and the most of one."""
WORK = 1 << 24
"""Most rows that are generated for one answer; an eighth of it if they show that so many do not suffice."""
MATCHED, LEAST_MATCHED = 1 << 15, 1 << 12
"""Most and fewest rows of the pool that partly known rows are matched with."""
PAIRS = 1 << 32
"""Most pairs of rows that are compared for one answer: more rows are matched with a smaller pool."""
CELLS = 1 << 21
"""Most pairs of rows that are compared at a time."""
WIDTH = 0.05
"""Width of the kernel exp(-distance / WIDTH), where a code that differs is 1 away, a number by how much."""

Draw = Callable[[int, np.random.Generator], Blocks]
"""Generates that many rows, none of which has a muted code."""


def answer(draw: Draw, n: int, rng: np.random.Generator, given: Evidence) -> Blocks:
    """`n` rows that meet `given`; row i answers row i of what is known of single rows.

    Raises ConditionError if that is of no block or of other than `n` rows, or if too few of the rows that
    `draw` gives meet the rest.
    """
    none = draw(0, rng)
    check(none.arrays.keys(), n, given)
    if n == 0:
        return none
    single = {name: evidence for name, evidence in given.items() if known_rows(evidence) is not None}
    # A condition on a value that every row already has excludes nothing of the rest.
    shared = {name: given[name] for name in given if name not in single or not is_known(given[name], n).all()}
    if not single:
        return kept(draw, n, n, rng, shared)
    pool = kept(draw, int(np.clip(PAIRS // n, LEAST_MATCHED, MATCHED)), 1, rng, shared)
    return matched(pool, n, rng, single)


def meets(blocks: Blocks, given: Evidence) -> np.ndarray:
    """Which rows meet what is given for all rows, (rows,) bool; an absent number meets any interval."""
    met = np.ones(blocks.rows, bool)
    for name, evidence in given.items():
        if isinstance(evidence, CategoryEvidence):
            met &= True if evidence.allowed is None else evidence.allowed[blocks[name]]
        elif evidence.bounded:
            numbers = blocks[name].reshape(-1)
            met &= np.isnan(numbers) | evidence.contains(numbers)
    return met


def kept(draw: Draw, n: int, least: int, rng: np.random.Generator, given: Evidence) -> Blocks:
    """The first `n` rows of `draw` that meet `given`, exactly; fewer, but `least`, where they are rare.

    Raises ConditionError if `least` are not to be had within the allowed work.
    """
    refuse_muted(draw(0, rng).specs, given)
    parts, found, spent, size = [], 0, 0, min(FIRST, max(2 * n, 64))
    while found < n and spent < WORK and (spent < WORK // 8 or found * WORK >= n * spent):
        pool = draw(size, rng)
        parts.append(pool.take(np.flatnonzero(meets(pool, given))))
        found, spent = found + parts[-1].rows, spent + size
        size = int(np.clip(1.2 * (n - found) * spent / found if found else 8 * size, 64, POOL))
    if found < least:
        raise ConditionError(
            f"{found:,} of {spent:,} generated rows meet the conditions, where {least:,} are asked for",
            where=", ".join(given),
            fix="Widen or drop a condition, ask for fewer rows, or use a model that need not try: trees",
        )
    return concatenate(parts).take(np.arange(min(found, n)))


def refuse_muted(specs: tuple[Spec, ...], given: Evidence) -> None:
    """Raise ConditionError if all that is allowed of a block is never generated."""
    for spec in specs:
        evidence = given.get(spec.name)
        if not isinstance(evidence, CategoryEvidence) or evidence.allowed is None:
            continue
        if isinstance(spec, Category) and set(np.flatnonzero(evidence.allowed)) <= set(spec.muted):
            raise ConditionError(
                "only protected rare values meet the condition", where=spec.name, fix="Widen the condition"
            )


def matched(pool: Blocks, n: int, rng: np.random.Generator, given: Evidence) -> Blocks:
    """A row of the pool for each of `n` rows, drawn by its nearness to what is known of it, which is put in.

    A number is there exactly where its gate is open: where the pool's row has none, another row's is taken.
    """
    known = _Known.of(pool, n, given)
    arrays = {name: array.copy() for name, array in pool.take(known.nearest(pool, rng)).arrays.items()}
    for name, values in known.values.items():
        told = known.told[name]
        arrays[name][told] = values[told].reshape(-1, *arrays[name].shape[1:])
    for spec in pool.specs:
        if not isinstance(spec, Real) or spec.gate is None:
            continue
        open_ = arrays[spec.gate.block] == spec.gate.code
        arrays[spec.name][~open_] = np.nan
        empty = np.flatnonzero(open_ & np.isnan(arrays[spec.name].reshape(n, -1)).any(axis=1))
        there = pool.take(pool[spec.gate.block] == spec.gate.code)
        if len(empty) and there.rows:
            arrays[spec.name][empty] = there[spec.name][known.take(empty).nearest(there, rng)]
        elif len(empty):
            arrays[spec.name][empty] = 0.0  # the median, for a number that is never generated
    return Blocks(pool.specs, arrays, n)


@dataclass(frozen=True)
class _Known:
    """What single rows are known to hold: by block, `values` (rows,) and where they are `told` (rows,)."""

    rows: int
    values: dict[str, np.ndarray]
    told: dict[str, np.ndarray]

    @classmethod
    def of(cls, pool: Blocks, n: int, given: Evidence) -> "_Known":
        """From evidence; a number that is known has its gate open, unless that is known to be otherwise."""
        values: dict[str, np.ndarray] = {}
        told: dict[str, np.ndarray] = {}
        for name, evidence in given.items():
            found = known_rows(evidence)
            if found is not None:
                values[name], told[name] = found, is_known(evidence, n)
        for spec in pool.specs:
            if isinstance(spec, Real) and spec.gate is not None and spec.name in told:
                gate, code = spec.gate.block, spec.gate.code
                before = told.get(gate, np.zeros(n, bool))
                codes = values.get(gate, np.full(n, -1, np.int32))
                values[gate] = np.where(told[spec.name] & ~before, code, codes).astype(np.int32)
                told[gate] = before | told[spec.name]
        return cls(n, values, told)

    def take(self, rows: np.ndarray) -> "_Known":
        """Of the rows at the positions `rows` only."""
        values, told = ({name: of[rows] for name, of in each.items()} for each in (self.values, self.told))
        return _Known(len(rows), values, told)

    def nearest(self, pool: Blocks, rng: np.random.Generator) -> np.ndarray:
        """A position in the pool for each row, drawn with probability exp(-distance / WIDTH), (rows,).

        The smallest of exponential times, each divided by its rate, belongs to a row drawn by the rates.
        """
        found = np.empty(self.rows, np.int64)
        for rows in self._chunks(pool.rows):
            times = rng.standard_exponential((len(rows), pool.rows), dtype=np.float32)
            np.log(np.maximum(times, 1e-30, out=times), out=times)
            for name, values in self.values.items():
                self._part(times, pool[name], values[rows], self.told[name][rows])
            found[rows] = times.argmin(axis=1)
        return found

    def _part(self, times: np.ndarray, array: np.ndarray, values: np.ndarray, told: np.ndarray) -> None:
        """Add the distances in one block to the logarithms of times, (rows, pool), of rows that are told."""
        if not told.any():
            return
        there = array.reshape(-1)
        if there.dtype.kind == "f":
            apart = np.abs(values[told, None].astype(np.float32) - there.astype(np.float32))
            np.nan_to_num(apart, copy=False, nan=1.0)
        else:
            apart = (values[told, None] != there).astype(np.float32)
        apart *= np.float32(1 / WIDTH)
        if told.all():
            times += apart
        else:
            times[told] += apart

    def _chunks(self, pool: int) -> Iterator[np.ndarray]:
        count = max(-(-self.rows * pool // CELLS), 1)
        return iter(np.array_split(np.arange(self.rows), min(count, max(self.rows, 1))))
