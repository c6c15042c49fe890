"""The contract of a measure: a value with its interval, its real-against-real floor, and n.

A measure module in `quality/` or `privacy/` has `MEASURE`, a `Measure`. Measures never see a model.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from reverie.core import registry
from reverie.core.rng import child
from reverie.evaluation.view import View, view
from reverie.schema.types import Table

Aspect = Literal["faithful", "useful", "private"]


@dataclass(frozen=True)
class Comparison:
    """What is compared: tables with the same columns, and the schema that says what the columns are.

    `holdout` is real data that the model never saw, or None: then no floor can be measured and privacy is not
    proven. `target` is the column for usefulness, or None. Tables are already cut to a bounded number of
    rows.
    """

    real: pa.Table
    fake: pa.Table
    holdout: pa.Table | None
    schema: Table
    target: str | None = None
    seed: int = 0

    def __repr__(self) -> str:
        unseen = 0 if self.holdout is None else self.holdout.num_rows
        return f"Comparison({self.real.num_rows:,} real, {self.fake.num_rows:,} fake, {unseen:,} unseen rows)"

    @cached_property
    def view(self) -> View:
        """The tables as aligned matrices of numbers and codes, made once and shared by all measures."""
        return view(self.real, self.fake, self.holdout, self.schema)

    def generator(self, *names: str | int) -> np.random.Generator:
        """The generator that belongs to `names`; a new measure leaves the draws of the others alone."""
        return child(self.seed, "evaluation", *names)


@dataclass(frozen=True)
class Measurement:
    """One figure. `low`..`high` is a 95 % interval; `floor` the same figure of real data (the holdout).

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
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Measure(ABC):
    """One way to compare. `measure` may return several figures, or none if it does not apply."""

    name: str
    aspect: Aspect

    @abstractmethod
    def measure(self, comparison: Comparison) -> list[Measurement]:
        """Compute. Deterministic under `comparison.seed`."""

    def why_none(self, comparison: Comparison) -> str:  # noqa: ARG002
        """Why `measure` returned no figure; "" where the verdict's own words are enough."""
        return ""


def measures() -> list[Measure]:
    """All measures, quality first."""
    found = []
    for package in ("reverie.evaluation.quality", "reverie.evaluation.privacy"):
        found += [module.MEASURE for module in registry.load_all(package)]
    return found
