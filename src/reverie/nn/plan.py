"""In which order the parts of a row emerge: the codes of each step, and the noise that numbers have then."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from reverie.nn.schedules import NOISE, ladder


@dataclass(frozen=True)
class Form:
    """How rows are made up: `sizes` of the categories; each number's `owner`, the block it is a part of,
    and `gate` (-1: none), the category that it is present with code `code` of, all (numbers,).
    """

    sizes: tuple[int, ...]
    owner: np.ndarray
    gate: np.ndarray
    code: np.ndarray

    @property
    def reals(self) -> int:
        """How many blocks the numbers belong to."""
        return int(self.owner.max()) + 1 if len(self.owner) else 0


@dataclass(frozen=True)
class Plan:
    """What happens in each step: `reveals` (steps,) are the categories drawn, `angles` (steps + 1, numbers)
    the levels that the numbers pass.
    """

    reveals: tuple[tuple[int, ...], ...]
    angles: torch.Tensor

    @classmethod
    def of(
        cls, form: Form, steps: int, bend: float, wanted: Sequence[int] | None = None, *, numbers: bool = True
    ) -> "Plan":
        """A plan of at most `steps`: codes are drawn one category a step, or a few where they are more than
        the steps, gates first; numbers move all the while, from the step after their gates on.

        With `wanted` only these categories are drawn, and with `numbers` false no number moves.
        """
        gates = dict.fromkeys(form.gate[form.gate >= 0].tolist())
        order = [at for at in (*gates, *range(len(form.sizes))) if wanted is None or at in wanted]
        order = list(dict.fromkeys(order))
        numbers = numbers and len(form.gate) > 0
        steps = steps if numbers else max(min(steps, len(order)), 1)
        shares = np.array_split(np.array(order, int), steps)
        step_of = {at: i for i, share in enumerate(shares) for at in share.tolist()}
        angles = torch.full((steps + 1, len(form.gate)), NOISE)
        for i, gate in enumerate(form.gate.tolist() if numbers else ()):
            start = step_of.get(gate, -1) + 1
            angles[start:, i] = ladder(steps - start, bend)
        return cls(tuple(tuple(share.tolist()) for share in shares), angles)

    def known(self, categories: int) -> torch.Tensor:
        """Which categories are drawn before each step, (steps, categories) bool."""
        found = torch.zeros(len(self.reveals), categories, dtype=torch.bool)
        for step, share in enumerate(self.reveals):
            found[step + 1 :, list(share)] = True
        return found
