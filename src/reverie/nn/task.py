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

    Its steps are `rate` times those of the training, with the averages `betas` of AdamW. The losses of a
    `blind` turn do not look at the rows, but for how many they are, so that it costs no formal privacy.
    """

    module: str
    times: int = 1
    rate: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)
    blind: bool = False


class Task(nn.Module, ABC):
    """A model in training. Modules named in `turns` are attributes; the last is the one that is kept."""

    turns: tuple[Turn, ...]

    def begin(self, turn: str, noise: torch.Generator) -> None:
        """Get ready for an update of a turn: counters, and what is decided for all rows of it alike."""

    @abstractmethod
    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """What each row costs in a turn, (rows,); all randomness but dropout's is of `noise`.

        It changes nothing of the task and branches on no row's values, so that `torch.func.vmap` over single
        rows gives the same. A task in which rows meet says so: its gradients cannot be clipped row by row.
        """

    def forward(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """The losses, under the name by which `torch.func.functional_call` asks for them."""
        return self.losses(turn, batch, noise)

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """What each row costs where it is not learned from, (rows,), by which training is judged."""
        return self.losses(self.turns[-1].module, batch, noise)
