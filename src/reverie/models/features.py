"""Blocks as binned features: what trees ask questions of, in the order in which a sequential model draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.core.errors import ConfigError
from reverie.models.bins import Bins
from reverie.schema.blocks import Blocks, Category, Real, Spec

MOST_BINS = 250
PENDING = 255
"""Bin of a row whose number is known to be present and not yet drawn."""


@dataclass(frozen=True)
class Feature:
    """One column's blocks as one feature: the category `kind`, the number `value`, or a number and its kind.

    `table` (k,) is the bin of each code of the kind. A number above `edges[i]` is in bin i + 2 or above; bin
    0 holds codes that have no place on the number's scale, such as missing.
    """

    kind: str | None
    value: str | None
    ordered: bool
    table: np.ndarray
    edges: np.ndarray
    size: int

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks in drawing order."""
        return tuple(name for name in (self.kind, self.value) if name is not None)

    def bins(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """The bin of each row, (rows,) uint8."""
        if self.value is None:
            return self.table[values[self.kind or ""]]
        found = self.place(values[self.value])
        return found if self.kind is None else np.where(found > 0, found, self.table[values[self.kind]])

    def place(self, numbers: np.ndarray) -> np.ndarray:
        """The bin of each number, (rows,) uint8, 0 where NaN."""
        flat = numbers.reshape(-1)
        found = np.searchsorted(self.edges, flat, side="right") + 1
        return np.where(np.isnan(flat), 0, found).astype(np.uint8)

    def state(self) -> dict[str, Any]:
        """What `Feature(**state)` rebuilds it from."""
        return {
            "kind": self.kind, "value": self.value, "ordered": self.ordered,
            "table": self.table, "edges": self.edges, "size": self.size,
        }  # fmt: skip


@dataclass(frozen=True)
class FeatureSpace:
    """Features in drawing order."""

    features: tuple[Feature, ...]

    @classmethod
    def learn(cls, blocks: Blocks, most: int = MOST_BINS) -> "FeatureSpace":
        """Bin edges of all blocks, features with few bins first.

        Raises ConfigError for blocks that trees cannot take: vectors and tokens.
        """
        found = [_learn(kind, value, blocks, most) for kind, value in _pairs(blocks.specs)]
        return cls(tuple(sorted(found, key=lambda feature: feature.size)))

    @property
    def order(self) -> tuple[str, ...]:
        """Block names in drawing order."""
        return tuple(name for feature in self.features for name in feature.names)

    def arranged(self, order: Sequence[int]) -> "FeatureSpace":
        """The features at the positions `order`."""
        return FeatureSpace(tuple(self.features[index] for index in order))

    def bins(self, blocks: Blocks) -> Bins:
        """All features of all rows."""
        codes = np.empty((len(self.features), blocks.rows), np.uint8)
        for row, feature in zip(codes, self.features, strict=True):
            row[:] = feature.bins(blocks.arrays)
        return self.around(codes)

    def around(self, codes: np.ndarray) -> Bins:
        """`codes` (features, rows) uint8 with what the space knows of them."""
        sizes = np.array([feature.size for feature in self.features], np.int64)
        return Bins(codes, sizes, np.array([feature.ordered for feature in self.features], bool))


def _pairs(specs: tuple[Spec, ...]) -> list[tuple[Category | None, Real | None]]:
    """Each Real with the Category that gates it, if that holds places on its scale; all others alone."""
    kinds = {spec.name: spec for spec in specs if isinstance(spec, Category)}
    pairs: list[tuple[Category | None, Real | None]] = []
    joined = set()
    for spec in specs:
        if isinstance(spec, Category):
            continue
        if not isinstance(spec, Real) or spec.n * spec.d != 1:
            raise ConfigError("holds vectors or tokens, which trees do not model", where=spec.name)
        kind = kinds.get(spec.gate.block) if spec.gate else None
        if kind is not None and kind.name not in joined:
            joined.add(kind.name)
            pairs.append((kind, spec))
        else:
            pairs.append((None, spec))
    return pairs + [(kind, None) for kind in kinds.values() if kind.name not in joined]


def _learn(kind: Category | None, value: Real | None, blocks: Blocks, most: int) -> Feature:
    if value is None:
        assert kind is not None
        return _learn_category(kind, blocks, most)
    numbers = blocks[value.name].reshape(-1)
    positions = np.full(0, np.nan) if kind is None else _positions(kind)
    if kind is not None:
        numbers = np.where(np.isnan(numbers), positions[blocks[kind.name]], numbers)
    edges = _edges(numbers, most)
    table = np.where(np.isnan(positions), 0, np.searchsorted(edges, positions, side="right") + 1).astype(
        np.uint8
    )
    if kind is not None and value.gate is not None:
        table[value.gate.code] = PENDING
    return Feature(kind.name if kind else None, value.name, True, table, edges, len(edges) + 2)


def _learn_category(kind: Category, blocks: Blocks, most: int) -> Feature:
    positions = _positions(kind)
    if np.isnan(positions).all():
        table = np.minimum(np.arange(kind.k), most).astype(np.uint8)
        return Feature(kind.name, None, False, table, np.zeros(0), int(min(kind.k, most + 1)))
    edges = _edges(positions[blocks[kind.name]], most)
    table = np.where(np.isnan(positions), 0, np.searchsorted(edges, positions, side="right") + 1).astype(
        np.uint8
    )
    return Feature(kind.name, None, True, table, edges, len(edges) + 2)


def _positions(kind: Category) -> np.ndarray:
    if kind.positions is None:
        return np.full(kind.k, np.nan)
    return np.array([np.nan if place is None else place for place in kind.positions])


def _edges(numbers: np.ndarray, most: int) -> np.ndarray:
    """Edges between distinct numbers if those are few, or else around the frequent ones and between equal
    shares of the others, each counted once, so that a spike does not take the bins of what is beside it.
    """
    numbers = numbers[~np.isnan(numbers)]
    distinct, counts = np.unique(numbers, return_counts=True)
    between = (distinct[1:] + distinct[:-1]) / 2
    if len(distinct) <= most:
        return between
    frequent = counts > len(numbers) * 4 / most
    around = between[frequent[1:] | frequent[:-1]]
    others = distinct[~frequent]
    even = np.quantile(others, np.linspace(0, 1, most - len(around) + 1)[1:-1]) if len(others) else others
    return np.union1d(around, even)
