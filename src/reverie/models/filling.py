"""Conditions answered by a family that can complete rows of which any part is known.

What single rows hold is given to the family. Conditions on all rows are met by keeping the generated rows
that meet them, or, where those are rare, by generating first what is conditioned on, keeping that by how
likely the conditions were, and completing it.

Source: Rubin 1984 (rejection); Robert & Casella 2004, section 2.3 (accept and reject by weights).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from reverie.core.errors import ConditionError
from reverie.models import rejection
from reverie.models.conditioning import check
from reverie.models.layout import Known, Layout
from reverie.models.particles import is_known, known_rows
from reverie.schema.blocks import Blocks, CategoryEvidence, Evidence, concatenate

PILOT = 4096
"""Rows that show how often conditions are met."""
OFTEN = 0.03
"""Share of rows from which on keeping those that meet a condition costs less than leading them there."""
POOL, WORK = 1 << 15, 1 << 21
"""Most rows begun at a time, and for one answer; an eighth of it if none is kept."""
TRIES = 128
"""Most rows generated for one that has values of its own."""


@dataclass(frozen=True)
class Wish:
    """What is to be generated: all blocks, or the names in `only`; codes of `allowed` categories only."""

    allowed: Mapping[str, np.ndarray] = field(default_factory=dict)
    only: tuple[str, ...] | None = None


class Fills(Protocol):
    """A fitted model that completes rows."""

    layout: Layout

    def fill(self, known: Known, rng: np.random.Generator, wish: Wish = Wish()) -> tuple[Blocks, np.ndarray]:
        """Rows that hold what is known, and the log probability (rows,) of what was allowed."""
        ...


def answer(
    model: Fills, n: int, rng: np.random.Generator, given: Evidence, told: np.ndarray | None = None
) -> Blocks:
    """`n` rows that meet `given`; row i answers row i of what is known of single rows, and of what else is
    `told` of them (rows, width).

    Raises ConditionError if that is of no block or of other than `n` rows, or too rarely met.
    """
    layout = model.layout
    check([spec.name for spec in layout.specs], n, given)
    single = {name: evidence for name, evidence in given.items() if known_rows(evidence) is not None}
    # A condition on a value that every row already has excludes nothing of the rest.
    shared = {name: given[name] for name in given if name not in single or not is_known(given[name], n).all()}
    rejection.refuse_muted(layout.specs, shared)
    known = Known.of(layout, n, single)
    if single or told is not None:
        known = replace(known, told=told)
        return _tried(model, known, rng, shared)
    pilot = _free(model, PILOT, rng)
    if not n or rejection.meets(pilot, shared).mean() >= OFTEN:
        return rejection.kept(lambda size, rng: _free(model, size, rng), n, n, rng, shared)
    begun = _begun(model, n, rng, shared)
    return model.fill(begun, rng)[0]


def _free(model: Fills, n: int, rng: np.random.Generator) -> Blocks:
    return model.fill(Known.nothing(model.layout, n), rng)[0]


def _tried(model: Fills, known: Known, rng: np.random.Generator, given: Evidence) -> Blocks:
    """A row for each of the known, generated again until it meets what is given for all."""
    found = model.fill(known, rng)[0]
    left, tries, spent = np.flatnonzero(~_meets(found, given, known)), 1, 1
    while len(left) and spent < TRIES:
        again = np.repeat(left, tries)
        more = model.fill(known.take(again), rng)[0]
        met = np.flatnonzero(_meets(more, given, known.take(again)))
        rows, first = np.unique(again[met], return_index=True)
        found = _replaced(found, rows, more.take(met[first]))
        left, tries, spent = np.setdiff1d(left, rows), min(2 * tries, 16), spent + tries
    if len(left):
        raise ConditionError(
            f"{len(left):,} rows with values of their own do not meet the condition in {TRIES} tries",
            where=", ".join(given),
            fix="Widen or drop the condition",
        )
    return found


def _meets(blocks: Blocks, given: Evidence, known: Known) -> np.ndarray:
    """Which rows meet what is given, or were known to be otherwise, (rows,) bool."""
    met = np.ones(blocks.rows, bool)
    for name in given:
        met &= rejection.meets(blocks, {name: given[name]}) | known.holds(name)
    return met


def _replaced(blocks: Blocks, rows: np.ndarray, others: Blocks) -> Blocks:
    arrays = {name: array.copy() for name, array in blocks.arrays.items()}
    for name, array in arrays.items():
        array[rows] = others[name]
    return Blocks(blocks.specs, arrays, blocks.rows)


def _begun(model: Fills, n: int, rng: np.random.Generator, given: Evidence) -> Known:
    """`n` rows of which no more is known than what is conditioned on, and that met it."""
    layout = model.layout
    allowed = {
        name: evidence.allowed
        for name, evidence in given.items()
        if isinstance(evidence, CategoryEvidence) and evidence.allowed is not None
    }
    wish = Wish(allowed, tuple(given) + tuple(layout.gates_of(given)))
    parts, found, spent, size, top = [], 0, 0, PILOT, -np.inf
    while found < n and spent < (WORK if found else WORK // 8):
        pool, merit = model.fill(Known.nothing(layout, size), rng, wish)
        met = rejection.meets(pool, given)
        # Kept in proportion to what the conditions' probability was; the likeliest of the first pool always.
        top = max(merit[met]) if top == -np.inf and met.any() else top
        chosen = np.flatnonzero(met & (np.log(rng.random(size)) < merit - top))
        parts.append(pool.take(chosen))
        found, spent = found + len(chosen), spent + size
        size = int(np.clip(1.2 * (n - found) * spent / found if found else 8 * size, 64, POOL))
    if found < n:
        raise ConditionError(
            f"{found:,} of {spent:,} rows begun meet the conditions, where {n:,} are asked for",
            where=", ".join(given),
            fix="Widen or drop a condition, ask for fewer rows, or use --model trees",
        )
    return Known.of_blocks(layout, concatenate(parts).take(np.arange(n)), wish.only or ())
