"""Grids (pictures, spectrograms or their latents) as a network learns and makes them; see `nn.joint`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reverie.models.base import Budget
from reverie.schema.blocks import Blocks, Real, Spec

if TYPE_CHECKING:
    from reverie.nn.towers import Grid

ABLE = range(8, 513, 8)
"""Channels that a network can have at a size."""
SIZES = 4
"""Most sizes of a grid that a network works on."""
WIDTHS, WIDER, MANY = (32, 64, 64), (48, 96, 96), 1_000
"""Channels of a grid's network at each of its sizes, and those where grids have more numbers than that."""
MOST_UPDATES = 40_000
"""The most steps of training within a budget of time."""
GUIDANCE, STRONGER = 2.0, 3.0
"""How strongly grids are guided, and where they have more numbers than that: these are learned less well."""


def grids_of(specs: tuple[Spec, ...]) -> tuple[Real, ...]:
    """The blocks that are grids."""
    return tuple(spec for spec in specs if isinstance(spec, Real) and spec.grid is not None)


def able(widths: Sequence[object]) -> bool:
    """Whether networks can have these channels, at so many sizes."""
    return len(widths) <= SIZES and all(type(wide) is int and wide in ABLE for wide in widths)


def rest_of(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The blocks that are no grids."""
    return tuple(spec for spec in specs if not isinstance(spec, Real) or spec.grid is None)


def rows_of(blocks: Blocks) -> Blocks:
    """The rows without grids."""
    return blocks.only(rest_of(blocks.specs))


def usual(specs: tuple[Spec, ...]) -> tuple[int, ...]:
    """Channels of the networks for these grids."""
    return WIDER if _large(specs) else WIDTHS


def guidance(specs: tuple[Spec, ...]) -> float:
    """How strongly these grids are guided."""
    return STRONGER if _large(specs) else GUIDANCE


def updates(asked: int | None, usually: int, budget: Budget) -> int:
    """Steps of training: as many as are asked for; within a budget of time, as many as it allows."""
    return asked or (usually if budget.seconds is None else MOST_UPDATES)


def _large(specs: tuple[Spec, ...]) -> bool:
    return any(spec.n * spec.d > MANY for spec in grids_of(specs))


def arrays_of(blocks: Blocks) -> dict[str, np.ndarray]:
    """Grids as a network learns them, `grid0`, `grid1`, ... (rows, channels, high, wide); 0 where absent."""
    return {f"grid{at}": placed(blocks[spec.name], spec) for at, spec in enumerate(grids_of(blocks.specs))}


def forms(specs: tuple[Spec, ...], categories: tuple[str, ...]) -> tuple["Grid", ...]:
    """How the network sees the grids, whose gates are some of the `categories`."""
    from reverie.nn.towers import Grid

    found = []
    for spec in grids_of(specs):
        assert spec.grid is not None
        gate = (categories.index(spec.gate.block), spec.gate.code) if spec.gate else (-1, 0)
        found.append(Grid(spec.d, *spec.grid, *gate))
    return tuple(found)


def placed(values: np.ndarray, spec: Real) -> np.ndarray:
    """(rows, n, d) as (rows, d, high, wide) float32, 0 where absent."""
    assert spec.grid is not None
    grid = np.nan_to_num(values.astype(np.float32)).reshape(len(values), *spec.grid, spec.d)
    return np.ascontiguousarray(grid.transpose(0, 3, 1, 2))


def spread(grid: np.ndarray) -> np.ndarray:
    """(rows, d, high, wide) as (rows, n, d)."""
    return grid.transpose(0, 2, 3, 1).reshape(len(grid), -1, grid.shape[1])
