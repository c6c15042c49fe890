"""Margins put right after training: shifts of a network's logits, and monotone maps of its numbers.

All that is learned are frequencies of codes and quantiles of numbers: how columns go together stays the
network's.

Sources: Deming & Stephan 1940 (proportional fitting); Panofsky & Brier 1958 (quantile mapping).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from reverie.models.density import NORMAL, Residuals
from reverie.models.particles import systematic

ROUNDS = 30
NEVER = -60.0
"""Shift of the logit of a code that is not to be drawn."""
LEAST_KEPT = 1e-12
LEAST_MAPPED = 50
"""Fewest numbers that a map of those that are there is learned from."""


def shifts(logits: np.ndarray, sizes: Sequence[int], wanted: Sequence[np.ndarray]) -> np.ndarray:
    """What to add to logits (rows, codes), so that categories of `sizes` get the frequencies `wanted`."""
    edges, found = np.cumsum([0, *sizes]), np.full(logits.shape[1], NEVER)
    for start, shares in zip(edges, wanted, strict=False):
        some = np.flatnonzero(shares > 0)
        part, goal, shift = logits[:, start + some], np.log(shares[some] / shares.sum()), np.zeros(len(some))
        for _ in range(ROUNDS):
            moved = part + shift
            now = logsumexp(moved - logsumexp(moved, axis=1, keepdims=True), axis=0) - np.log(len(part))
            shift = shift + goal - np.maximum(now, np.log(LEAST_KEPT))
        found[start + some] = shift - shift.mean() if len(some) else shift
    return found


@dataclass(frozen=True)
class Map:
    """A monotone map of numbers: quantiles of `made` to those of `wanted`."""

    made: Residuals
    wanted: Residuals

    @classmethod
    def learn(cls, made: np.ndarray, chance: np.ndarray, wanted: np.ndarray) -> "Map":
        """From numbers made (rows,), each there with a chance (rows,), and those of rows, without NaN."""
        rows = systematic(chance, len(made), np.random.default_rng(0)) if chance.any() else np.arange(0)
        return cls(*(Residuals.learn(of if len(of) > 1 else NORMAL) for of in (made[rows], wanted)))

    @classmethod
    def learn_present(cls, made: np.ndarray, wanted: np.ndarray) -> "Map":
        """From numbers made and numbers of rows, NaN where absent; where either are few, of no effect."""
        made, wanted = (numbers[~np.isnan(numbers)] for numbers in (made, wanted))
        few = min(len(made), len(wanted)) < LEAST_MAPPED
        return cls(*(Residuals.learn(NORMAL if few else of) for of in (made, wanted)))

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """The numbers, mapped."""
        place = self.made.place(numbers) * (self.wanted.bins / self.made.bins)
        return self.wanted.value(np.clip(place, 0.0, self.wanted.bins))


def state(maps: Sequence[Map]) -> tuple[list[list[int]], dict[str, np.ndarray]]:
    """What `restored` takes: parts of bins of both sides of each map, and arrays by name."""
    arrays: dict[str, np.ndarray] = {}
    for i, each in enumerate(maps):
        for side, scale in (("made", each.made), ("wanted", each.wanted)):
            arrays |= {f"{side}.{i}": scale.knots, f"{side}.{i}.tails": scale.tails}
    return [[each.made.fine, each.wanted.fine] for each in maps], arrays


def restored(fine: Sequence[Sequence[int]], arrays: Mapping[str, np.ndarray]) -> tuple[Map, ...]:
    """What `state` is of. Raises ValueError, KeyError or TypeError if it is damaged."""

    def scale(name: str, parts: int) -> Residuals:
        return Residuals.restored(arrays[name], parts, arrays[f"{name}.tails"])

    return tuple(
        Map(scale(f"made.{i}", int(made)), scale(f"wanted.{i}", int(wanted)))
        for i, (made, wanted) in enumerate(fine)
    )
