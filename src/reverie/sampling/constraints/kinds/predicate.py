"""A rule written in Python: a function from a table to a mask."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints.base import Rule, fault
from reverie.schema.types import Constraint

_RAISED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, OSError, RuntimeError, TypeError,
    ValueError, pa.ArrowException,
)  # fmt: skip


class Function(str):
    """The name of a function, carrying the function itself; JSON keeps the name alone."""

    __slots__ = ("call",)

    call: Callable[[pa.Table], np.ndarray]

    def __new__(cls, name: str, call: Callable[[pa.Table], np.ndarray]) -> "Function":
        made = super().__new__(cls, name)
        made.call = call
        return made


class Predicate(Rule):
    """`function(table of columns) -> (rows,) bool`. Python only: it cannot be written into a schema or an
    artifact.
    """

    OPTIONS = frozenset({"function"})
    SAVED = False

    @classmethod
    def verify(cls, constraint: Constraint) -> None:
        """Also refuses a predicate that is known by its name only."""
        super().verify(constraint)
        if not isinstance(constraint.options.get("function"), Function):
            raise fault(
                constraint,
                "comes without its Python function",
                fix="Add it in Python with rv.predicate(...), JSON cannot hold it",
            )

    def valid(self, table: pa.Table) -> np.ndarray:
        """What the function says. Raises ConstraintError if it fails, or gives not one truth value a row."""
        type(self).verify(self.constraint)
        function = self.constraint.options["function"]
        try:
            mask = np.asarray(function.call(table.select(list(self.constraint.columns))))
        except _RAISED as error:
            what = f"its function '{function}' raised {type(error).__name__}"
            raise fault(self.constraint, what, fix="Correct the function") from error
        if mask.shape != (table.num_rows,) or mask.dtype != bool:
            raise fault(
                self.constraint, f"gave {mask.dtype} of shape {mask.shape}", fix="Return one bool a row"
            )
        return mask


def predicate(
    columns: tuple[str, ...] | list[str], function: Callable[[pa.Table], np.ndarray], name: str = ""
) -> Constraint:
    """A constraint that `function` checks: it gets an Arrow table of `columns` and returns a bool for each
    row.
    """
    named = Function(name or getattr(function, "__name__", "predicate"), function)
    return Constraint(kind="predicate", columns=tuple(columns), options={"function": named})


RULE = Predicate
