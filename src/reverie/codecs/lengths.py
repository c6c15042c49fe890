"""How long texts are: whole numbers to normal scores and back, through knots that `k` rows stand behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST = 2_000


def count_lengths(lengths: np.ndarray) -> np.ndarray:
    """Rows of each length, (2001,) int64; longer ones count as 2,000."""
    return np.bincount(np.clip(lengths, 1, MOST), minlength=MOST + 1)


@dataclass(frozen=True)
class Lengths:
    """`cdf[i]` is the share of texts of at most `knots[i]` words; both ascend, the cdf from 0 to 1."""

    knots: np.ndarray
    cdf: np.ndarray

    @classmethod
    def learn(cls, counts: np.ndarray, k: int) -> "Lengths":
        """A knot only where at least `k` rows lie since the last one, so no single text's length is told."""
        total = int(counts.sum())
        if total < k:
            return cls(np.array([0.0, 10.0]), np.array([0.0, 1.0]))
        upto = np.cumsum(counts)
        step = max(k, total // 500)
        knots, reached = [], 0
        for length in np.flatnonzero(counts).tolist():
            if upto[length] - reached >= step and total - upto[length] >= step:
                knots.append((length, upto[length] / total))
                reached = int(upto[length])
        low, high = (int(np.searchsorted(upto, rank)) for rank in (k, total - k + 1))
        knots = [knot for knot in knots if low <= knot[0] < high]
        places, shares = zip((low - 1, 0.0), *knots, (max(low, high), 1.0), strict=True)
        return cls(np.array(places, dtype=float), np.array(shares, dtype=float))

    def score(self, lengths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Normal scores; texts of one length are spread over the scores of that length."""
        from scipy.special import ndtri

        low, high = (np.interp(lengths - back, self.knots, self.cdf) for back in (1, 0))
        share = low + (high - low) * rng.random(len(lengths))
        return ndtri(np.clip(share, 1e-6, 1 - 1e-6))

    def restore(self, scores: np.ndarray) -> np.ndarray:
        """Lengths (>= 1) of normal scores, int64."""
        from scipy.special import ndtr

        places = np.interp(ndtr(np.nan_to_num(scores)), self.cdf, self.knots)
        return np.maximum(np.ceil(places - 1e-9), 1).astype(np.int64)

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"length_knots": self.knots, "length_cdf": self.cdf}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Lengths":
        """Rebuild what `state` gave."""
        return cls(np.asarray(state["length_knots"]), np.asarray(state["length_cdf"]))
