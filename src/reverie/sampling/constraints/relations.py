"""Finding columns that are exact sums, products or ratios of others."""

import itertools
from dataclasses import dataclass

import numpy as np

from reverie.sampling.constraints import arithmetic, cells
from reverie.sampling.constraints.base import circle
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

_ROWS = 100
_FEWEST_RESULTS = 50
_PROBES = 24
_MOST_OPERANDS = 24
_MOST_WEIGHTED = 3
_NICE = 4
_TOO_WIDE = 1e100


@dataclass(frozen=True)
class _Matrix:
    """Numeric columns of the sample rows in which all are present; (rows, columns), spread ascending."""

    names: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class _Fit:
    """A formula that holds: exactly, or once rounded to the `decimals` of its result."""

    constraint: Constraint
    exact: bool
    decimals: int | None

    def rank(self) -> tuple[bool, int]:
        """Exact formulas first; of rounded ones the finest, as the coarse one does not give it back."""
        return (not self.exact, 0 if self.decimals is None else -self.decimals)


def formulas(observed: Observed) -> list[Constraint]:
    """Exact sums, products and ratios, found once for a table."""
    if observed.formulas is None:
        found = sums(observed)
        observed.formulas = [*found, *products(observed, found)]
    return observed.formulas


def sums(observed: Observed) -> list[Constraint]:
    """Columns that are weighted sums of others plus a constant.

    Columns are taken by ascending spread and projected on the independent ones before them (Gram-Schmidt);
    what leaves no residue beyond its rounding is a sum, of which the widest column, as a rule the total, is
    the result.
    """
    matrix = _complete(observed)
    found: list[Constraint] = []
    independent: list[int] = []
    basis = np.zeros((len(matrix.values), 0))
    for j, name in enumerate(matrix.names):
        centred = matrix.values[:, j] - matrix.values[:, j].mean()
        residue = centred - basis @ (basis.T @ centred)
        residue -= basis @ (basis.T @ residue)
        if np.max(np.abs(residue), initial=0.0) <= 2 * _slack(observed, name) + 1e-7 * np.max(
            np.abs(centred)
        ):
            constraint = _sum(observed, matrix, j, independent)
            if constraint is not None:
                found.append(constraint)
                continue
        length = np.linalg.norm(residue)
        if length > 1e-9 * np.linalg.norm(centred):
            independent.append(j)
            basis = np.column_stack([basis, residue / length])
    return found


def products(observed: Observed, known: list[Constraint]) -> list[Constraint]:
    """Columns that are products or ratios of two others, but for those in `known`."""
    names = [
        name for name, axis in observed.numeric.items() if axis == "number" and _spread(observed, name) > 0
    ]
    results = [
        name
        for name in names
        if name not in {c.columns[0] for c in known} and _has_many(observed.sample, name)
    ]
    if not results or len(names) < 3:
        return []
    fits: list[_Fit] = []
    for operation, pairs in (("product", itertools.combinations), ("ratio", itertools.permutations)):
        for columns in _probe(observed, results, list(pairs(names, 2)), operation):
            constraint = Constraint(kind="formula", columns=columns, options={"operation": operation})
            fit = _verify(observed, constraint)
            fits += [fit] if fit is not None else []
    return _compatible(sorted(fits, key=_Fit.rank), known)


def _compatible(fits: list[_Fit], known: list[Constraint]) -> list[Constraint]:
    """The first fit for each triple and each result, and none that would need itself."""
    makers = {constraint.columns[0]: constraint.columns[1:] for constraint in known}
    found: list[Constraint] = []
    for fit in fits:
        result, *operands = fit.constraint.columns
        told = any(set(fit.constraint.columns) == set(other.columns) for other in found)
        if not told and result not in makers and not circle(makers | {result: tuple(operands)}):
            makers[result] = tuple(operands)
            found.append(fit.constraint)
    return found


def _complete(observed: Observed) -> _Matrix:
    """Drops the columns with the most missing cells until 100 rows are complete."""
    sample = observed.sample
    names = [name for name in observed.numeric if _spread(sample, name) > 0]
    names.sort(key=lambda name: int(np.isnan(sample.numbers(name)).sum()))
    values = np.zeros((0, 0))
    while names:
        values = np.column_stack([sample.numbers(name) for name in names])
        values = values[np.isfinite(values).all(axis=1)]
        if len(values) >= min(_ROWS, sample.rows):
            break
        names.pop()
    if not names or len(values) < _ROWS:
        return _Matrix((), np.zeros((0, 0)))
    order = np.argsort(values.std(axis=0), kind="stable")
    return _Matrix(tuple(names[i] for i in order), values[:, order])


