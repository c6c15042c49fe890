"""A convolutional network over grids (pictures, spectrograms or their latents) at a level of noise.

It goes down to coarse grids and up again, past shortcuts of the same size; a vector says what the grid is to
show, and the level of noise how much of it is left. Sources: Ronneberger et al. 2015 (U-Net); Ho et al. 2020,
appendix B; Dhariwal & Nichol 2021, section 3 (levels and classes scale and shift what is normalised).
"""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.device import fast
from reverie.nn.schedules import NOISE

LOWEST = 1e-3
"""The angle below which levels are told apart no more."""
GROUPS = 8
"""Groups of channels that are normalised together."""
WAVES = 16
"""Waves by which a level is shown."""


class UNet(nn.Module):
    """What is expected of a grid (rows, channels, high, wide) at angles (rows,), told a vector (rows, told).

    Patches of `patch` by `patch` places are taken as one. There is a size of grid for each of `widths`, the
    next half as high and wide. The coarsest has attention between its places. Where a patch has more numbers
    than the network has channels, what is little but noise of these is told by a short way past it; with
    fewer it only learned worse by one.
    """

    def __init__(self, channels: int, widths: Sequence[int], told: int, patch: int = 1) -> None:
        super().__init__()
        self.patch, channels, inner = patch, channels * patch**2, 4 * widths[0]
        self.level = nn.Sequential(nn.Linear(2 * WAVES, inner), nn.SiLU(), nn.Linear(inner, inner))
        self.told = nn.Linear(told, inner)
        self.enter = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        kept, width = [widths[0]], widths[0]
        for step, wide in enumerate(widths):
            self.downs.append(_Block(width, wide, inner))
            width = wide
            kept.append(width)
            if step + 1 < len(widths):
                self.downs.append(_Down(width))
                kept.append(width)
        self.middle = nn.ModuleList(
            [_Block(width, width, inner), _Attention(width), _Block(width, width, inner)]
        )
        for step, wide in reversed(list(enumerate(widths))):
            for _ in range(2):  # for what comes from the size itself, and from the step down to it
                self.ups.append(_Block(width + kept.pop(), wide, inner))
                width = wide
            if step:
                self.ups.append(_Up())
        self.leave = nn.Sequential(nn.GroupNorm(GROUPS, width), nn.SiLU(), _blank(width, channels))
        self.past = _Past(channels, inner) if channels > widths[0] else None
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, grid: torch.Tensor, angle: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """The slope d grid / d angle that is expected, (rows, channels, high, wide)."""
        with fast(grid.device):
            return self._slope(grid, angle, told).float()

    def _slope(self, grid: torch.Tensor, angle: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        said = functional.silu(self.level(_waves(angle)) + self.told(told))
        parts = functional.pixel_unshuffle(grid, self.patch)
        hidden = self.enter(parts.contiguous(memory_format=torch.channels_last))
        kept = [hidden]
        for layer in self.downs:
            hidden = layer(hidden, said)
            kept.append(hidden)
        for layer in self.middle:
            hidden = layer(hidden, said)
        for layer in self.ups:
            if isinstance(layer, _Up):
                hidden = layer(hidden, kept[-1].shape[2:])
            else:
                hidden = layer(torch.cat([hidden, kept.pop()], dim=1), said)
        found = self.leave(hidden)
        if self.past is not None:
            found = found + self.past(parts, said)
        return functional.pixel_shuffle(found, self.patch)


def _waves(angle: torch.Tensor) -> torch.Tensor:
    """Levels as waves of the log of tan(angle), (rows, 2 * WAVES)."""
    level = angle.clamp(LOWEST, NOISE - LOWEST).tan().log()[:, None]
    speeds = torch.linspace(math.log(0.15), math.log(6.0), WAVES, device=angle.device).exp()
    return torch.cat([(level * speeds).sin(), (level * speeds).cos()], dim=1)


def _blank(width: int, out: int) -> nn.Conv2d:
    """A layer that gives nothing to begin with."""
    layer = nn.Conv2d(width, out, 3, padding=1)
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class _Block(nn.Module):
    def __init__(self, width: int, out: int, inner: int) -> None:
        super().__init__()
        self.norm, self.first = nn.GroupNorm(GROUPS, width), nn.Conv2d(width, out, 3, padding=1)
        self.says, self.second = nn.Linear(inner, 2 * out), _blank(out, out)
        self.norm2 = nn.GroupNorm(GROUPS, out)
        self.past = nn.Conv2d(width, out, 1) if width != out else nn.Identity()

    def forward(self, hidden: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        inner = self.first(functional.silu(self.norm(hidden)))
        scale, shift = self.says(said)[:, :, None, None].chunk(2, dim=1)
        inner = functional.silu(self.norm2(inner) * (1 + scale) + shift)
        return self.past(hidden) + self.second(inner)


class _Past(nn.Module):
    """Patches in directions of their own, each more or less by the level of noise."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.turn, self.says, self.back = (
            nn.Conv2d(width, width, 1),
            nn.Linear(inner, width),
            nn.Conv2d(width, width, 1),
        )
        nn.init.dirac_(self.turn.weight)
        for empty in (self.turn.bias, self.back.weight, self.back.bias):
            assert empty is not None
            nn.init.zeros_(empty)

    def forward(self, parts: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        return self.back(self.turn(parts) * (1 + self.says(said))[:, :, None, None])


class _Attention(nn.Module):
    """Every place of a grid looks at all others."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(width // 32, 1)
        self.norm, self.asks, self.leave = (
            nn.GroupNorm(GROUPS, width),
            nn.Conv2d(width, 3 * width, 1),
            nn.Conv2d(width, width, 1),
        )
        nn.init.zeros_(self.leave.weight)

    def forward(self, hidden: torch.Tensor, said: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        rows, width, high, wide = hidden.shape
        parts = self.asks(self.norm(hidden)).reshape(rows, 3, self.heads, width // self.heads, high * wide)
        asked, offered, given = parts.transpose(3, 4).unbind(1)
        found = functional.scaled_dot_product_attention(asked, offered, given)
        return hidden + self.leave(found.transpose(2, 3).reshape(rows, width, high, wide))


class _Down(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, hidden: torch.Tensor, said: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        return self.halve(hidden)


class _Up(nn.Module):
    def forward(self, hidden: torch.Tensor, size: torch.Size) -> torch.Tensor:
        return functional.interpolate(hidden, size=tuple(size), mode="nearest")
