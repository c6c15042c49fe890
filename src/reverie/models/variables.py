"""Blocks as sequences of categories: a number is a coarse bin and a part of it, after its gate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from reverie.core.errors import ConfigError
from reverie.core.space import roomy
from reverie.models.density import NORMAL, Residuals
from reverie.schema.blocks import Blocks, Category, Real, Spec

WAVES = 4
"""Cosines that bins share; half as many for parts of bins and for ordered categories."""


@dataclass(frozen=True)
class Variables:
    """`sizes` (variables,) codes each; `columns` (variables,) numbers the group that each is drawn with.

    `first` is each block's first variable: a Category has one, a Real two, its bin and a part of that.
    `parents` (variables,) is the bin of each part, -1 for what is no part; `bases` (codes, features) say
    which codes of a variable are alike. `scales` has each Real's bins.
    """

    order: tuple[str, ...]
    first: Mapping[str, int]
    sizes: tuple[int, ...]
    columns: np.ndarray
    parents: tuple[int, ...]
    bases: tuple[np.ndarray, ...]
    scales: Mapping[str, Residuals]

    @property
    def names(self) -> tuple[str, ...]:
        """The block that each variable is of, (variables,)."""
        ends = [*(self.first[name] for name in self.order[1:]), len(self.sizes)]
        return tuple(
            name for name, end in zip(self.order, ends, strict=False) for _ in range(self.first[name], end)
        )

    @classmethod
    def of(cls, specs: tuple[Spec, ...], scales: Mapping[str, Residuals]) -> "Variables":
        """Groups of most codes first, so that numbers come early; gates before what they gate.

        The first number behind a gate is drawn with it, any other on its own.
        """
        by_name = {spec.name: spec for spec in specs}
        gates = {spec.name: spec.gate.block for spec in specs if isinstance(spec, Real) and spec.gate}
        groups = [
            (name, *(gated for gated, gate in gates.items() if gate == name))
            for name in by_name
            if name not in gates
        ]
        groups.sort(key=lambda names: -sum(_codes(by_name[name], scales) for name in names))
        first, sizes, columns, parents, bases = {}, [], [], [], []
        for names in groups:
            for at, name in enumerate(names):
                first[name] = len(sizes)
                column = columns[-1] if at == 1 else columns[-1] + 1 if columns else 0
                found = _bases(by_name[name], scales)
                parents += [-1, len(sizes)][: len(found)]
                columns += [column] * len(found)
                sizes += [len(basis) for basis in found]
                bases += found
        order = tuple(name for names in groups for name in names)
        return cls(order, first, tuple(sizes), np.array(columns, int), tuple(parents), tuple(bases), scales)

    @classmethod
    def learn(cls, blocks: Blocks, coarse: int, fine: int) -> "Variables":
        """Bins from the rows. Raises ConfigError for vectors and tokens."""
        scales = {}
        for spec, array in blocks:
            if isinstance(spec, Real) and spec.n * spec.d == 1:
                there = array.reshape(-1)[~np.isnan(array.reshape(-1))].astype(float)
                scales[spec.name] = Residuals.learn(there if len(there) > 1 else NORMAL, coarse, fine)
            elif not isinstance(spec, Category):
                raise ConfigError(
                    "holds vectors or tokens, which this family does not model",
                    where=spec.name,
                    fix="Choose another --model, or leave it out",
                )
        return cls.of(blocks.specs, scales)

    def codes(self, blocks: Blocks) -> np.ndarray:
        """Codes (rows, variables) int32 of blocks, -1 where a number is not there."""
        out = roomy((blocks.rows, len(self.sizes)), np.int32)
        for name in self.order:
            for at, codes in enumerate(self.split(name, blocks[name])):
                out[:, self.first[name] + at] = codes
        return out

    def split(self, name: str, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """The codes of a block's variables, each (rows,); -1 where a number is not there."""
        if name not in self.scales:
            return (values,)
        numbers = values.reshape(-1).astype(float)
        there, scale = ~np.isnan(numbers), self.scales[name]
        bins, parts = scale.split(scale.place(np.where(there, numbers, 0.0)))
        return np.where(there, bins, -1), np.where(there, parts, -1)


def _bases(spec: Spec, scales: Mapping[str, Residuals]) -> list[np.ndarray]:
    """What tells which codes are alike, (codes, features), of each variable of a block."""
    if isinstance(spec, Category):
        places = spec.positions or (None,)
        if any(place is None for place in places):
            return [np.zeros((spec.k, 0))]
        rank = np.argsort(np.argsort(np.array(places, float)))
        return [_waves(spec.k, min(spec.k - 1, WAVES // 2))[rank]]
    scale = scales[spec.name]
    scores = ndtri((np.arange(scale.bins) + 0.5) / scale.bins)
    coarse = _waves(scale.bins, min(scale.bins - 1, WAVES))
    return [np.column_stack([scores, coarse]), _waves(scale.fine, min(scale.fine - 1, WAVES // 2))]


def _waves(codes: int, count: int) -> np.ndarray:
    """Cosines of rising frequency over the codes in their order, (codes, count)."""
    place = (np.arange(codes) + 0.5) / codes
    return np.cos(np.pi * place[:, None] * np.arange(1, count + 1))


def _codes(spec: Spec, scales: Mapping[str, Residuals]) -> int:
    if isinstance(spec, Category):
        return spec.k
    return scales[spec.name].bins * scales[spec.name].fine
