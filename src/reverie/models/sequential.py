"""The base of families that draw blocks one after another, each given those before.

A subclass supplies one conditional at a time (`draw`, `score`); sampling, conditioning and scoring of whole
rows follow here, once for all.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from reverie.models import conditioning
from reverie.models.base import Fitted
from reverie.models.particles import BlockEvidence, Particles, shut, stack
from reverie.schema.blocks import Blocks, Evidence


class Sequential(Fitted):
    """A fitted model P(x) = product over blocks of P(block | blocks before it in `order`).

    A gate comes before the Real it gates. What is known of the rows so far is a *partial*, an object of the
    subclass's own that holds numpy arrays.
    """

    order: tuple[str, ...]
    chunk: ClassVar[int] = 1 << 16
    """Rows worked on at a time: bounds memory, and keeps a chunk's arrays near the processor's caches."""

    @abstractmethod
    def begin(self, rows: int, rng: np.random.Generator) -> Any:
        """Partial rows of which nothing is known yet; what no block shows may be drawn already."""

    @abstractmethod
    def draw(
        self, partial: Any, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Values of block `name` from its conditional under the evidence, and log P(evidence | partial).

        The log probability is (rows,), or None without evidence; where a Real's value is known it is the log
        density. Evidence arrays have one entry a partial row, and what is known is obeyed even where it has
        probability 0. Muted codes are never drawn, unless `evidence.codes` says so. Values are a new array,
        in the block's shape; the partial is not advanced, and gates are the caller's affair.
        """

    @abstractmethod
    def put(self, partial: Any, name: str, values: np.ndarray) -> None:
        """Record the values of block `name` in the partial rows; NaN where a Real's gate is closed."""

    @abstractmethod
    def take(self, partial: Any, rows: np.ndarray) -> Any:
        """A new partial: the rows at the integer positions `rows`, repeated where a position is."""

    @abstractmethod
    def score(self, partial: Any, name: str, values: np.ndarray) -> np.ndarray:
        """Log density of the values of block `name` given the partial, (rows,); anything where gated off."""

    def arranged(self, given: Evidence) -> "Sequential":  # noqa: ARG002
        """The same model, drawing the blocks of which something is known early if the family can."""
        return self

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, by sequential Monte Carlo from the distribution conditional on it.

        Raises ConditionError if the evidence cannot be met.
        """
        if given and n:
            arrays = conditioning.answer(self.arranged(given), n, rng, given)
        else:
            starts = range(0, max(n, 1), self.chunk)
            arrays = stack([self._free(min(self.chunk, n - start), rng) for start in starts])
        return Blocks(self.specs, {spec.name: arrays[spec.name] for spec in self.specs}, n)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,): the sum of its blocks' scores."""
        total = np.zeros(blocks.rows)
        for start in range(0, blocks.rows, self.chunk):
            rows = slice(start, min(start + self.chunk, blocks.rows))
            total[rows] = self._scored(
                {name: array[rows] for name, array in blocks.arrays.items()}, rows.stop - start
            )
        return total

    def _free(self, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        particles = Particles.start(self, n, rng)
        particles.finish(self.order, rng)
        return particles.values

    def _scored(self, arrays: dict[str, np.ndarray], rows: int) -> np.ndarray:
        partial, total = self.begin(rows, np.random.default_rng(0)), np.zeros(rows)
        for name in self.order:
            score = self.score(partial, name, arrays[name])
            closed = shut(self.specs, name, arrays)
            total += score if closed is None else np.where(closed, 0.0, score)
            self.put(partial, name, arrays[name])
        return total
