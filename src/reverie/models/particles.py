"""Weighted partial rows on their way through a sequential model: importance weights and resampling."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from reverie.schema.blocks import CategoryEvidence, Evidence, Real, RealEvidence, Spec

POOL = 1 << 17
"""Most particles at a time, for the sake of memory."""

BlockEvidence = CategoryEvidence | RealEvidence


class Steps(Protocol):
    """What conditioning needs of a sequential model; `models.sequential.Sequential` documents each."""

    order: tuple[str, ...]
    specs: tuple[Spec, ...]

    def begin(self, rows: int, rng: np.random.Generator) -> Any: ...
    def draw(
        self, partial: Any, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]: ...
    def put(self, partial: Any, name: str, values: np.ndarray) -> None: ...
    def take(self, partial: Any, rows: np.ndarray) -> Any: ...


@dataclass
class Particles:
    """Partial rows of `model`: `values` so far, and the logarithms of two factors of each one's weight.

    `merit` is the probability of the evidence met since the last resampling. `debt` corrects for guided
    draws; it takes no part in resampling, for it would undo the guidance before the evidence is reached.
    `origin` numbers the particles at the start: those of one origin share the blocks before they parted.
    """

    model: Steps
    partial: Any
    merit: np.ndarray
    debt: np.ndarray
    origin: np.ndarray
    values: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def start(
        cls, model: Steps, count: int, rng: np.random.Generator, *, origin: np.ndarray | None = None
    ) -> "Particles":
        """`count` empty partial rows of equal weight."""
        origin = np.arange(count) if origin is None else origin
        return cls(model, model.begin(count, rng), np.zeros(count), np.zeros(count), origin)

    def __len__(self) -> int:
        return len(self.merit)

    @property
    def log_weight(self) -> np.ndarray:
        """Logarithm of each particle's weight, (particles,)."""
        return self.merit + self.debt

    def take(self, rows: np.ndarray) -> "Particles":
        """The particles at the positions `rows`, repeated where a position is."""
        values = {name: array[rows] for name, array in self.values.items()}
        partial = self.model.take(self.partial, rows)
        return Particles(self.model, partial, self.merit[rows], self.debt[rows], self.origin[rows], values)

    def draw(
        self, name: str, rng: np.random.Generator, evidence: BlockEvidence | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Values of block `name`, NaN where gated off, and the evidence's log probability."""
        values, logp = self.model.draw(self.partial, name, rng, evidence)
        logp = np.zeros(len(self)) if logp is None else logp
        closed = shut(self.model.specs, name, self.values)
        if closed is not None:
            values[closed] = np.nan
            logp = np.where(closed, 0.0, logp)
        return values, logp

    def put(self, name: str, values: np.ndarray) -> None:
        """Record the values of block `name`."""
        self.model.put(self.partial, name, values)
        self.values[name] = values

    def finish(self, names: Iterable[str], rng: np.random.Generator) -> None:
        """Draw the blocks `names` freely."""
        for name in names:
            values, _ = self.draw(name, rng)
            self.put(name, values)


def shut(specs: tuple[Spec, ...], name: str, values: "dict[str, np.ndarray] | Any") -> np.ndarray | None:
    """Where the gate of block `name` is closed, (rows,) bool; None if it has no gate."""
    spec = next(spec for spec in specs if spec.name == name)
    if not isinstance(spec, Real) or spec.gate is None:
        return None
    return values[spec.gate.block] != spec.gate.code


def known_rows(evidence: BlockEvidence) -> np.ndarray | None:
    """The array of each row's known value, if the evidence has one."""
    return evidence.codes if isinstance(evidence, CategoryEvidence) else evidence.values


def is_known(evidence: BlockEvidence, rows: int) -> np.ndarray:
    """Where a row's own value is known, (rows,) bool."""
    known = known_rows(evidence)
    if known is None:
        return np.zeros(rows, bool)
    there = ~np.isnan(known) if known.dtype.kind == "f" else known >= 0
    return np.asarray(there.any(axis=tuple(range(1, there.ndim))))


def known_share(evidence: BlockEvidence) -> float:
    """Share of rows of which the evidence says something."""
    known = known_rows(evidence)
    return 1.0 if known is None else float(is_known(evidence, len(known)).mean())


def spread(given: Evidence, rows: np.ndarray) -> dict[str, BlockEvidence]:
    """The evidence of the rows at positions `rows`; evidence that is the same for all rows stays as it is."""

    def pick(evidence: BlockEvidence) -> BlockEvidence:
        known = known_rows(evidence)
        if known is None:
            return evidence
        if isinstance(evidence, CategoryEvidence):
            return replace(evidence, codes=known[rows])
        return replace(evidence, values=known[rows])

    return {name: pick(evidence) for name, evidence in given.items()}


def stack(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays of the same names, one below the other."""
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def normalise(log_weight: np.ndarray) -> np.ndarray:
    """Weights that sum to 1 along the last axis, or are all 0 where every one is 0."""
    top = np.max(log_weight, axis=-1, keepdims=True, initial=-np.inf)
    weight = np.exp(log_weight - np.where(np.isfinite(top), top, 0.0))
    total = weight.sum(axis=-1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)


def effective(weight: np.ndarray) -> np.ndarray:
    """Effective sample size of weights that sum to 1 along the last axis; 0 where all are 0."""
    squares = np.square(weight).sum(axis=-1)
    return np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0)


def systematic(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of `n` survivors, ascending; each is kept floor or ceiling of n times its weight times.

    Source: Kitagawa 1996, systematic resampling.
    """
    heap = np.cumsum(weight)
    points = (np.arange(n) + rng.random()) * (heap[-1] / max(n, 1))
    # The last particle with weight, not the last particle, is where a point beyond the rounded sum belongs.
    return np.minimum(np.searchsorted(heap, points, side="right"), np.flatnonzero(weight)[-1])


def systematic_rows(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling of each row of `weight` (rows, particles) to as many; flat positions, by row."""
    rows, count = weight.shape
    heap = np.cumsum(weight, axis=1) * count
    heap[:, -1] = count
    marks = np.clip(np.ceil(heap - rng.random((rows, 1))), 0, count).astype(np.int64)
    marks[:, -1] = count
    return np.repeat(np.arange(rows * count), np.diff(marks, axis=1, prepend=0).ravel())
