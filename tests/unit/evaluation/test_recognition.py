"""What cells show, told by a network that learned real rows."""

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison
from reverie.evaluation.recognition import SIDE, Recognised, cells_of
from reverie.io.pictures import write
from reverie.schema.types import Column, Table

SCHEMA = Table(
    name="t",
    columns=(
        Column(name="kind", type="category"),
        Column(name="size", type="decimal"),
        Column(name="photo", type="image"),
    ),
)


def table(n: int, seed: int) -> pa.Table:
    """Pictures whose upper half is light in rows of kind b; every tenth is missing."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 2, n)
    photos = []
    for row, kind in enumerate(kinds):
        pixels = rng.integers(0, 40, (8, 8, 1))
        pixels[: 4 * kind] += 200
        photos.append(None if row % 10 == 9 else write(pixels.astype(np.uint8)))
    named = np.array(["a", "b"])[kinds]
    return pa.table({"kind": named, "size": rng.normal(size=n), "photo": pa.array(photos, pa.binary())})


def test_cells_are_told() -> None:
    comparison = Comparison(table(300, 1), table(100, 2), None, SCHEMA)
    view = comparison.view
    real = cells_of(comparison, comparison.real, view.real, "photo")
    fake = cells_of(comparison, comparison.fake, view.fake, "photo")
    assert real.grids.shape == (270, 3, SIDE, SIDE)
    assert len(fake) == fake.side.rows == 90
    told = Recognised.learn(real, [2], seed=0).tell(fake)
    assert np.mean(told.codes[:, 0] == fake.side.codes[:, 0]) > 0.95
    assert told.features.shape[0] == 90


def test_where_there_is_nothing_to_tell_turns_are() -> None:
    comparison = Comparison(table(60, 1), table(60, 2), None, SCHEMA)
    real = cells_of(comparison, comparison.real, comparison.view.real, "photo")
    bare = type(real)(real.grids, type(real.side)(real.side.numbers[:, :0], real.side.codes[:, :0]))
    told = Recognised.learn(bare, [], seed=0).tell(bare)
    assert np.isfinite(told.features).all()
    assert told.features.std(0).max() > 0.1
