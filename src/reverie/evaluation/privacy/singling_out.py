"""Singling out: predicates read off the synthetic rows that hold for exactly one person.

Source: Giomi et al. (2023), A Unified Framework for Quantifying Privacy Risk in Synthetic Data, section 4.1; the
predicates are those of Cohen and Nissim (2020), Towards Formalizing the GDPR's Notion of Singling Out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.risk import Attack, Rate, figure
from reverie.evaluation.view import Field, Side, View

TRIES = 2000
COLUMNS = 3
"""Predicates of each attack, and columns of a multivariate one."""
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
        column = (side.codes if self.field.categorical else side.numbers)[:, self.field.index]
        if np.isnan(self.value):
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
        real, unseen = view.real.some(size, rng), view.holdout.some(size, rng)
        fake = view.fake.some(size, rng)
        univariate = _some(list(_extremes(view, fake)), rng)
        multivariate = list(_joint(view, fake, rng))
        by_chance = _chance(view, fake, rng)
        return [
            _risk("univariate", "one column", univariate, by_chance, (real, unseen)),
            _risk("multivariate", f"{COLUMNS} columns", multivariate, by_chance, (real, unseen)),
        ]


def _some(predicates: list[Predicate], rng: np.random.Generator) -> list[Predicate]:
    return [predicates[i] for i in rng.permutation(len(predicates))[:TRIES]]


def _extremes(view: View, fake: Side) -> Iterator[Predicate]:
    """Values that one synthetic row alone has, and what lies at the ends of each number."""
    for field in view.fields:
        column = (fake.codes if field.categorical else fake.numbers)[:, field.index]
        values, counts = np.unique(column, return_counts=True)
        yield from ((Term(field, float(value), 0),) for value in values[counts == 1])
        known = values[~np.isnan(values)]
        if not field.categorical and len(known):
            yield (Term(field, float(known[0]), -1),)
            yield (Term(field, float(known[-1]), 1),)


def _joint(view: View, fake: Side, rng: np.random.Generator) -> Iterator[Predicate]:
    """Predicates over random columns of a random synthetic row that no other synthetic row fulfils."""
    middle = np.nanmedian(fake.numbers, axis=0) if fake.numbers.size else np.empty(0)
    width = min(COLUMNS, len(view.fields))
    for row in rng.integers(0, fake.rows, TRIES):
        places = rng.choice(len(view.fields), width, replace=False)
        predicate = tuple(_term(view.fields[i], fake, row, middle) for i in places)
        if _count(predicate, fake) == 1:
            yield predicate


def _term(field: Field, fake: Side, row: int, middle: np.ndarray) -> Term:
    if field.categorical:
        return Term(field, float(fake.codes[row, field.index]), 0)
    value = float(fake.numbers[row, field.index])
    return Term(field, value, 1 if value >= middle[field.index] else -1)


def _chance(view: View, fake: Side, rng: np.random.Generator) -> list[Predicate]:
    """Predicates of an attacker who knows each column, but no row: every term is of another row."""
    middle = np.nanmedian(fake.numbers, axis=0) if fake.numbers.size else np.empty(0)
    width = min(COLUMNS, len(view.fields))
    found = []
    for rows in rng.integers(0, fake.rows, (TRIES, width)):
        places = rng.choice(len(view.fields), width, replace=False)
        terms = zip(places, rows, strict=True)
        found.append(tuple(_term(view.fields[i], fake, row, middle) for i, row in terms))
    return found


def _count(predicate: Predicate, side: Side) -> int:
    mask = predicate[0].holds(side)
    for term in predicate[1:]:
        mask = mask & term.holds(side)
    return int(mask.sum())


def _rate(predicates: list[Predicate], side: Side) -> Rate:
    return Rate(sum(_count(predicate, side) == 1 for predicate in predicates), len(predicates))


def _risk(
    kind: str, of: str, predicates: list[Predicate], by_chance: list[Predicate], sides: tuple[Side, Side]
) -> Measurement:
    real, unseen = sides
    attack = Attack(_rate(predicates, real), _rate(predicates, unseen), _rate(by_chance, real).share)
    about = f"How much oftener what is unique to a synthetic row in {of} singles out a training row than an"
    return figure(f"singling_out_{kind}", attack, f"{about} unseen one; 0 is no risk.")


MEASURE = SinglingOut()
