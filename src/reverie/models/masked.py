"""What a masked network says, in plain arrays: sampling needs no training library.

What is known of a row is a running sum of embeddings, so that one more value costs an addition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import log_softmax


@dataclass(frozen=True)
class Masked:
    """Weights of a network over variables of `sizes`, of which some are parts of their `parents`; see
    `nn.masked.MaskedNet`.

    `embedding` (sum of sizes + 2 each, width); `layers` (depth, width, width) with `shifts` (depth, width);
    `out` (codes of all that are no parts, width) with `base`; for parts `narrow` (narrow, width) with
    `narrow_shift`, `inside` (codes of their parents, narrow), `fine` (parts, most, narrow) with `fine_base`.
    """

    sizes: tuple[int, ...]
    parents: tuple[int, ...]
    embedding: np.ndarray
    layers: np.ndarray
    shifts: np.ndarray
    out: np.ndarray
    base: np.ndarray
    narrow: np.ndarray
    narrow_shift: np.ndarray
    inside: np.ndarray
    fine: np.ndarray
    fine_base: np.ndarray
    told_of_all: np.ndarray | None = None
    """What is known of every row besides its variables, (width,), if anything is."""

    @cached_property
    def parts(self) -> list[int]:
        """Variables that are parts."""
        return [i for i, parent in enumerate(self.parents) if parent >= 0]

    @cached_property
    def starts(self) -> np.ndarray:
        """Where the codes of each variable begin, and the last end, in `out`; parts have none there."""
        own = [0 if parent >= 0 else size for size, parent in zip(self.sizes, self.parents, strict=True)]
        return np.cumsum([0, *own])

    @cached_property
    def told(self) -> np.ndarray:
        """Where the codes of each part's parent begin, and the last end, in `inside`."""
        return np.cumsum([0, *(self.sizes[self.parents[part]] for part in self.parts)])

    @cached_property
    def rows(self) -> np.ndarray:
        """Where the codes of each variable begin, and the last end, in `embedding`."""
        return np.cumsum([0, *(size + 2 for size in self.sizes)])

    def begin(self, rows: int) -> np.ndarray:
        """Sums (rows, width) float32 of rows of which no variable is known."""
        sums = self.embedding[self.rows[:-1]].sum(0, keepdims=True)
        if self.told_of_all is not None:
            sums = sums + self.told_of_all
        return np.repeat(sums, rows, axis=0)

    def tell(self, sums: np.ndarray, variable: int, codes: np.ndarray) -> None:
        """Add to the sums what the variable of each row is, -1 for absent."""
        start = self.rows[variable]
        table = self.embedding[start : self.rows[variable + 1]] - self.embedding[start]
        sums += table[np.where(codes < 0, 1, codes + 2)]

    def refine(self, sums: np.ndarray) -> np.ndarray:
        """What the heads are given, (rows, width)."""
        hidden = sums
        for layer, shift in zip(self.layers, self.shifts, strict=True):
            change = _bent(hidden) @ layer.T
            change += shift
            change += hidden
            hidden = change
        return _bent(hidden)

    def logits(self, refined: np.ndarray, variable: int) -> np.ndarray:
        """Logits of the codes of a variable that is no part, (rows, size)."""
        span = slice(self.starts[variable], self.starts[variable + 1])
        return refined @ self.out[span].T + self.base[span]

    def narrowed(self, refined: np.ndarray) -> np.ndarray:
        """What parts are told from, (rows, narrow)."""
        return refined @ self.narrow.T + self.narrow_shift

    def part_logits(self, narrowed: np.ndarray, variable: int, over: np.ndarray) -> np.ndarray:
        """Logits of the codes of a part, given its parent's codes `over` (rows,), (rows, size)."""
        at, size = self.parts.index(variable), self.sizes[variable]
        told = self.inside[self.told[at] : self.told[at + 1]]
        hidden = _bent(narrowed + told[over])
        return hidden @ self.fine[at, :size].T + self.fine_base[at, :size]

    def arrays(self) -> dict[str, np.ndarray]:
        """All weights by name."""
        return {name: getattr(self, name) for name in _WEIGHTS}

    @classmethod
    def from_arrays(
        cls, sizes: Sequence[int], parents: Sequence[int], arrays: Mapping[str, np.ndarray]
    ) -> "Masked":
        """From weights by name. Raises ValueError or KeyError if they do not belong together."""
        with np.errstate(over="ignore"):
            weights = {name: np.asarray(arrays[name], np.float32) for name in _WEIGHTS}
        made = cls(tuple(sizes), tuple(parents), **weights)
        depth, width, _ = made.layers.shape
        narrow, parts, heads = made.narrow_shift.size, len(made.parts), int(made.starts[-1])
        most = max((made.sizes[part] for part in made.parts), default=0)
        wanted = {
            "embedding": (int(made.rows[-1]), width), "layers": (depth, width, width),
            "shifts": (depth, width), "out": (heads, width), "base": (heads,), "narrow": (narrow, width),
            "narrow_shift": (narrow,), "inside": (int(made.told[-1]), narrow),
            "fine": (parts, most, narrow), "fine_base": (parts, most),
        }  # fmt: skip
        if any(
            weights[name].shape != shape or not np.isfinite(weights[name]).all()
            for name, shape in wanted.items()
        ):
            raise ValueError("weights do not belong together")
        return made


_WEIGHTS = (
    "embedding", "layers", "shifts", "out", "base", "narrow", "narrow_shift", "inside", "fine", "fine_base",
)  # fmt: skip


def log_proba(logits: np.ndarray) -> np.ndarray:
    """Log probabilities (rows, codes) of logits."""
    return log_softmax(logits, axis=1)


def _bent(values: np.ndarray) -> np.ndarray:
    """x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, hard swish)."""
    out = values + np.float32(3)
    np.clip(out, 0, 6, out=out)
    out *= values
    out *= np.float32(1 / 6)
    return out
