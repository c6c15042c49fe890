"""Blocks as attributes of few codes: a Category, or a number in cells, joined with what gates it.

Codes that few rows have are grouped, so that tables of two attributes hold enough rows a cell: neighbours
where codes have places on a line, all that are rare where they have none. Within its group a code is drawn
by its own share.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from reverie.core.errors import ConfigError
from reverie.models.density import Residuals
from reverie.schema.blocks import Blocks, Category, Real, Spec

RARE = 1e-3
"""Share of all rows under which a code without a place is grouped with other rare ones."""
CELLS = 64
"""Cells of a number, each as likely as another where its normal scores are."""


def scale(cells: int) -> Residuals:
    """The cells of every number: quantiles of a standard normal, with its tails."""
    edges = ndtri(np.linspace(0, 1, cells + 1)[1:-1])
    tail = 1 / edges[-1]
    return Residuals(np.concatenate([[edges[0] - 2.5], edges, [edges[-1] + 2.5]]), 1, np.array([tail, tail]))


@dataclass(frozen=True)
class Attribute:
    """A Category, a number, or both where the number is present if the Category has the code of its gate.

    Codes are those of the Category but the gate's, then the cells of the number.
    """

    category: Category | None
    real: Real | None

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.kinds) + (CELLS if self.real else 0)

    @property
    def kinds(self) -> np.ndarray:
        """The codes of the Category that come first, (kinds,)."""
        if self.category is None:
            return np.zeros(0, np.int64)
        every = np.arange(self.category.k)
        return every if self.gated is None else every[every != self.gated]

    @property
    def gated(self) -> int | None:
        """The code of the Category where the number is present, if that varies."""
        return self.real.gate.code if self.real and self.real.gate else None

    @property
    def blocks(self) -> tuple[Category | Real, ...]:
        """The Category and the number, as far as there are."""
        return tuple(spec for spec in (self.category, self.real) if spec is not None)

    @property
    def places(self) -> np.ndarray:
        """The place of each code on a line, (codes,), NaN for one without."""
        of = np.full(len(self.kinds), np.nan)
        if self.category is not None and self.category.positions is not None:
            positions = self.category.positions
            of = np.array([np.nan if positions[at] is None else positions[at] for at in self.kinds], float)
        cells = ndtri((np.arange(CELLS) + 0.5) / CELLS) if self.real else np.zeros(0)
        return np.concatenate([of, cells])

    def codes(self, blocks: Blocks) -> np.ndarray:
        """The code of each row, (rows,) int64."""
        if self.real is None:
            assert self.category is not None
            return blocks[self.category.name].astype(np.int64)
        cells, _ = CELLED.split(CELLED.place(np.nan_to_num(blocks[self.real.name].reshape(-1).astype(float))))
        if self.category is None:
            return cells.astype(np.int64)
        found = blocks[self.category.name].astype(np.int64)
        place = np.zeros(self.category.k, np.int64)
        place[self.kinds] = np.arange(len(self.kinds))
        return np.where(found == self.gated, len(self.kinds) + cells, place[found])


CELLED = scale(CELLS)


def attributes(specs: Sequence[Spec]) -> tuple[Attribute, ...]:
    """All attributes of the blocks. Raises ConfigError for vectors, tokens and two numbers of one gate."""
    reals: dict[str, Real] = {}
    for spec in specs:
        if isinstance(spec, Category):
            continue
        gate = spec.gate.block if isinstance(spec, Real) and spec.gate else spec.name
        if not isinstance(spec, Real) or spec.n * spec.d != 1 or gate in reals:
            what = "holds vectors or tokens, which this family does not model"
            raise ConfigError(what, where=spec.name, fix="Choose another --model, or leave it out")
        reals[gate] = spec
    found = [Attribute(spec, reals.get(spec.name)) for spec in specs if isinstance(spec, Category)]
    return (*found, *(Attribute(None, spec) for spec in reals.values() if spec.gate is None))


@dataclass(frozen=True)
class Groups:
    """The group of each code, `of` (codes,), and the share that the code has of it, `within` (codes,)."""

    of: np.ndarray
    within: np.ndarray

    @property
    def size(self) -> int:
        """How many groups there are."""
        return int(self.of.max()) + 1

    @classmethod
    def learn(cls, attribute: Attribute, counts: np.ndarray, deviation: float, most: int) -> "Groups":
        """From counts (codes,) with noise of `deviation`: about `most` groups, and single values that are
        surely more than noise besides.
        """
        mass, places = np.maximum(counts, 0.0), attribute.places
        least = max(mass.sum() / most, 3 * deviation)
        lined = np.flatnonzero(~np.isnan(places))
        lined = lined[np.argsort(places[lined], kind="stable")]
        loose = np.flatnonzero(np.isnan(places))
        of, group = np.zeros(len(mass), np.int64), 0
        rare = loose[mass[loose] < min(least, max(3 * deviation, RARE * mass.sum()))]
        for code in np.setdiff1d(loose, rare):
            of[code], group = group, group + 1
        if len(rare):
            of[rare], group = group, group + 1
        alone = mass >= least
        spikes = np.arange(len(mass)) < len(attribute.kinds)
        spikes &= mass >= max(3 * deviation, RARE * mass.sum())
        if np.count_nonzero(spikes[lined]) <= CELLS:
            # A number of few values is as good as a category: 7 is not nearly 8.
            alone |= spikes
        held, last = 0.0, group
        for code in lined:
            # A heavy code stands alone, so that what lies around a spike is not taken for the spike.
            if held and (held >= least or alone[code]):
                last, held = last + 1, 0.0
            of[code], held = last, held + mass[code] + 1e-9
            if alone[code]:
                held = np.inf
        smoothed = mass + max(1e-6 * mass.sum(), 1e-9) / len(mass)
        total = np.bincount(of, smoothed)
        return cls(of, smoothed / total[of])
