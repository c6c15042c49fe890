"""What fitting a family will cost, told before it is fitted: by its own estimate, or by a fit of few rows."""

import time

import numpy as np

from reverie.models.base import Budget, family
from reverie.models.deadline import FIRST_ROWS
from reverie.schema.blocks import Blocks, Spec


def estimate(name: str, specs: tuple[Spec, ...], rows: int, budget: Budget) -> float | None:
    """Seconds that an unhurried fit takes by the family's own formula; None if it has none."""
    formula = getattr(family(name), "seconds", None)
    return None if formula is None else float(formula(specs, rows, budget))


def timed(name: str, blocks: Blocks, budget: Budget, seed: int = 0) -> float:
    """Seconds that `blocks` will take, by the time of at most `FIRST_ROWS` of them; it grows with the rows.

    `budget.seconds` bound the trial too.
    """
    few, module = blocks.take(np.arange(min(blocks.rows, FIRST_ROWS))), family(name)
    start = time.monotonic()
    module.fit(few, config=module.Config(), rng=np.random.default_rng(seed), budget=budget)
    return (time.monotonic() - start) * blocks.rows / few.rows
