"""Grain: what an autoencoder leaves out of levels in time and frequency is noise, and noise is given back.

An autoencoder keeps the level of a hiss, but not how each of its levels happens to fall: without these a
sound is smoother than any real one, as its speaker's breath and room are gone. How far real levels are from
those kept is learned by frequency and level; what is added is as the levels of white noise, which overlapping
windows agree on. Source: Schulz 1996 (noise substitution in coding).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.nn import spectra

BANDS, KNOTS = 8, 10
"""Ranges of frequencies, and of levels, that are told apart."""
ENOUGH = 200
"""Levels of a band and range by which its spread is told; of fewer it is that of all bands."""
MOST = 10.0
"""The most decibels that levels can be spread by: those of noise are by 5.6."""


@dataclass(frozen=True)
class Grain:
    """Standard deviations (bands, knots) in decibels of what is left out, for levels that are kept as those
    at `knots` (knots,), in decibels, and between them.
    """

    knots: np.ndarray
    spreads: np.ndarray

    @classmethod
    def learn(cls, real: np.ndarray, kept: np.ndarray, floor: float) -> "Grain":
        """From real levels (rows, channels, high, frames) and those that are kept of them, in decibels from
        the `floor` to 0.
        """
        edges = np.linspace(floor, 0.0, KNOTS + 1)
        at = np.clip(np.digitize(kept, edges) - 1, 0, KNOTS - 1)
        band = np.broadcast_to(_bands(real.shape[2])[:, None], real.shape)
        sums = np.zeros((3, BANDS, KNOTS))
        for total, values in zip(
            sums, (np.ones_like(real), real - kept, np.square(real - kept)), strict=True
        ):
            np.add.at(total, (band, at), values)
        whole = sums.sum(1, keepdims=True)
        count, mean, square = np.where(sums[0] < ENOUGH, whole, sums)
        count = np.maximum(count, 1.0)
        spreads = np.sqrt(np.maximum(square / count - np.square(mean / count), 0.0))
        return cls((edges[:-1] + edges[1:]) / 2, np.minimum(spreads, MOST))

    def added(self, kept: np.ndarray, window: int, rng: np.random.Generator) -> np.ndarray:
        """Levels (rows, channels, high, frames) as those kept, in decibels, with grain; of sounds whose
        transforms have so long a `window`.
        """
        spread = np.empty_like(kept)
        for band, own in enumerate(self.spreads):
            part = _bands(kept.shape[2]) == band
            spread[:, :, part] = np.interp(kept[:, :, part], self.knots, own)
        rows, channels, _, frames = kept.shape
        return kept + spread * spectra.noise((rows, channels), frames, window, rng).swapaxes(2, 3)

    def state(self) -> dict[str, Any]:
        """What `from_state` takes."""
        return {"knots": self.knots, "spreads": self.spreads}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Grain":
        """Rebuild what `state` gave. Raises ValueError if it makes no sense."""
        knots, spreads = (np.asarray(state[name], float) for name in ("knots", "spreads"))
        sound = knots.shape == (KNOTS,) and spreads.shape == (BANDS, KNOTS) and (np.diff(knots) > 0).all()
        if not (sound and np.isfinite(knots).all() and (spreads >= 0).all() and (spreads <= MOST).all()):
            raise ValueError("no such grain")
        return cls(knots, spreads)


def _bands(high: int) -> np.ndarray:
    """The range that each of so many frequencies is in, (high,)."""
    return np.arange(high) * BANDS // high
