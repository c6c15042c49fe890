"""What a formula constraint computes, and how exact the data can be expected to follow it."""

import numpy as np

from reverie.schema.types import Constraint

OPERATIONS = ("difference", "product", "ratio", "sum")

_PRECISION = 1e-10


def reckon(constraint: Constraint, operands: list[np.ndarray]) -> np.ndarray:
    """The operation on the operands, (rows,) float64; NaN where one is missing or the divisor is zero."""
    operation = constraint.options["operation"]
    with np.errstate(all="ignore"):
        if operation == "product":
            value = np.prod(operands, axis=0)
        elif operation == "ratio":
            value = operands[0] / operands[1]
        else:
            weights = (
                [1.0, -1.0]
                if operation == "difference"
                else constraint.options.get("weights") or [1.0] * len(operands)
            )
            value = sum(weight * operand for weight, operand in zip(weights, operands, strict=True))
            value = value + constraint.options.get("constant", 0.0)
    return np.where(np.isfinite(value), value, np.nan)


def slack(decimals: int | None, results: np.ndarray) -> float:
    """How far a result may be off: half a unit of its last decimal, and what double arithmetic leaves."""
    rounding = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    finite = results[np.isfinite(results)]
    return rounding + _PRECISION * float(np.max(np.abs(finite), initial=0.0))
