"""The margins of a model whose rows emerge, put right after training by what it makes; see ADR 0016.

Sources: Deming & Stephan 1940 (proportional fitting); Panofsky & Brier 1958 (quantile mapping).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from reverie.models.calibration import Map
from reverie.models.layout import Known
from reverie.schema.blocks import Blocks, concatenate

if TYPE_CHECKING:
    from reverie.models.families.diffusion import Diffusion

CHUNK = 1 << 10
"""Rows that are made at a time."""
SEEN, SEEN_CELLS = 48 << 10, 1 << 20
"""Most rows, and most cells, that are generated to put margins right."""
DOUBT = 20.0
"""Rows of a code that are added to both sides where frequencies are compared."""


def put_right(
    model: "Diffusion",
    blocks: Blocks,
    mass: np.ndarray,
    rng: np.random.Generator,
    over: Callable[[], bool] = lambda: False,
) -> None:
    """Move the logits of codes, and map numbers, so that margins are those of `blocks` weighted by `mass`
    (rows,), as far as rows that the model generates until it is `over` tell.
    """
    layout = model.layout
    cells = max(len(layout.sizes) + len(layout.mean), 1)
    chunks = max(min(SEEN_CELLS // cells, SEEN) // (2 * CHUNK), 1)
    # The second time half of the rest is moved, which leaves the mean of both; numbers go by the second
    # alone, so that what came with the codes is not put right twice.
    for part in (1.0, 0.5):
        made = _drawn(model, chunks, rng, over)
        moves = []
        for spec in layout.categories:
            counts = np.bincount(made[spec.name], minlength=spec.k)
            wanted = np.bincount(blocks[spec.name], mass, minlength=spec.k) * (made.rows / mass.sum())
            moves.append(part * np.log((wanted + DOUBT) / (counts + DOUBT)))
        model.task.row_net.shift(np.concatenate([np.zeros(0), *moves]))
    some = rng.choice(blocks.rows, min(made.rows, 4 * blocks.rows), p=mass / mass.sum())
    ours, theirs = (
        ((layout.numbers(rows) - layout.mean) / layout.spread).T for rows in (made, blocks.take(some))
    )
    model.maps = tuple(Map.learn_present(*pair) for pair in zip(ours, theirs, strict=True))


def _drawn(model: "Diffusion", chunks: int, rng: np.random.Generator, over: Callable[[], bool]) -> Blocks:
    """Rows in so many chunks, or in fewer if it is over, but in one."""
    parts = [model.fill(Known.nothing(model.layout, CHUNK), rng)[0]]
    while len(parts) < chunks and not over():
        parts.append(model.fill(Known.nothing(model.layout, CHUNK), rng)[0])
    return concatenate(parts)
