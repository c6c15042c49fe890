"""The contract of a measure: a value with its interval, its real-against-real floor, and n.

A measure module in `quality/` or `privacy/` has `MEASURE`, an instance of a `Measure`. Measures never see a model.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from reverie.core import registry
from reverie.schema.types import Table

Verdict = Literal["faithful", "useful", "private"]


@dataclass(frozen=True)
class Comparison:
    """What is compared: tables with the same columns, and the schema that says what the columns are.

    `holdout` is real data that the model never saw, or None: then no floor can be measured and privacy is not proven.
    `target` is the column for usefulness, or None. Tables are already cut to at most `max_rows` rows by `rng`.
    """

    real: pa.Table
    fake: pa.Table
    holdout: pa.Table | None
    schema: Table
    target: str | None
    rng: np.random.Generator


@dataclass(frozen=True)
class Measurement:
    """One figure. `low`..`high` is a 95 % interval; `floor` the same figure of the holdout against the real data.

    `better` says which way is good; `ideal` is the best possible value. `detail` holds what the report draws
    (JSON-able: per column, per pair, curves), never a row of real data.
    """

    name: str
    value: float
    low: float
    high: float
    floor: float | None
    n: int
    better: Literal["lower", "higher", "target"]
    ideal: float
    explanation: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class Measure(ABC):
    """One way to compare. `measure` may return several figures (AUC by two classifiers, say), or none if not applicable."""

    name: str
    verdict: Verdict

    @abstractmethod
    def measure(self, comparison: Comparison) -> list[Measurement]:
        """Compute. Deterministic under `comparison.rng`."""


def measures() -> list[Measure]:
    """All measures, quality first."""
    found = []
    for package in ("reverie.evaluation.quality", "reverie.evaluation.privacy"):
        found += [module.MEASURE for module in registry.load_all(package)]
    return found
