"""A residual block of two convolutions, in which what is said scales and shifts (Perez et al. 2018, FiLM).

Nothing is normalised inside: that took a third of the time of small networks.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    """From (rows, width, high, wide) to (rows, out, high, wide), `width` of them if no `out` is given; what
    is said has `told` numbers, if any. `bend` stands before each convolution.
    """

    def __init__(
        self,
        width: int,
        out: int | None = None,
        told: int = 0,
        bend: Callable[[torch.Tensor], torch.Tensor] = functional.silu,
    ) -> None:
        super().__init__()
        out = width if out is None else out
        self.bend = bend
        self.first, self.second = nn.Conv2d(width, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1)
        self.says = nn.Linear(told, 2 * out) if told else None
        self.past = nn.Conv2d(width, out, 1) if width != out else nn.Identity()
        nn.init.zeros_(self.second.weight)

    def forward(self, hidden: torch.Tensor, said: torch.Tensor | None = None) -> torch.Tensor:
        """`said` is (rows, told)."""
        inner = self.first(self.bend(hidden))
        if self.says is not None and said is not None:
            scale, shift = self.says(said)[:, :, None, None].chunk(2, dim=1)
            inner = inner * (1 + scale) + shift
        return self.past(hidden) + self.second(self.bend(inner))
