"""Rows that are only asked through noise: what a family is given under formal privacy, and without it.

A family that may be fitted privately never sees the rows. It learns the form of its columns from made-up
rows, says how a row is coded, and asks for counts of codes. Without a promise the answers are exact.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from reverie.dp.account import Account
from reverie.dp.mechanisms import choose, noisy, source
from reverie.models.base import OnProgress, Progress, silent
from reverie.schema.blocks import Blocks

if TYPE_CHECKING:
    from reverie.nn.private import Steps
    from reverie.nn.task import Task

Clique = tuple[int, ...]
Encode = Callable[[Blocks], np.ndarray]
"""Rows as codes (rows, attributes), each row by itself."""


@dataclass(frozen=True)
class Secret:
    """The real rows, and the account on which questions about them go; `account` None asks for nothing.

    `weights` (rows,) are relative frequencies, of rows without a promise alone; `owners` (rows,) numbers the
    entities that are protected, where that is not each row.
    """

    _blocks: Blocks = field(repr=False)
    account: Account | None = None
    rng: np.random.Generator = field(default_factory=source, repr=False)
    weights: np.ndarray | None = field(default=None, repr=False)
    owners: np.ndarray | None = field(default=None, repr=False)

    def train(
        self,
        task: "Task",
        encode: Callable[[Blocks], Mapping[str, np.ndarray]],
        steps: "Steps",
        rows: int,
        *,
        threads: int | None = None,
        on_progress: OnProgress = silent,
    ) -> None:
        """Train a network in place on the rows as arrays, each row encoded by itself, with all that is left
        of the account; `rows` is about how many there are, as far as that may be known.

        Raises ConfigError if nothing is left.
        """
        from reverie.nn.private import train, updates

        assert self.account is not None
        chance = min(steps.batch / max(rows, 1), 1.0)
        noise = self.account.sampled("steps of training", chance, updates(task, steps))

        def tell(step: int) -> None:
            on_progress(Progress("training", step / steps.count, 1.0))

        train(
            task, encode(self._blocks), steps, chance=chance, noise=noise, rng=self.rng, owners=self.owners,
            threads=threads, on_step=tell,
        )  # fmt: skip

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
