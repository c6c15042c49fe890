"""Grids (pictures, spectrograms or their latents) in the latent space of rows: how they are seen and shown.

The encoder sees what is known of a row and of its grids; given the latent, every grid is normal around what
its decoder shows, with the variance that fits a batch best, so that grids and rows need no weights against
each other. Posteriors of some parts of a row learn to be where the posterior of all parts is.

Sources: Rybkin et al. 2021 (sigma-VAE, the optimal variance); Suzuki et al. 2016 (JMVAE, equation 5:
posteriors of some parts).
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.device import fast
from reverie.nn.residual import Residual
from reverie.nn.rows import Batch
from reverie.nn.towers import Grid, present
from reverie.nn.vae import Autoencoder, Bound, Decoder, Encoder

THIN = 16
"""Channels at a grid's full size."""
LEAST = 1e-4
"""The least variance of a grid's numbers around what is shown, so that nothing is known by heart."""
ROWS, GRIDS = 0.4, 0.8
"""A row alone is known for the first part of the posteriors of some parts, grids alone from there to the
second, and any parts for the rest.
"""


class Viewer(nn.Module):
    """A vector (rows, width) of grids (rows, channels, high, wide), in which places are told apart.

    There is a size of grid for each of `widths`, the next half as high and wide.
    """

    def __init__(self, grid: Grid, widths: Sequence[int], width: int) -> None:
        super().__init__()
        (high, wide), cells = grid.sizes(len(widths))[-1], grid.channels * grid.patch**2
        layers: list[nn.Module] = [nn.PixelUnshuffle(grid.patch)]
        before = cells
        for step, channels in enumerate(widths):
            layers += [nn.Conv2d(before, channels, 3, stride=2 if step else 1, padding=1)]
            layers += [Residual(channels, channels)]
            before = channels
        layers += [nn.SiLU(), nn.Flatten()]
        self.layers, self.out = nn.Sequential(*layers), nn.Linear(before * high * wide, width)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        with fast(grid.device):
            return self.out(self.layers(grid.contiguous(memory_format=torch.channels_last))).float()


class Shower(nn.Module):
    """The grids (rows, channels, high, wide) that latents (rows, latents) show: a `Viewer` turned round, in
    which the latent is told at every size again.
    """

    def __init__(self, grid: Grid, widths: Sequence[int], latents: int) -> None:
        super().__init__()
        self.patch, self.sizes = grid.patch, list(reversed(grid.sizes(len(widths))))
        (high, wide), width, inner = self.sizes[0], widths[-1], 4 * widths[0]
        self.says, self.start = nn.Linear(latents, inner), nn.Linear(latents, width * high * wide)
        self.blocks = nn.ModuleList()
        for channels in reversed(widths):
            self.blocks += [Residual(width, channels, inner), Residual(channels, channels, inner)]
            width = channels
        self.thin = nn.Sequential(
            nn.SiLU(),
            nn.Conv2d(width, THIN * grid.patch**2, 1),
            nn.PixelShuffle(grid.patch),
        )
        self.leave = nn.Sequential(nn.SiLU(), nn.Conv2d(THIN, grid.channels, 3, padding=1))
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        with fast(latent.device):
            return self._shown(latent).float()

    def _shown(self, latent: torch.Tensor) -> torch.Tensor:
        said = functional.silu(self.says(latent))
        hidden = self.start(latent).unflatten(1, (-1, *self.sizes[0]))
        hidden = hidden.contiguous(memory_format=torch.channels_last)
        for step, size in enumerate(self.sizes):
            if step:
                hidden = functional.interpolate(hidden, size=size, mode="nearest")
            for at in (2 * step, 2 * step + 1):
                hidden = self.blocks[at](hidden, said)
        return self.leave(self.thin(hidden))


