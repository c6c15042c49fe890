"""What a decoder's last layer says of each block, in plain arrays: logits of codes, histograms of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reverie.core.space import roomy
from reverie.models.density import Residuals
from reverie.models.drawing import softmax
from reverie.models.histogram import Histograms
from reverie.models.variables import Variables

BOUNDS = -6.0, 3.0
"""Bounds of the logarithm of a bell's sharpness."""
FARTHEST = 4.0
"""The largest normal score that networks are shown."""


@dataclass(frozen=True)
class Heads:
    """A head for each category and for the bins of each number, whose parts a bell over the number tells.

    `logits` (sum of sizes, width + 1) and `bells` (2 * numbers, width + 1) are weights, the last column
    what is added.
    """

    variables: Variables
    logits: np.ndarray
    bells: np.ndarray

    def told(self, hidden: np.ndarray, name: str) -> np.ndarray:
        """Logits of a block's codes or bins, (rows, size), of `hidden` (rows, width)."""
        return _linear(hidden, self.logits[self._spans[name]])

    def histograms(self, hidden: np.ndarray, name: str) -> Histograms:
        """The distribution of a number of each row."""
        number = self.numbers.index(name)
        centres = self.centres[number]
        place, log_sharpness = _linear(hidden, self.bells[2 * number : 2 * number + 2]).T
        sharpness = np.exp(log_sharpness.clip(*BOUNDS))

        def parts(rows: np.ndarray, bins: np.ndarray) -> np.ndarray:
            return softmax(-0.5 * ((centres[bins] - place[rows, None]) * sharpness[rows, None]) ** 2)

        return Histograms(self.variables.scales[name], softmax(self.told(hidden, name)), parts)

    @cached_property
    def numbers(self) -> list[str]:
        """Names of the numbers, in the order of the variables."""
        return numbers(self.variables)

    @cached_property
    def centres(self) -> list[np.ndarray]:
        """Places of the parts of the bins, (bins, parts), of each number."""
        return [centres(self.variables.scales[name]) for name in self.numbers]

    @cached_property
    def _spans(self) -> dict[str, slice]:
        sizes = [self.variables.sizes[self.variables.first[name]] for name in self.variables.order]
        ends = np.cumsum([0, *sizes]).tolist()
        return {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(self.variables.order)}


def numbers(variables: Variables) -> list[str]:
    """Names of the numbers, in the order of the variables."""
    return [name for name in variables.order if name in variables.scales]


def centres(scale: Residuals) -> np.ndarray:
    """Places of the parts of the bins of a number, (bins, parts) float32."""
    middles = (scale.knots[1:] + scale.knots[:-1]) / 2
    return middles.clip(-FARTHEST, FARTHEST).reshape(scale.bins, scale.fine).astype(np.float32)


def scores(variables: Variables, arrays: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Numbers as networks are shown them, (rows, numbers) float32; 0 where absent."""
    out = roomy((rows, len(numbers(variables))), np.float32)
    for i, name in enumerate(numbers(variables)):
        out[:, i] = np.nan_to_num(arrays[name].reshape(-1)).clip(-FARTHEST, FARTHEST)
    return out


def _linear(hidden: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return hidden @ weights[:, :-1].T + weights[:, -1]
