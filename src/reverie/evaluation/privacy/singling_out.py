"""Singling out: predicates read off the synthetic rows that hold for exactly one person.

Source: Giomi et al. (2023), A Unified Framework for Quantifying Privacy Risk in Synthetic Data, section 4.1;
the predicates are those of Cohen and Nissim (2020), Towards Formalizing the GDPR's Notion of Singling Out.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.risk import Attack, Rate, figure
from reverie.evaluation.view import Field, Side, View

TRIES = 10_000
COLUMNS = 8
"""Predicates of each attack at most, and columns of a multivariate one."""
ROWS = 25_000
FEWEST = 50


@dataclass(frozen=True)
class Term:
    """One column's part of a predicate: `sign` 0 is equal, 1 at least, -1 at most; NaN and -1 are missing."""

    field: Field
    value: float
    sign: int

    def holds(self, side: Side) -> np.ndarray:
        """Mask of the rows, (rows,)."""
        column = self.field.of(side)
        if math.isnan(self.value):
            return np.isnan(column)
        if self.sign == 0:
            return column == self.value
        return column >= self.value if self.sign > 0 else column <= self.value


Predicate = tuple[Term, ...]


class SinglingOut(Measure):
    """How much oftener a predicate singles out a training row than an unseen row."""

    name = "singling_out"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`singling_out_univariate` and `singling_out_multivariate`; none without a holdout or few rows."""
        view, rng = comparison.view, comparison.generator("singling out")
        if view.holdout is None or not view.fields:
            return []
        # Whether a predicate holds for one row alone depends on how many there are.
        size = min(view.real.rows, view.holdout.rows, ROWS)
        if size < FEWEST or view.fake.rows < FEWEST:
            return []
        real, unseen, fake = (
            _by_columns(side.some(size, rng)) for side in (view.real, view.holdout, view.fake)
        )
        univariate = _some(list(_extremes(view, fake)), rng)
        multivariate = list(islice(_joint(view, fake, rng), TRIES))
        found = []
        for kind, predicates in (("univariate", univariate), ("multivariate", multivariate)):
            chance = _rate(_chance(predicates, fake, rng), real).share
            found.append(_risk(kind, Attack(_rate(predicates, real), _rate(predicates, unseen), chance)))
        return found


def _by_columns(side: Side) -> Side:
    """The same rows, each column in one piece: predicates read columns."""
    return Side(np.asfortranarray(side.numbers), np.asfortranarray(side.codes))


def _some(predicates: list[Predicate], rng: np.random.Generator) -> list[Predicate]:
    return [predicates[i] for i in rng.permutation(len(predicates))[:TRIES]]


def _extremes(view: View, fake: Side) -> Iterator[Predicate]:
    """Values that one synthetic row alone has, and what lies at the ends of each number."""
    for field in view.fields:
        column = field.of(fake)
        values, counts = np.unique(column, return_counts=True)
        yield from ((Term(field, float(value), 0),) for value in values[counts == 1])
        known = values if field.categorical else values[~np.isnan(values)]
        if not field.categorical and len(known):
            yield (Term(field, float(known[0]), -1),)
            yield (Term(field, float(known[-1]), 1),)


def _joint(view: View, fake: Side, rng: np.random.Generator) -> Iterator[Predicate]:
    """Random columns of a random synthetic row, as few as no other synthetic row has alike."""
    middle = _middle(fake)
    for row in rng.integers(0, fake.rows, 5 * TRIES):
        predicate: Predicate = ()
        mask = np.ones(fake.rows, bool)
        for place in rng.permutation(len(view.fields))[:COLUMNS]:
            predicate = (*predicate, _term(view.fields[place], fake, row, middle))
            mask &= predicate[-1].holds(fake)
            if np.count_nonzero(mask) == 1:
                yield predicate
                break


def _middle(side: Side) -> np.ndarray:
    """The median of each number; NaN where all are missing."""
    known = [column[~np.isnan(column)] for column in side.numbers.T]
    return np.array([np.median(column) if len(column) else np.nan for column in known])


def _term(field: Field, fake: Side, row: int, middle: np.ndarray) -> Term:
    if field.categorical:
        return Term(field, float(fake.codes[row, field.index]), 0)
    value = float(fake.numbers[row, field.index])
    return Term(field, value, 1 if value >= middle[field.index] else -1)


def _chance(predicates: list[Predicate], fake: Side, rng: np.random.Generator) -> list[Predicate]:
    """The predicates of an attacker who knows the columns, but no row: every term is of another row."""
    middle = _middle(fake)
    return [
        tuple(_term(term.field, fake, int(rng.integers(fake.rows)), middle) for term in predicate)
        for predicate in predicates
    ]


def _holds(predicate: Predicate, side: Side) -> np.ndarray:
    mask = predicate[0].holds(side)
    for term in predicate[1:]:
        mask = mask & term.holds(side)
    return mask


def _rate(predicates: list[Predicate], side: Side) -> Rate:
    """How many predicates hold for one row alone.

    Those of the same row are one piece of evidence: n hits on n rows count n, n hits on one row count 1.
    """
    masks = (_holds(predicate, side) for predicate in predicates)
    alone = np.array([int(mask.argmax()) for mask in masks if np.count_nonzero(mask) == 1], np.int64)
    _, sizes = np.unique(alone, return_counts=True)
    effective = len(alone) ** 2 / float(np.square(sizes).sum()) if len(alone) else 0.0
    weight = effective / len(alone) if len(alone) else min(1.0, side.rows / max(len(predicates), 1))
    return Rate(effective, len(predicates) * weight)


def _risk(kind: str, attack: Attack) -> Measurement:
    of = "one column" if kind == "univariate" else f"up to {COLUMNS} columns"
    about = f"How much oftener what is unique to a synthetic row in {of} singles out a training row than an"
    return figure(f"singling_out_{kind}", attack, f"{about} unseen one; 0 is no risk.")


MEASURE = SinglingOut()
