"""Rows near to a given one, and rows on the way from one to another, of any family.

Numbers vary on the scale of normal scores, codes by being drawn anew given the others.
"""

from collections.abc import Callable

import numpy as np

from reverie.core.errors import ConfigError
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Real

Draw = Callable[[int, Evidence], Blocks]


def check_way(a: Blocks, b: Blocks, steps: int) -> None:
    """Raise ConfigError unless rows can be paired, and there are steps for both ends."""
    if steps < 2:
        raise ConfigError("steps are fewer than 2", where="interpolate", fix="Give 2 or more")
    if a.rows != b.rows:
        what = f"{a.rows:,} rows cannot be paired with {b.rows:,}"
        raise ConfigError(what, where="interpolate", fix="Give as many rows of both")


def vary(draw: Draw, rows: Blocks, strength: float, rng: np.random.Generator) -> Blocks:
    """Rows that keep each code with probability 1 - `strength` and are drawn anew, given what was kept, for
    the rest; numbers s go to sqrt(1 - w^2) s + w times those drawn, with w the strength.

    `draw(n, given)` draws rows of these blocks. Raises ConditionError if it cannot.
    """
    given = {}
    for spec, codes in rows:
        if isinstance(spec, Category):
            hidden = (rng.random(rows.rows) < strength) | np.isin(codes, spec.muted)
            given[spec.name] = CategoryEvidence(codes=np.where(hidden, -1, codes).astype(np.int32))
    drawn = draw(rows.rows, given)
    arrays = {}
    for spec, new in drawn:
        mixed = isinstance(spec, Real) and spec.grid is None
        arrays[spec.name] = _blended(rows[spec.name], new, strength) if mixed else new
    return Blocks(drawn.specs, arrays, drawn.rows)


def between(ends: Blocks, shares: np.ndarray) -> Blocks:
    """Rows as far on the way from the first to the second of two `ends` as the `shares` (rows,) say; codes
    are those of the nearer end.
    """
    nearer = (shares >= 0.5).astype(int)
    arrays = {}
    for spec, pair in ends:
        if isinstance(spec, Category):
            arrays[spec.name] = pair[nearer]
            continue
        along = shares.reshape([-1] + [1] * (pair.ndim - 1))
        mixed = (1 - along) * pair[:1] + along * pair[1:]
        arrays[spec.name] = np.where(np.isnan(mixed), pair[nearer], mixed)
    return Blocks(ends.specs, arrays, len(shares))


def _blended(own: np.ndarray, new: np.ndarray, strength: float) -> np.ndarray:
    """Both together where both are there, else the new one."""
    mixed = (1 - strength**2) ** 0.5 * own + strength * new
    return np.where(np.isnan(mixed), new, mixed).astype(new.dtype)
