"""All kinds of constraints that a table never breaks, with the evidence."""

import pyarrow as pa

from reverie.core import registry
from reverie.sampling.constraints.base import PACKAGE
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
    """Whether another rule among those found says all that this one does.

    What a formula or a determined column makes is right by construction, so rules on the same columns say no
    more.
    """
    makers = [
        c
        for c in found
        if c.enforced and (c.kind == "formula" or c.options.get("determined")) and c != constraint
    ]
    if constraint.kind not in ("inequality", "conditional"):
        return False
    return any(set(constraint.columns) <= set(maker.columns) for maker in makers)
