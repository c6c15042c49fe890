"""A graphical model of attributes from counts of some of them together, as tables of one attribute given few.

Counts may have noise of different strength and contradict each other: what is found is the distribution of
most entropy that fits them best. Source: McKenna et al. (2019), Graphical-model based estimation and
inference for differential privacy (the `mbi` library).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.models.histogram import pick

Clique = tuple[int, ...]
LEAST_DEVIATION = 1.0
"""Noise that is assumed of counts that have none, as for a sample of rows."""


@dataclass(frozen=True)
class Measured:
    """Counts (sizes...) of the combinations of the codes of a clique of attributes, and their noise."""

    clique: Clique
    counts: np.ndarray
    deviation: float


@dataclass(frozen=True)
class Table:
    """P(attribute | parents): `chances` (sizes of the parents..., size of the attribute)."""

    attribute: int
    parents: Clique
    chances: np.ndarray

    def given(self, codes: np.ndarray) -> np.ndarray:
        """The chances of each code, (rows, size), in rows of codes (rows, attributes)."""
        return self.chances[tuple(codes[:, at] for at in self.parents)] if self.parents else np.broadcast_to(
            self.chances, (len(codes), len(self.chances))
        )  # fmt: skip


def size_with(sizes: Sequence[int], cliques: Sequence[Clique]) -> float:
    """Megabytes that a model of these cliques takes."""
    mbi = _library()
    names = [str(at) for at in range(len(sizes))]
    domain = mbi.Domain(names, list(sizes))
    return float(mbi.junction_tree.hypothetical_model_size(domain, [tuple(map(str, one)) for one in cliques]))


def estimate(
    sizes: Sequence[int], measured: Sequence[Measured], steps: int, begun: Any = None
) -> tuple[tuple[Table, ...], Any]:
    """Tables in an order in which parents come first, and what may be `begun` from when more is measured."""
    mbi = _library()
    names = [str(at) for at in range(len(sizes))]
    domain = mbi.Domain(names, list(sizes))
    given = [
        mbi.LinearMeasurement(
            one.counts.ravel(), tuple(map(str, one.clique)), max(one.deviation, LEAST_DEVIATION)
        )
        for one in measured
    ]
    model: Any = mbi.estimation.MirrorDescent().estimate(domain, given, iters=steps, warm_start=begun)
    tree, order = mbi.junction_tree.make_junction_tree(domain, [tuple(one) for one in model.cliques])
    cliques, tables = [set(map(str, one)) for one in tree.nodes], []
    seen: set[str] = set()
    for name in map(str, reversed(order)):
        parents = tuple(sorted(set().union(*(one for one in cliques if name in one)) & seen, key=int))
        found = np.asarray(model.project((*parents, name)).datavector(flatten=False), float)
        tables.append(Table(int(name), tuple(map(int, parents)), _normal(np.maximum(found, 0.0))))
        seen.add(name)
    return tuple(tables), model


def independent(measured: Sequence[Measured]) -> tuple[Table, ...]:
    """A table for each clique of one attribute, without parents."""
    return tuple(Table(one.clique[0], (), _normal(np.maximum(one.counts, 0.0))) for one in measured)


def draw(tables: Sequence[Table], rows: int, rng: np.random.Generator) -> np.ndarray:
    """Codes (rows, attributes) int64."""
    codes = np.zeros((rows, len(tables)), np.int64)
    for table in tables:
        codes[:, table.attribute] = pick(table.given(codes), rng)
    return codes


def _normal(found: np.ndarray) -> np.ndarray:
    """Chances along the last axis; where nothing was seen, those of all rows together."""
    whole = found.reshape(-1, found.shape[-1]).sum(axis=0) + 1e-9
    total = found.sum(axis=-1, keepdims=True)
    return np.where(total > 1e-9, found / np.maximum(total, 1e-12), whole / whole.sum())


def _library():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of precision and caches, as it is imported
        import mbi
        import mbi.estimation
        import mbi.junction_tree
    return mbi
