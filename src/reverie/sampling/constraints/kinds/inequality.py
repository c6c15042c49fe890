"""One column is below another: numbers, dates, moments or spans of time."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints import cells
from reverie.sampling.constraints.base import Rule, circle, fault, rule_for
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

_ROWS = 100
_FEWEST_VALUES = 3
_CHANCE = 0.05


class Inequality(Rule):
    """`columns[0] <= columns[1]`, or `<` with the option `strict`."""

    OPTIONS = frozenset({"strict"})
    COLUMNS = (2, 2)
    NUMERIC = True

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Also refuses a column below itself."""
        super().verify(constraint)
        if len(set(constraint.columns)) == 1:
            raise fault(constraint, "compares a column with itself", fix="Name two columns")

    @classmethod
    def agree(cls, constraints: Sequence[Constraint]) -> None:
        """Refuses inequalities that go in a circle."""
        above: dict[str, list[str]] = {}
        own = [constraint for constraint in constraints if rule_for(constraint) is cls]
        for constraint in own:
            above.setdefault(constraint.columns[1], []).append(constraint.columns[0])
        if loop := circle(above):
            member = next(constraint for constraint in own if set(constraint.columns) <= set(loop))
            raise fault(
                member, f"goes in a circle: {' < '.join(loop)}", fix="Take one of these inequalities out"
            )

    def valid(self, table: pa.Table) -> np.ndarray:
        """Rows where the first is not above the second."""
        left, right = (cells.numbers(table[name]) for name in self.constraint.columns)
        return ~(left >= right) if self.constraint.options.get("strict") else ~(left > right)

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Pairs never out of order that would be, in at least 5 % of the rows, if the columns were
        independent.
        """
        pairs = []
        for axis in sorted(set(observed.numeric.values())):
            names = [name for name, its in observed.numeric.items() if its == axis]
            pairs += [pair for pair in _candidates(observed.sample, names) if _holds(observed, *pair)]
        return [_constraint(observed, *pair) for pair in _without_implied(pairs)]


def _candidates(sample: Observed, names: list[str]) -> list[tuple[str, str]]:
    varied = [name for name in names if len(np.unique(sample.numbers(name))) >= _FEWEST_VALUES]
    if len(varied) < 2:
        return []
    values = np.column_stack([sample.numbers(name) for name in varied])
    found = []
    for i, left in enumerate(varied):
        never = ~np.any(values[:, [i]] > values, axis=0)
        found += [(left, varied[j]) for j in np.flatnonzero(never) if j != i]
    return [pair for pair in found if _by_chance(sample, *pair) >= _CHANCE]


def _by_chance(observed: Observed, left: str, right: str) -> float:
    """Share of all pairings of a left with a right value, of whatever rows, with left above right."""
    a, b = observed.numbers(left), np.sort(observed.numbers(right))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    return float(np.mean(np.searchsorted(b, a, side="left"))) / len(b) if len(a) and len(b) else 0.0


def _holds(observed: Observed, left: str, right: str) -> bool:
    a, b = observed.numbers(left), observed.numbers(right)
    both = np.count_nonzero(~np.isnan(a) & ~np.isnan(b))
    return bool(both >= _ROWS and not np.any(a > b) and np.any(a < b))


def _without_implied(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out a < c where a < b and b < c are there."""
    names = sorted({name for pair in pairs for name in pair})
    index = {name: i for i, name in enumerate(names)}
    below = np.zeros((len(names), len(names)), dtype=np.int64)
    for left, right in pairs:
        below[index[left], index[right]] = 1
    implied = below @ below > 0
    return [pair for pair in pairs if not implied[index[pair[0]], index[pair[1]]]]


def _constraint(observed: Observed, left: str, right: str) -> Constraint:
    a, b = observed.numbers(left), observed.numbers(right)
    both = int(np.count_nonzero(~np.isnan(a) & ~np.isnan(b)))
    strict = not np.any(a == b)
    share = _by_chance(observed.sample, left, right)
    return Constraint(
        kind="inequality",
        columns=(left, right),
        options={"strict": True} if strict else {},
        evidence=f"{left} is never {'at or ' if strict else ''}above {right} in {both:,} rows; "
        f"paired at random it would be in {share:.0%}",
    )


RULE = Inequality
