"""Blocks as two matrices: codes of the categories, and numbers of variance 1, 0 where absent."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reverie.core.errors import ConfigError
from reverie.schema.blocks import Blocks, Category, Real, Spec

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
        flat = [blocks[spec.name].reshape(blocks.rows, -1).astype(float) for spec in _reals(blocks.specs)]
        found = [_moments(column, mass) for part in flat for column in part.T]
        mean, spread = np.reshape(found, (-1, 2)).T
        return cls(blocks.specs, mean, spread)

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
        codes = np.empty((blocks.rows, len(self.sizes)), np.int32)
        for i, spec in enumerate(self.categories):
            codes[:, i] = blocks[spec.name]
        return codes, self.standard(blocks.arrays, blocks.rows)

    def standard(self, arrays: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """Numbers (rows, numbers) float32 of the Reals' arrays, 0 where absent."""
        parts = [arrays[spec.name].reshape(rows, -1) for spec in self.reals]
        numbers = np.concatenate([np.zeros((rows, 0)), *parts], axis=1)
        return np.nan_to_num((numbers - self.mean) / self.spread).astype(np.float32)

    def blocks(self, codes: np.ndarray, numbers: np.ndarray) -> Blocks:
        """The inverse of `matrices`: numbers are absent where their gates are closed."""
        rows, owner = len(codes), self.owner
        arrays = {spec.name: codes[:, i].astype(np.int32) for i, spec in enumerate(self.categories)}
        values = numbers.astype(float) * self.spread + self.mean
        for i, spec in enumerate(self.reals):
            own = values[:, owner == i].reshape(rows, spec.n, spec.d)
            if spec.gate is not None:
                own[arrays[spec.gate.block] != spec.gate.code] = np.nan
            arrays[spec.name] = own
        return Blocks(self.specs, {spec.name: arrays[spec.name] for spec in self.specs}, rows)


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