def _sum(observed: Observed, matrix: _Matrix, result: int, independent: list[int]) -> Constraint | None:
    used = np.array(independent, dtype=np.int64)
    if not len(used) or not _has_many(observed.sample, matrix.names[result]):
        return None
    for _ in range(2):
        weights = _least_squares(matrix.values[:, used], matrix.values[:, result])
        share = np.abs(weights[:-1]) * matrix.values[:, used].std(axis=0) / matrix.values[:, result].std()
        used = used[share > 1e-3]
    columns = (matrix.names[result], *(matrix.names[i] for i in used))
    if not 1 <= len(used) <= _MOST_OPERANDS:
        return None
    return _with_nice_weights(observed, columns, matrix.values[:, used], matrix.values[:, result])


def _with_nice_weights(
    observed: Observed, columns: tuple[str, ...], operands: np.ndarray, result: np.ndarray
) -> Constraint | None:
    """The constraint with the fewest decimals in its weights that holds exactly, if there is one."""
    exact = _least_squares(operands, result)
    for places in range(_NICE + 1):
        weights = np.round(exact[:-1], places)
        if not np.all(weights) or (len(weights) > _MOST_WEIGHTED and not np.all(np.abs(weights) == 1)):
            continue
        constant = float(np.round(np.median(result - operands @ weights), _NICE))
        options = {"operation": "sum", "weights": weights.tolist()} | (
            {"constant": constant} if constant else {}
        )
        fit = _verify(observed, Constraint(kind="formula", columns=columns, options=options))
        if fit is not None:
            return fit.constraint
    return None


def _least_squares(operands: np.ndarray, result: np.ndarray) -> np.ndarray:
    """Weights, and the constant last; solved on centred and scaled columns."""
    mean, spread = operands.mean(axis=0), operands.std(axis=0)
    scaled, *_ = np.linalg.lstsq((operands - mean) / spread, result - result.mean(), rcond=None)
    weights = scaled / spread
    return np.append(weights, result.mean() - mean @ weights)


def _probe(
    observed: Observed, results: list[str], pairs: list[tuple[str, str]], operation: str
) -> list[tuple[str, str, str]]:
    """Triples that fit in the sample's first few complete and varied rows."""
    sample = observed.sample
    names = sorted({name for pair in pairs for name in pair})
    values = np.column_stack([sample.numbers(name) for name in names])
    busiest = np.argsort(-np.count_nonzero(np.nan_to_num(values), axis=1), kind="stable")[:_PROBES]
    rows, index = values[busiest], {name: i for i, name in enumerate(names)}
    left = rows[:, [index[a] for a, _ in pairs]]
    right = rows[:, [index[b] for _, b in pairs]]
    with np.errstate(all="ignore"):
        made = left * right if operation == "product" else left / right
    found = []
    for result in results:
        wanted = rows[:, [index[result]]]
        with np.errstate(invalid="ignore"):
            off = np.abs(made - wanted) > _slack(observed, result)
        fit = ~off.any(axis=0) & (np.isfinite(made - wanted).sum(axis=0) >= _PROBES // 2)
        found += [(result, *pairs[p]) for p in np.flatnonzero(fit) if result not in pairs[p]]
    return found


def _verify(observed: Observed, constraint: Constraint) -> _Fit | None:
    """How the constraint fits, with its evidence, if it holds in the sample and then in all rows."""
    worst, count = 0.0, 0
    decimals = cells.decimals(observed.sample.numbers(constraint.columns[0]))
    for part in (observed.sample, observed):
        wanted = arithmetic.reckon(constraint, [part.numbers(name) for name in constraint.columns[1:]])
        result = part.numbers(constraint.columns[0])
        both = np.isfinite(wanted) & np.isfinite(result)
        worst = float(np.max(np.abs(wanted[both] - result[both]), initial=0.0))
        count = int(np.count_nonzero(both))
        if worst > _slack(observed, constraint.columns[0]) or count < _ROWS:
            return None
    if len(np.unique(result[both])) < _FEWEST_RESULTS:
        return None
    evidence = f"exact, to the column's decimals, in all {count:,} rows that have the numbers"
    exact = worst <= arithmetic.slack(None, result)
    return _Fit(constraint.model_copy(update={"evidence": evidence}), exact, decimals)


def _slack(observed: Observed, name: str) -> float:
    values = observed.sample.numbers(name)
    return arithmetic.slack(cells.decimals(values), values)


def _spread(observed: Observed, name: str) -> float:
    values = observed.sample.numbers(name)
    values = values[np.isfinite(values)]
    spread = float(values.max() / 2 - values.min() / 2) if len(values) else 0.0
    return spread if spread < _TOO_WIDE else 0.0


def _has_many(sample: Observed, name: str) -> bool:
    values = sample.numbers(name)
    return len(np.unique(values[np.isfinite(values)])) >= _FEWEST_RESULTS