class Imagery(nn.Module):
    """How each of the `grids` is seen, and shown; a grid's absence is told by a vector of its own."""

    def __init__(self, grids: Sequence[Grid], widths: Sequence[int], latents: int, width: int) -> None:
        super().__init__()
        self.grids, self.widths = tuple(grids), tuple(widths)
        self.viewers = nn.ModuleList(Viewer(grid, widths, width) for grid in grids)
        self.showers = nn.ModuleList(Shower(grid, widths, latents) for grid in grids)
        self.absent = nn.Parameter(torch.zeros(len(self.grids), width))

    def views(self, grids: Sequence[torch.Tensor]) -> torch.Tensor:
        """What each of the grids tells, (rows, grids, width)."""
        return torch.stack([view(grid) for view, grid in zip(self.viewers, grids, strict=True)], dim=1)

    def told(self, views: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """What those of the views (rows, grids, width) tell together that are `seen` (rows, grids)."""
        return torch.where(seen[:, :, None], views, self.absent).sum(1)


class Pictured(Autoencoder):
    """An autoencoder of rows and their grids."""

    def __init__(self, encoder: Encoder, decoder: Decoder, imagery: Imagery) -> None:
        super().__init__(encoder, decoder)
        self.imagery = imagery


class PicturedBound(Bound):
    """As `Bound`, of rows with `grid0`, `grid1`, ... (rows, channels, high, wide) besides."""

    net: Pictured

    def _bound(self, batch: Batch, noise: torch.Generator, beta: float) -> torch.Tensor:
        codes, scores, imagery = batch["codes"].long(), batch["scores"], self.net.imagery
        grids = [batch[f"grid{at}"].float() for at in range(len(imagery.grids))]
        there, views = present(imagery.grids, codes), imagery.views(grids)
        mean, log_scale = self.net.encoder(codes, scores, imagery.told(views, there))
        draw = torch.randn(mean.shape, generator=noise, device=mean.device)
        latent = mean + draw * log_scale.exp()
        cost = self.row_costs(codes, latent)
        for at, (show, grid) in enumerate(zip(imagery.showers, grids, strict=True)):
            cost = cost + grid_costs(show(latent), grid, there[:, at])
        cost = cost + beta * self.rates(mean, log_scale, draw, latent)
        whole = mean.detach(), log_scale.detach()
        return cost + divergence(*whole, *self._of_some(codes, scores, views, there, noise))

    def _of_some(
        self, codes: torch.Tensor, scores: torch.Tensor, views: torch.Tensor, there: torch.Tensor,
        noise: torch.Generator,
    ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        """Posteriors of some of the parts of each row."""
        draw, (rows, grids) = {"generator": noise, "device": codes.device}, there.shape
        kind = torch.rand(rows, 1, **draw)
        known = torch.rand(rows, len(self.heads), **draw) < torch.rand(rows, 1, **draw)
        known = (known | (kind < ROWS)) & ~((kind >= ROWS) & (kind < GRIDS))
        seen = torch.rand(rows, grids, **draw) < 0.5
        seen = (seen | ((kind < GRIDS) & ~seen.any(1, keepdim=True))) & (kind >= ROWS) & there
        owner = torch.zeros(codes.shape[1], dtype=torch.long, device=codes.device)
        owner[self.heads] = torch.arange(len(self.heads), device=codes.device)
        owner[self.parts] = torch.tensor(self.bins, dtype=torch.long, device=codes.device)
        codes = torch.where(known[:, owner], codes, -1)
        scores = torch.where(known[:, self.bins], scores, 0.0)
        return self.net.encoder(codes, scores, self.net.imagery.told(views, seen))


def grid_costs(shown: torch.Tensor, grid: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """-log density of the grids that are `there` (rows,), but for a constant, around those that are shown,
    with the variance under which it is least; 0 for others.
    """
    error, count = (shown - grid).square().mean((1, 2, 3)), there.sum().clamp(min=1)
    variance = ((error.detach() * there).sum() / count).clamp(min=LEAST)
    return 0.5 * grid[0].numel() * (error / variance + variance.log()) * there


def divergence(
    mean: torch.Tensor, log_scale: torch.Tensor, other: torch.Tensor, other_log_scale: torch.Tensor
) -> torch.Tensor:
    """Nats (rows,) that normals (rows, d) lose where others stand for them: KL of the first from the others.

    Over all rows with the same known parts, those others are best that have the mean and the spread of the
    first, all together.
    """
    spread = (2 * log_scale).exp() + (mean - other).square()
    return (other_log_scale - log_scale + 0.5 * spread * (-2 * other_log_scale).exp() - 0.5).sum(1)
