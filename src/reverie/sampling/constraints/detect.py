"""All kinds of constraints that a table never breaks, with the evidence."""

import pyarrow as pa

from reverie.core import registry
from reverie.sampling.constraints.base import PACKAGE, rule_for
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint, Table


def detect(table: pa.Table, schema: Table) -> tuple[Constraint, ...]:
    """Rules that hold in every row and that chance would have broken; `enforced` is False for those only
    offered.

    Needs at least 100 rows. Candidates are sorted out on 2,000 rows and then verified on all.
    """
    observed = Observed(table, schema)
    found = [
        constraint for module in registry.load_all(PACKAGE) for constraint in module.RULE.detect(observed)
    ]
    return tuple(constraint for constraint in found if not _follows(constraint, found))


def _follows(constraint: Constraint, found: list[Constraint]) -> bool:
    """Whether other rules among those found make this one superfluous.

    What a formula or a determined column makes is right by construction: rules on the same columns say no
    more, and a column needs to be made only once, by a formula rather than by looking it up. Nor is an
    operand looked up from what the formula makes of it.
    """
    makers = [c for c in found if c.enforced and c != constraint and rule_for(c).made(c) is not None]
    made = rule_for(constraint).made(constraint)
    if made is not None:
        formulas = [c for c in makers if c.kind == "formula"]
        return any(c.columns[0] == made or set(constraint.columns) <= set(c.columns) for c in formulas)
    if constraint.kind == "one_hot":
        return set(constraint.columns) <= {rule_for(c).made(c) for c in makers}
    return constraint.kind in ("inequality", "conditional") and any(
        set(constraint.columns) <= set(c.columns) for c in makers
    )
