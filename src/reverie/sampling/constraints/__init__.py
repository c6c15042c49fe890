"""Constraints: rules that hold in every row, found in the data or written by the user, and enforced in every
sample.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints.base import rule_for
from reverie.sampling.constraints.consistency import check_consistent
from reverie.sampling.constraints.detect import detect
from reverie.sampling.constraints.kinds.predicate import predicate
from reverie.sampling.constraints.rules import Rules
from reverie.schema.types import Constraint

__all__ = ["Rules", "check", "check_consistent", "detect", "predicate"]


def check(
    table: pa.Table, constraints: Sequence[Constraint], reference: pa.Table | None = None
) -> list[tuple[Constraint, np.ndarray]]:
    """Each constraint with the rows of `table` that keep it, (rows,) bool.

    What a rule must learn (which combinations there are) is taken from `reference`, or else from `table`
    itself.
    """
    learned = table if reference is None else reference
    return [(c, rule_for(c).fit(c, learned, 1).valid(table)) for c in constraints]
