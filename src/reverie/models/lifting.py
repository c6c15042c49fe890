"""Rare kinds of rows learned more often than they are, and thinned out again in what is generated.

A generator hardly sees a class of 1 %, and learns little of what goes with it. Rows with rare codes of
columns of few codes weigh more in training, by a factor that is known from a row alone; a generated row is
then kept with one over that chance, which gives back the distribution without it, exactly.

Source: Xu et al. 2019 (training by sampling), with von Neumann's rejection in place of a condition.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reverie.schema.blocks import Blocks, Category, Spec, concatenate

SIZE = 4
"""Most codes of a column whose rare ones are lifted: classes and flags, where each code matters."""
SHARE, MOST = 0.1, 8.0
"""Shares are lifted to the first, but by no more than the second."""
KEPT, LESS = 0.92, 0.8
"""Share of generated rows that must be kept; where fewer would, shares are lifted by so much less."""
SPARE, FEW = 1.05, 32
"""How many more rows than needed are generated at a time, by factor and by number."""
PREFIX = "lift."


@dataclass(frozen=True)
class Lifts:
    """For each of some categories the factor of each of its codes, (codes,), at least 1."""

    factors: Mapping[str, np.ndarray]

    @classmethod
    def learn(cls, blocks: Blocks, mass: np.ndarray) -> "Lifts":
        """Lift what is rare in rows weighted by `mass` (rows,), as far as enough rows are kept."""
        shares = {
            spec.name: np.bincount(blocks[spec.name], mass, minlength=spec.k) / mass.sum()
            for spec in blocks.specs
            if isinstance(spec, Category) and spec.k <= SIZE
        }
        goal = SHARE
        while True:
            lifts = cls(
                {name: _factors(of, goal) for name, of in shares.items() if _factors(of, goal).max() > 1}
            )
            if not lifts.factors or mass.sum() >= KEPT * (mass * lifts.of(blocks)).sum():
                return lifts
            goal *= LESS

    @classmethod
    def restored(cls, specs: Sequence[Spec], arrays: Mapping[str, np.ndarray]) -> "Lifts":
        """From what `arrays` gave. Raises ValueError if they are no factors."""
        factors = {}
        for spec in specs:
            of = np.asarray(arrays.get(PREFIX + spec.name, np.ones(0)), float)
            if not of.size:
                continue
            if (
                not isinstance(spec, Category)
                or of.shape != (spec.k,)
                or not ((of >= 1) & (of <= MOST)).all()
            ):
                raise ValueError("no such factors")
            factors[spec.name] = of
        return cls(factors)

    def arrays(self) -> dict[str, np.ndarray]:
        """The factors by name."""
        return {PREFIX + name: factors for name, factors in self.factors.items()}

    def of(self, blocks: Blocks) -> np.ndarray:
        """The factor of each row, (rows,): the largest of its codes'."""
        found = np.ones(blocks.rows)
        for name, factors in self.factors.items():
            np.maximum(found, factors[blocks[name]], out=found)
        return found

    def thinned(self, draw: Callable[[int], Blocks], n: int, rng: np.random.Generator) -> Blocks:
        """`n` rows of those that `draw` gives, each kept with one over its factor."""
        if not self.factors or not n:
            return draw(n)
        parts, missing, kept = [], n, 1.0
        while missing:
            rows = draw(int(missing / max(kept, 1 / MOST) * SPARE) + FEW)
            chosen = np.flatnonzero(rng.random(rows.rows) * self.of(rows) < 1)
            kept = len(chosen) / rows.rows
            parts.append(rows.take(chosen[:missing]))
            missing -= parts[-1].rows
        return concatenate(parts)


def _factors(shares: np.ndarray, goal: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.where(shares > 0, np.clip(goal / shares, 1.0, MOST), 1.0)
