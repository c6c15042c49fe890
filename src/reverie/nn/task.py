"""What a family gives to the training loop: modules, and a loss for each row.

The loop knows nothing of columns, noise or adversaries: a task names its turns (a plain model has one, an
adversarial one several, each with modules of its own) and says for each what every row costs. Costs are of
single rows, so that rows can be weighted, and gradients clipped row by row under formal privacy.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import nn

from reverie.nn.rows import Batch


@dataclass(frozen=True)
class Turn:
    """A part of each step: `times` updates of the module `module` of the task, by the losses called so.

    Its steps are `rate` times those of the training, with the averages `betas` of AdamW.
    """

    module: str
    times: int = 1
    rate: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)


class Task(nn.Module, ABC):
    """A model in training. Modules named in `turns` are attributes; the last is the one that is kept."""

    turns: tuple[Turn, ...]

    @abstractmethod
    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """What each row costs in a turn, (rows,); all randomness is of `noise`."""

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """What each row costs where it is not learned from, (rows,), by which training is judged."""
        return self.losses(self.turns[-1].module, batch, noise)
