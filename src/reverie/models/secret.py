"""Rows that are only asked through noise: what a family is given under formal privacy, and without it.

A family that may be fitted privately never sees the rows. It learns the form of its columns from made-up
rows, says how a row is coded, and asks for counts of codes. Without a promise the answers are exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import pi, sqrt

import numpy as np

from reverie.dp.account import Account
from reverie.dp.mechanisms import choose, noisy, source
from reverie.schema.blocks import Blocks

Clique = tuple[int, ...]
Encode = Callable[[Blocks], np.ndarray]
"""Rows as codes (rows, attributes), each row by itself."""


@dataclass(frozen=True)
class Secret:
    """The real rows, and the account on which questions about them go; `account` None asks for nothing.

    `weights` (rows,) are relative frequencies, of rows without a promise alone.
    """

    _blocks: Blocks = field(repr=False)
    account: Account | None = None
    rng: np.random.Generator = field(default_factory=source, repr=False)
    weights: np.ndarray | None = field(default=None, repr=False)

    def coded(self, encode: Encode, sizes: Sequence[int]) -> "Coded":
        """The rows as codes, of which counts can be asked."""
        return Coded(encode(self._blocks), tuple(sizes), self.account, self.rng, self.weights)


@dataclass(frozen=True)
class Coded:
    """Codes (rows, attributes), of `sizes` codes each, behind noise."""

    _codes: np.ndarray = field(repr=False)
    sizes: tuple[int, ...]
    account: Account | None
    rng: np.random.Generator = field(repr=False)
    _weights: np.ndarray | None = field(default=None, repr=False)

    def count(self, clique: Clique, what: str, share: float) -> tuple[np.ndarray, float]:
        """How many rows have each combination of the codes of some attributes, (sizes...), and the deviation
        of the noise on each count, 0 where there is none.
        """
        exact = self._count(clique)
        if self.account is None:
            return exact, 0.0
        deviation = self.account.gaussian(what, share)
        return noisy(exact, deviation, self.rng), deviation

    def worst(
        self, cliques: Sequence[Clique], guesses: Sequence[np.ndarray], deviation: float, share: float
    ) -> int:
        """Which of the cliques is guessed worst, by the exponential mechanism: the position of one whose
        counts are far from the guess, in the 1-norm, above what noise of `deviation` would add.

        A row changes a distance by 1 at most. Source: McKenna et al. (2022), AIM, equation 1.
        """
        scores = np.array(
            [
                np.abs(self._count(clique) - guess).sum() - sqrt(2 / pi) * deviation * guess.size
                for clique, guess in zip(cliques, guesses, strict=True)
            ]
        )
        if self.account is None:
            return int(np.argmax(scores))
        return choose(scores, self.account.choice("which columns depend on each other", share), self.rng)

    def _count(self, clique: Clique) -> np.ndarray:
        sizes = [self.sizes[at] for at in clique]
        codes = np.ravel_multi_index(tuple(self._codes[:, at] for at in clique), sizes)
        return np.bincount(codes, self._weights, minlength=int(np.prod(sizes))).reshape(sizes).astype(float)
