"""Contradictions among constraints, and between constraints and data, found before anything is fitted."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from reverie.core.names import hint
from reverie.sampling.constraints import cells
from reverie.sampling.constraints.base import fault, rule_for
from reverie.schema.types import Constraint, Table


def check_consistent(constraints: Sequence[Constraint], schema: Table, table: pa.Table | None = None) -> None:
    """Refuse enforced constraints that cannot hold together, or that `table` itself breaks.

    Raises ConstraintError: an unknown kind, column or option; low above high; inequalities or formulas in a
    circle; two formulas for one column; an inequality that the ranges forbid; rows of `table` that break a
    rule (how many).
    """
    enforced = [constraint for constraint in constraints if constraint.enforced]
    for constraint in enforced:
        rule = rule_for(constraint)
        _check_columns(constraint, [column.name for column in schema.columns])
        rule.verify(constraint)
    for rule in dict.fromkeys(rule_for(constraint) for constraint in enforced):
        rule.agree(enforced)
    if table is not None:
        for constraint in enforced:
            _check_data(constraint, table)


def _check_columns(constraint: Constraint, names: list[str]) -> None:
    for name in constraint.columns:
        if name not in names:
            raise fault(constraint, f"no column '{name}'", fix=hint(name, names))


def _check_data(constraint: Constraint, table: pa.Table) -> None:
    rule = rule_for(constraint)
    for name in constraint.columns if rule.NUMERIC else ():
        if cells.axis(table[name].type) is None:
            raise fault(constraint, f"'{name}' holds neither numbers nor times", fix="Name another column")
    broken = int(np.count_nonzero(~rule.fit(constraint, table, 1).valid(table)))
    if broken:
        raise fault(
            constraint,
            f"the data breaks it in {broken:,} of {table.num_rows:,} rows ({broken / table.num_rows:.2%})",
            fix='Set "enforced": false, or correct the data',
        )
