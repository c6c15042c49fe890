"""Autoencoders: a grid of many numbers (a picture's pixels, a spectrogram) as one of few, and back.

A place of the latent grid stands for a patch of the grid. Most work is done on the coarse grid, as that is
what it costs least on. Sources: Kingma & Welling 2014 (variational); Rombach et al. 2022, appendix G (a light
weight of the prior, so that latents are smooth); Shi et al. 2016 (places made finer by shuffling channels).
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.device import fast
from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

GROUPS = 8
EDGES = 0.5
"""How much differences between neighbours count, beside the grid itself, so that edges stay sharp."""
PRIOR = 1e-3
"""How much it counts that latents are like a standard normal distribution."""
WIDEST = 20.0
"""The most that the log of a latent's variance is from 0."""


@dataclass(frozen=True)
class Shape:
    """Grids (channels, high, wide), of which patches of `patch` by `patch` become places of `latent` numbers.

    Networks have `width` channels on the coarse grid, `blocks` residual blocks each way, and `fine` channels
    where places are finer. `mirrored` grids are learned from as if seen in a mirror, too.
    """

    channels: int
    high: int
    wide: int
    patch: int
    latent: int
    width: int = 96
    blocks: int = 2
    fine: int = 48
    mirrored: bool = False

    @property
    def places(self) -> tuple[int, int]:
        """Height and width of the latent grid."""
        return self.high // self.patch, self.wide // self.patch


class Autoencoder(nn.Module):
    """A variational autoencoder of grids (rows, channels, high, wide)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        cells, width = shape.channels * shape.patch**2, shape.width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(shape.patch),
            nn.Conv2d(cells, width, 3, padding=1),
            *(_Residual(width) for _ in range(shape.blocks)),
            nn.GroupNorm(GROUPS, width),
            nn.SiLU(),
            nn.Conv2d(width, 2 * shape.latent, 1),
        )
        layers: list[nn.Module] = [nn.Conv2d(shape.latent, width, 3, padding=1)]
        layers += [_Residual(width) for _ in range(shape.blocks)]
        left = shape.patch
        while left > 2:
            layers += [nn.Conv2d(width, 4 * shape.fine, 1), nn.PixelShuffle(2), _Residual(shape.fine)]
            width, left = shape.fine, left // 2
        layers += [nn.GroupNorm(GROUPS, width), nn.SiLU()]
        layers += [nn.Conv2d(width, shape.channels * left**2, 3, padding=1), nn.PixelShuffle(left)]
        self.decoder = nn.Sequential(*layers)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def encode(self, grid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Means and logs of variances of the latents, both (rows, latent, high, wide)."""
        with fast(grid.device):
            found = self.encoder(grid.contiguous(memory_format=torch.channels_last)).float()
        mean, spread = found.chunk(2, dim=1)
        return mean, spread.clamp(-WIDEST, WIDEST)

    def means(self, grid: torch.Tensor) -> torch.Tensor:
        """Where the latents of grids most likely are, (rows, latent, high, wide)."""
        return self.encode(grid)[0]

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """The grids (rows, channels, high, wide) of latents."""
        with fast(latent.device):
            return self.decoder(latent.contiguous(memory_format=torch.channels_last)).float()


class Reconstruction(Task):
    """Learns to give back grids, `grid` (rows, channels, high, wide): see `Autoencoder`."""

    turns = (Turn("net"),)

    def __init__(self, net: Autoencoder, *, mirrored: bool) -> None:
        super().__init__()
        self.net, self.mirrored = net, mirrored

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        grid = batch["grid"].float()
        draw = {"generator": noise, "device": noise.device}
        if self.mirrored:
            turned = torch.rand(len(grid), 1, 1, 1, **draw) < 0.5
            grid = torch.where(turned, grid.flip(3), grid)
        mean, spread = self.net.encode(grid)
        made = self.net.decode(mean + torch.randn(mean.shape, **draw) * (spread / 2).exp())
        prior = (mean.square() + spread.exp() - 1 - spread).mean((1, 2, 3)) / 2
        return _difference(made, grid) + PRIOR * prior


def _difference(made: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """How far grids and their edges are apart, (rows,)."""
    gap = made - grid
    across, down = gap.diff(dim=3).abs().mean((1, 2, 3)), gap.diff(dim=2).abs().mean((1, 2, 3))
    return gap.abs().mean((1, 2, 3)) + EDGES * (across + down)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.first = nn.GroupNorm(GROUPS, width), nn.Conv2d(width, width, 3, padding=1)
        self.norm2, self.second = nn.GroupNorm(GROUPS, width), nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        inner = self.first(functional.silu(self.norm(hidden)))
        return hidden + self.second(functional.silu(self.norm2(inner)))
