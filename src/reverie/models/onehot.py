"""Blocks as two matrices for adversaries: codes of the categories, and numbers, NaN where absent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reverie.core.errors import ConfigError
from reverie.core.space import roomy
from reverie.schema.blocks import Blocks, Category, Real, Spec

if TYPE_CHECKING:
    from reverie.nn.gan import Form


def categories(specs: Sequence[Spec]) -> list[Category]:
    """The categories among the specs."""
    return [spec for spec in specs if isinstance(spec, Category)]


def numbers(specs: Sequence[Spec]) -> list[Real]:
    """The numbers among the specs."""
    return [spec for spec in specs if isinstance(spec, Real)]


def matrices(blocks: Blocks) -> dict[str, np.ndarray]:
    """`codes` (rows, categories) int32 and `numbers` (rows, numbers) float32, NaN where absent."""
    kinds = {"codes": (categories(blocks.specs), np.int32), "numbers": (numbers(blocks.specs), np.float32)}
    arrays = {}
    for name, (specs, dtype) in kinds.items():
        arrays[name] = roomy((blocks.rows, len(specs)), dtype)
        for i, spec in enumerate(specs):
            arrays[name][:, i] = blocks[spec.name].reshape(-1)
    return arrays


def placed(specs: tuple[Spec, ...], codes: np.ndarray, values: np.ndarray) -> Blocks:
    """The inverse of `matrices`: numbers (rows, numbers) are absent where their gates are closed."""
    arrays: dict[str, np.ndarray] = {}
    for i, spec in enumerate(categories(specs)):
        arrays[spec.name] = codes[:, i].astype(np.int32)
    for i, spec in enumerate(numbers(specs)):
        column = values[:, i].astype(float)
        if spec.gate is not None:
            column[arrays[spec.gate.block] != spec.gate.code] = np.nan
        arrays[spec.name] = column.reshape(-1, 1, 1)
    return Blocks(specs, {spec.name: arrays[spec.name] for spec in specs}, len(codes))


def shares(blocks: Blocks, mass: np.ndarray) -> list[np.ndarray]:
    """Frequencies of each category's codes in rows weighted by `mass`, 0 for those never generated."""
    found = []
    for spec in categories(blocks.specs):
        counts = np.bincount(blocks[spec.name], mass, minlength=spec.k)
        counts[list(spec.muted)] = 0.0
        found.append(counts / counts.sum() if counts.sum() > 0 else np.ones(spec.k) / spec.k)
    return found


def form_of(specs: tuple[Spec, ...]) -> "Form":
    """What a row consists of. Raises ConfigError for vectors and tokens."""
    from reverie.nn.gan import Form

    for spec in specs:
        if not isinstance(spec, Category | Real) or (isinstance(spec, Real) and spec.n * spec.d != 1):
            raise ConfigError(
                "holds vectors or tokens, which this family does not model",
                where=spec.name,
                fix="Choose another --model, or leave it out",
            )
    starts = np.cumsum([0, *(spec.k for spec in categories(specs))])
    found = {spec.name: (spec, int(at)) for spec, at in zip(categories(specs), starts, strict=False)}
    gates = np.zeros((starts[-1], len(numbers(specs))))
    places, always = np.full(gates.shape, np.nan), np.ones(len(numbers(specs)))
    for i, spec in enumerate(numbers(specs)):
        if spec.gate is None:
            continue
        gate, start = found[spec.gate.block]
        gates[start + spec.gate.code, i], always[i] = 1.0, 0.0
        for code, place in enumerate(gate.positions or ()):
            if place is not None and code != spec.gate.code:
                places[start + code, i] = place
    return Form(tuple(spec.k for spec in categories(specs)), gates, always, places)
