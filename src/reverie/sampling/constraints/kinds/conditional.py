"""If one column meets a condition, another one meets a condition too."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.constraints import cells, presence
from reverie.sampling.constraints.base import Rule, add_column, fault
from reverie.sampling.constraints.observed import Observed
from reverie.sampling.matching import flat, meets
from reverie.schema.types import Constraint

_FIELDS = frozenset({"values", "negate", "low", "high", "strict_low", "strict_high", "missing"})


class Conditional(Rule):
    """Where `columns[0]` meets `when`, `columns[1]` meets `then`.

    `when` and `then` are written as the fields of a condition: `{"values": [true]}`, `{"low": 3}`,
    `{"missing": false}`. A `then` of missing is restored by emptying the cell; all else is checked.
    """

    OPTIONS = frozenset({"when", "then"})
    COLUMNS = (2, 2)
    PLACE = -1

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Also refuses a `when` or `then` that is not one condition."""
        super().verify(constraint)
        for part in ("when", "then"):
            fields = constraint.options.get(part)
            if not isinstance(fields, Mapping) or not fields or set(fields) - _FIELDS:
                raise fault(
                    constraint,
                    f"'{part}' is not a condition",
                    fix=f"Write an object with: {', '.join(sorted(_FIELDS))}",
                )

    @classmethod
    def detect(cls, observed: Observed) -> list[Constraint]:
        """Columns that are missing, or are never missing, wherever another one is missing or has certain
        values.
        """
        return presence.links(observed)

    def valid(self, table: pa.Table) -> np.ndarray:
        """Rows where `when` is not met, or `then` is, or (unless it is about missing cells) its cell is
        missing.
        """
        when, then = self._part("when"), self._part("then")
        try:
            held = ~meets(table, [when]) | meets(table, [then])
        except ConditionError as error:
            raise fault(self.constraint, f"'{error.where}': {error.what}", fix=error.fix) from None
        if then.missing is None:
            held |= meets(table, [Condition(then.column, missing=True)])
        return held

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The second column, if it must be missing."""
        return self.constraint.columns[1:] if self._part("then").missing else ()

    @property
    def needs(self) -> tuple[str, ...]:
        """None that must still be there: it is applied last, on whole rows."""
        return ()

    def restore(self, table: pa.Table) -> pa.Table:
        """The second column emptied where it must be missing."""
        if not self.rewrites:
            return table
        name = self.constraint.columns[1]
        column = flat(table[name])
        emptied = pc.if_else(
            pa.array(meets(table, [self._part("when")])), pa.scalar(None, column.type), column
        )
        return add_column(table, name, cells.as_type(emptied, table[name].type), before=0)

    def _part(self, part: str) -> Condition:
        fields = dict(self.constraint.options[part])
        if fields.get("values") is not None:
            fields["values"] = tuple(fields["values"])
        return Condition(self.constraint.columns[0 if part == "when" else 1], **fields)


RULE = Conditional
