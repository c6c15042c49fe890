"""Blocks as two matrices: codes of the categories, and numbers of variance 1, 0 where absent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.core.errors import ConfigError
from reverie.core.space import roomy
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Real, RealEvidence, Spec

LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Layout:
    """Which block each column of the matrices is of.

    `owner`, `gate` and `code` (numbers,): the Real that a number is a part of, by its place in `reals`; the
    category (-1: none), by its place in `categories`, that it is present with code `code` of. `mean` and
    `spread` (numbers,) are those of the rows.
    """

    specs: tuple[Spec, ...]
    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def learn(cls, blocks: Blocks, weights: np.ndarray | None) -> "Layout":
        """Means and spreads from the rows. Raises ConfigError for tokens."""
        for spec in blocks.specs:
            if not isinstance(spec, Category | Real):
                raise ConfigError(
                    "holds tokens, which this family does not model",
                    where=spec.name,
                    fix="Choose another --model, or leave it out",
                )
        mass = np.ones(blocks.rows) if weights is None else weights
        columns = (c for spec in _reals(blocks.specs) for c in blocks[spec.name].reshape(blocks.rows, -1).T)
        found = [_moments(column.astype(float), mass) for column in columns]
        mean, spread = np.reshape(found, (-1, 2)).T
        return cls(blocks.specs, mean, spread)

    @property
    def sound(self) -> bool:
        """Whether there is a mean and a spread for each number, and each gate is a category with its code."""
        sizes = {spec.name: spec.k for spec in self.categories}
        gates = [spec.gate for spec in self.reals if spec.gate is not None]
        there = all(0 <= gate.code < sizes.get(gate.block, 0) for gate in gates)
        shape = (sum(spec.n * spec.d for spec in self.reals),)
        scales = self.mean.shape == self.spread.shape == shape and bool((self.spread > 0).all())
        return there and scales and bool(np.isfinite([self.mean, self.spread]).all())

    @property
    def categories(self) -> tuple[Category, ...]:
        return tuple(spec for spec in self.specs if isinstance(spec, Category))

    @property
    def reals(self) -> tuple[Real, ...]:
        return tuple(_reals(self.specs))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes of each category."""
        return tuple(spec.k for spec in self.categories)

    @property
    def owner(self) -> np.ndarray:
        """The place in `reals` of what each number is a part of, (numbers,)."""
        return np.repeat(np.arange(len(self.reals)), [spec.n * spec.d for spec in self.reals])

    @property
    def gates(self) -> tuple[np.ndarray, np.ndarray]:
        """The category that gates each number, -1 for none, and its code, both (numbers,)."""
        at = {spec.name: i for i, spec in enumerate(self.categories)}
        gates = [spec.gate for spec in self.reals]
        found = [(at[gate.block], gate.code) if gate else (-1, 0) for gate in gates]
        category, code = np.reshape(found, (-1, 2)).astype(int).T
        return category[self.owner], code[self.owner]

    def matrices(self, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Codes (rows, categories) int32 and numbers (rows, numbers) float32."""
        codes = roomy((blocks.rows, len(self.sizes)), np.int32)
        for i, spec in enumerate(self.categories):
            codes[:, i] = blocks[spec.name]
        numbers = roomy((blocks.rows, len(self.mean)), np.float32)
        columns = (c for spec in self.reals for c in blocks[spec.name].reshape(blocks.rows, -1).T)
        for i, column in enumerate(columns):
            numbers[:, i] = _standard(column, self.mean[i], self.spread[i])
        return codes, numbers

    def numbers(self, blocks: Blocks) -> np.ndarray:
        """Numbers as they are in blocks, (rows, numbers), NaN where absent."""
        parts = [blocks[spec.name].reshape(blocks.rows, -1) for spec in self.reals]
        return np.concatenate([np.zeros((blocks.rows, 0)), *parts], axis=1)

    def standard(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (rows, numbers) as they are in blocks, scaled, float32; 0 where absent."""
        return _standard(numbers, self.mean, self.spread)

    def gates_of(self, names: Iterable[str]) -> list[str]:
        """The gates of the numbers among the names."""
        named = set(names)
        return [spec.gate.block for spec in self.reals if spec.name in named and spec.gate is not None]

    def blocks(self, codes: np.ndarray, numbers: np.ndarray, known: np.ndarray | None = None) -> Blocks:
        """The inverse of `matrices`: numbers are absent where their gates are closed.

        `known` (rows, numbers) are numbers as they are in blocks, which take precedence; NaN is none.
        """
        rows, owner = len(codes), self.owner
        arrays = {spec.name: codes[:, i].astype(np.int32) for i, spec in enumerate(self.categories)}
        values = numbers.astype(float) * self.spread + self.mean
        if known is not None:
            values = np.where(np.isnan(known), values, known)
        for i, spec in enumerate(self.reals):
            own = values[:, owner == i].reshape(rows, spec.n, spec.d)
            if spec.gate is not None:
                own[arrays[spec.gate.block] != spec.gate.code] = np.nan
            arrays[spec.name] = own
        return Blocks(self.specs, {spec.name: arrays[spec.name] for spec in self.specs}, rows)


@dataclass(frozen=True)
class Known:
    """What is known of rows: `codes` (rows, categories), -1 free, and `numbers` (rows, numbers), NaN free, as
    they are in blocks.
    """

    layout: Layout
    codes: np.ndarray
    numbers: np.ndarray
    told: np.ndarray | None = None
    """What else is known of the rows, as the network takes it, (rows, width)."""

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def nothing(cls, layout: Layout, rows: int) -> "Known":
        """Rows of which nothing is known."""
        codes = np.full((rows, len(layout.sizes)), -1, np.int32)
        return cls(layout, codes, np.full((rows, len(layout.mean)), np.nan))

    @classmethod
    def of(cls, layout: Layout, rows: int, given: Evidence) -> "Known":
        """The values of single rows in evidence; a number that is known has its gate open."""
        found = cls.nothing(layout, rows)
        for i, spec in enumerate(layout.categories):
            evidence = given.get(spec.name)
            if isinstance(evidence, CategoryEvidence) and evidence.codes is not None:
                found.codes[:, i] = evidence.codes
        for i, spec in enumerate(layout.reals):
            evidence = given.get(spec.name)
            if isinstance(evidence, RealEvidence) and evidence.values is not None:
                found._put(i, np.asarray(evidence.values, float)[:, None])
        return found

    @classmethod
    def of_blocks(cls, layout: Layout, blocks: Blocks, names: Iterable[str]) -> "Known":
        """The blocks called so, of which numbers may be absent."""
        found, named = cls.nothing(layout, blocks.rows), set(names)
        for i, spec in enumerate(layout.categories):
            if spec.name in named:
                found.codes[:, i] = blocks[spec.name]
        for i, spec in enumerate(layout.reals):
            if spec.name in named:
                found._put(i, blocks[spec.name].reshape(blocks.rows, -1))
        return found

    def take(self, rows: np.ndarray | slice) -> "Known":
        """Of the rows at the positions `rows`."""
        told = None if self.told is None else self.told[rows]
        return Known(self.layout, self.codes[rows], self.numbers[rows], told)

    def holds(self, name: str) -> np.ndarray:
        """In which rows the block called so is known, (rows,) bool."""
        for i, spec in enumerate(self.layout.categories):
            if spec.name == name:
                return self.codes[:, i] >= 0
        own = next(i for i, spec in enumerate(self.layout.reals) if spec.name == name)
        return np.asarray(~np.isnan(self.numbers[:, self.layout.owner == own]).any(axis=1))

    def _put(self, real: int, values: np.ndarray) -> None:
        own = np.flatnonzero(self.layout.owner == real)
        self.numbers[:, own] = values
        gate, code = (of[own[0]] for of in self.layout.gates)
        if gate >= 0:
            there = ~np.isnan(values).any(axis=1)
            self.codes[there & (self.codes[:, gate] < 0), gate] = code
            self.numbers[np.ix_(~there | (self.codes[:, gate] != code), own)] = np.nan


def _standard(numbers: np.ndarray, mean: Any, spread: Any) -> np.ndarray:
    return np.nan_to_num((numbers - mean) / spread).astype(np.float32)


def _reals(specs: tuple[Spec, ...]) -> list[Real]:
    return [spec for spec in specs if isinstance(spec, Real)]


def _moments(column: np.ndarray, mass: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation where present; 0 and 1 if it never is."""
    there = ~np.isnan(column)
    if not mass[there].sum() > 0:
        return 0.0, 1.0
    mean = np.average(column[there], weights=mass[there])
    spread = np.sqrt(np.average((column[there] - mean) ** 2, weights=mass[there]))
    return float(mean), float(max(spread, LEAST_SPREAD))
