"""What a masked network says, in plain arrays: sampling needs no training library.

What is known of a row is a running sum of embeddings, so that one more value costs an addition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, log_softmax


@dataclass(frozen=True)
class Masked:
    """Weights of a network over variables of `sizes`; see `nn.masked.MaskedNet`.

    `embedding` (sum of sizes + 2 each, width); `norms` (depth, 2, width), scale and shift; `layers` (depth,
    width, width) with `shifts` (depth, width); `out` (sum of sizes, width) with `base` (sum of sizes,).
    """

    sizes: tuple[int, ...]
    embedding: np.ndarray
    norms: np.ndarray
    layers: np.ndarray
    shifts: np.ndarray
    out: np.ndarray
    base: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Where the codes of each variable begin, and the last end, in `out`."""
        return np.cumsum([0, *self.sizes])

    @cached_property
    def rows(self) -> np.ndarray:
        """Where those of each variable begin, and the last end, in `embedding`."""
        return self.starts + 2 * np.arange(len(self.starts))

    def begin(self, rows: int) -> np.ndarray:
        """Sums (rows, width) float32 of rows of which nothing is known."""
        return np.repeat(self.embedding[self.rows[:-1]].sum(0, keepdims=True), rows, axis=0)

    def tell(self, sums: np.ndarray, variable: int, codes: np.ndarray) -> None:
        """Add to the sums what the variable of each row is, -1 for absent."""
        start = self.rows[variable]
        table = self.embedding[start : self.rows[variable + 1]] - self.embedding[start]
        sums += table[np.where(codes < 0, 1, codes + 2)]

    def refine(self, sums: np.ndarray) -> np.ndarray:
        """What the heads are given, (rows, width)."""
        hidden = sums
        for (scale, shift), layer, bias in zip(self.norms, self.layers, self.shifts, strict=True):
            centred = hidden - hidden.mean(1, keepdims=True)
            centred /= np.sqrt(np.square(centred).mean(1, keepdims=True) + np.float32(1e-5))
            hidden = hidden + (_silu(centred * scale + shift) @ layer.T + bias)
        return _silu(hidden)

    def log_proba(self, refined: np.ndarray, variable: int) -> np.ndarray:
        """Log probabilities of the variable's codes, (rows, size)."""
        span = slice(self.starts[variable], self.starts[variable + 1])
        return log_softmax(refined @ self.out[span].T + self.base[span], axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """All weights by name."""
        return {name: getattr(self, name) for name in _WEIGHTS}

    @classmethod
    def from_arrays(cls, sizes: tuple[int, ...], arrays: Mapping[str, np.ndarray]) -> "Masked":
        """From weights by name. Raises ValueError or KeyError if they do not belong together."""
        with np.errstate(over="ignore"):
            weights = {name: np.asarray(arrays[name], np.float32) for name in _WEIGHTS}
        depth, _, width = weights["norms"].shape
        wanted = {
            "embedding": (sum(sizes) + 2 * len(sizes), width), "norms": (depth, 2, width),
            "layers": (depth, width, width), "shifts": (depth, width),
            "out": (sum(sizes), width), "base": (sum(sizes),),
        }  # fmt: skip
        if any(
            weights[name].shape != shape or not np.isfinite(weights[name]).all()
            for name, shape in wanted.items()
        ):
            raise ValueError("weights do not belong together")
        return cls(sizes, **weights)


_WEIGHTS = ("embedding", "norms", "layers", "shifts", "out", "base")


def _silu(values: np.ndarray) -> np.ndarray:
    return values * expit(values)
