"""Grids (pictures, spectrograms or their latents) beside the rows of a family that emerges from noise.

Rows are answered first, told what is known of the grids; grids then emerge one after another, told the rows
and the grids there are. See `nn.joint`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reverie.schema.blocks import Blocks, CategoryEvidence, Evidence, Real, RealEvidence, Spec

if TYPE_CHECKING:
    import torch

    from reverie.nn.joint import Grid, Joint

    Refine = Callable[[Blocks | None, torch.Tensor], torch.Tensor]

CHUNK = 64
"""Grids that emerge at a time."""
ABLE = range(8, 513, 8)
"""Channels that a network can have at a size."""
WIDTHS = (32, 64, 64)
"""Channels of a grid's network at each of its sizes."""


def is_grid(spec: Spec) -> bool:
    """Whether a block's vectors have places on a grid."""
    return isinstance(spec, Real) and spec.grid is not None


def grids_of(specs: tuple[Spec, ...]) -> tuple[Real, ...]:
    """The blocks that are grids."""
    return tuple(spec for spec in specs if isinstance(spec, Real) and spec.grid is not None)


def rows_of(blocks: Blocks) -> Blocks:
    """The blocks that are no grids."""
    specs = tuple(spec for spec in blocks.specs if not is_grid(spec))
    return Blocks(specs, {spec.name: blocks[spec.name] for spec in specs}, blocks.rows)


def arrays_of(blocks: Blocks) -> dict[str, np.ndarray]:
    """Grids as a network learns them, `grid0`, `grid1`, ... (rows, channels, high, wide); 0 where absent."""
    return {f"grid{at}": _placed(blocks[spec.name], spec) for at, spec in enumerate(grids_of(blocks.specs))}


def forms(specs: tuple[Spec, ...], categories: tuple[str, ...]) -> tuple["Grid", ...]:
    """How the network sees the grids, whose gates are some of the `categories`."""
    from reverie.nn.joint import Grid

    found = []
    for spec in grids_of(specs):
        assert spec.grid is not None
        gate = (categories.index(spec.gate.block), spec.gate.code) if spec.gate else (-1, 0)
        found.append(Grid(spec.d, *spec.grid, *gate))
    return tuple(found)


def divided(
    given: Evidence, specs: tuple[Spec, ...], rows: int
) -> tuple[dict[str, CategoryEvidence | RealEvidence], dict[str, np.ndarray]]:
    """Evidence of rows, and what is known of grids by name, (rows, n, d); values of one row are of all."""
    names = {spec.name for spec in grids_of(specs)}
    known = {
        name: np.broadcast_to(found.values, (rows, *found.values.shape[1:]))
        for name, found in given.items()
        if name in names and isinstance(found, RealEvidence) and found.values is not None
    }
    rest = {name: _repeated(found, rows) for name, found in given.items() if name not in names}
    return rest, known


def _repeated(found: CategoryEvidence | RealEvidence, rows: int) -> CategoryEvidence | RealEvidence:
    if not isinstance(found, RealEvidence) or found.values is None or len(found.values) == rows:
        return found
    return replace(found, values=np.repeat(found.values, rows))


@dataclass(frozen=True)
class Imagery:
    """The grids among the blocks `whole` of rows, which a trained task makes in `steps`; `guidance` over 0
    makes them more typical of what is given, and less diverse.
    """

    whole: tuple[Spec, ...]
    task: "Joint"
    steps: int
    guidance: float

    @property
    def specs(self) -> tuple[Real, ...]:
        """The grids."""
        return grids_of(self.whole)

    def told(self, known: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """What the grids that are known tell of the rows, (rows, width) float32."""
        import torch

        with torch.inference_mode():
            parts = [
                self._told(
                    {name: found[start : start + CHUNK] for name, found in known.items()}, size
                ).numpy()
                for start, size in _chunks(rows)
            ]
        return np.concatenate(parts)

    def make(
        self, rows: Blocks, refine: "Refine", known: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> Blocks:
        """The rows with a grid in each, those that are known as they are, NaN where the gate is closed.

        `refine(rows, told)` gives what the row network's heads are given, (rows, width).
        """
        import torch

        noise, parts = torch.Generator().manual_seed(int(rng.integers(2**62))), []
        with torch.inference_mode():
            for start, size in _chunks(rows.rows):
                at = slice(start, start + size)
                held = {name: found[at] for name, found in known.items()}
                parts.append(self._make(rows.take(np.arange(start, start + size)), refine, held, noise))
        arrays = {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in self.specs}
        return Blocks(self.whole, {**rows.arrays, **arrays}, rows.rows)

    def _make(
        self, rows: Blocks, refine: "Refine", known: Mapping[str, np.ndarray], noise: "torch.Generator"
    ) -> dict:
        from reverie.nn.joint import emerge_grid

        made = dict(known)
        for at, spec in enumerate(self.specs):
            own = known.get(spec.name)
            there = np.ones(rows.rows, bool)
            if spec.gate is not None:
                there = rows[spec.gate.block] == spec.gate.code
            wanted = np.flatnonzero(there if own is None else there & np.isnan(own).any((1, 2)))
            found = np.full((rows.rows, spec.n, spec.d), np.nan, np.float32) if own is None else own.copy()
            if len(wanted):
                others = {name: values[wanted] for name, values in made.items() if name != spec.name}
                some = rows.take(wanted)
                grids = emerge_grid(
                    self.task, at, refine(some, self._told(others, len(wanted))),
                    refine(None, self._told({}, len(wanted))) if self.guidance else None,
                    noise, self.steps, self.guidance,
                )  # fmt: skip
                found[wanted] = _spread(grids.float().numpy())
            found[~there] = np.nan
            made[spec.name] = found
        return {spec.name: made[spec.name] for spec in self.specs}

    def _told(self, known: Mapping[str, np.ndarray], rows: int) -> "torch.Tensor":
        import torch

        net = self.task.net
        views = net.absent.repeat(rows, 1, 1)
        for at, spec in enumerate(self.specs):
            values = known.get(spec.name)
            there = np.zeros(rows, bool) if values is None else ~np.isnan(values).any((1, 2))
            if values is not None and there.any():
                shown = torch.from_numpy(_placed(values[there], spec))
                views[torch.from_numpy(there), at] = net.tower(at).look(shown)
        return views.sum(1)


def _chunks(rows: int) -> list[tuple[int, int]]:
    return [(start, min(CHUNK, rows - start)) for start in range(0, rows, CHUNK)] or [(0, 0)]


def _placed(values: np.ndarray, spec: Real) -> np.ndarray:
    """(rows, n, d) as (rows, d, high, wide) float32, 0 where absent."""
    assert spec.grid is not None
    grid = np.nan_to_num(values.astype(np.float32)).reshape(len(values), *spec.grid, spec.d)
    return np.ascontiguousarray(grid.transpose(0, 3, 1, 2))


def _spread(grid: np.ndarray) -> np.ndarray:
    """(rows, d, high, wide) as (rows, n, d)."""
    return grid.transpose(0, 2, 3, 1).reshape(len(grid), -1, grid.shape[1])
