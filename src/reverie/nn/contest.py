"""An adversarial pair over grids (pictures, spectrograms or their latents) of finished rows: a maker for each
grid, told its row, and a critic of rows and grids together.

The critic multiplies what a row says with what a grid shows, so that it can tell a grid of another row, and
compares grids in pairs. All grids of a row are made of one noise, and multiplied with each other. Real and
made grids are shifted alike, in most steps but not in all, so that the critic does not know the few real
ones by heart, and shifts do not show in what is made.

Sources: Huang et al. 2024 (R3GAN: relativistic pairs, R1 and R2 penalties, networks without normalisation);
Miyato & Koyama 2018 (the product); Reed et al. 2016 (real grids of other rows); Zhao et al. 2020 and Karras
et al. 2020 (shifts).
"""

from collections.abc import Sequence
from itertools import combinations, pairwise

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.device import fast
from reverie.nn.gan import SLOPE, Features, Rivals, blurred
from reverie.nn.residual import Residual
from reverie.nn.rows import Batch
from reverie.nn.towers import Grid, present

LATENT = 64
"""Normals that are a row's noise."""
THIN = 16
"""Channels of the layer next to the grid, at its full size."""
INNER, FEATURES = 128, 128
"""Width of what is said to makers, and of what rows and grids are multiplied by."""
SHIFT, SHIFTED = 1 / 8, 0.7
"""The most that grids are shifted, as a share of a side, and how often they are."""
CROSSED, DOUBTED = 0.5, 0.1
"""How often a grid is another row's where rows and grids do not match, and how much that counts: the more,
the more typical of their rows grids are, and the more alike.
"""
BLUR = 0.1
"""Standard deviations of noise with which numbers are told in training, so that no row is known by them."""
FORGET = 5e-4
"""By how much a held-out score counts less with every step, so that a late one is preferred."""


class Maker(nn.Module):
    """A grid (rows, channels, high, wide) from what is `told` of a row (rows, told) and noise (rows, latent).

    There is a size of grid for each of `widths`, the next half as high and wide.
    """

    def __init__(self, grid: Grid, widths: Sequence[int], told: int, latent: int) -> None:
        super().__init__()
        self.grid, self.sizes = grid, grid.sizes(len(widths))
        high, wide = self.sizes[-1]
        self.says = nn.Sequential(
            nn.Linear(told + latent, INNER), nn.LeakyReLU(SLOPE), nn.Linear(INNER, INNER), nn.LeakyReLU(SLOPE)
        )
        self.start = nn.Linear(INNER, widths[-1] * high * wide)
        self.blocks = nn.ModuleList(_block(wide, INNER) for wide in reversed(widths))
        self.steps = nn.ModuleList(nn.Conv2d(wide, less, 1) for less, wide in reversed([*pairwise(widths)]))
        self.thin = nn.Conv2d(widths[0], THIN * grid.patch**2, 1)
        self.leave = nn.Conv2d(THIN, grid.channels, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, told: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        with fast(told.device):
            return self._made(torch.cat([told, noise], dim=1)).float()

    def _made(self, known: torch.Tensor) -> torch.Tensor:
        said = self.says(known)
        hidden = self.start(said).unflatten(1, (-1, *self.sizes[-1]))
        hidden = hidden.contiguous(memory_format=torch.channels_last)
        for at, (block, size) in enumerate(zip(self.blocks, reversed(self.sizes), strict=True)):
            if at:
                hidden = functional.interpolate(self.steps[at - 1](hidden), size=size, mode="nearest")
            hidden = block(hidden, said)
        thin = functional.pixel_shuffle(self.thin(_bent(hidden)), self.grid.patch)
        return self.leave(_bent(thin))


class Makers(nn.Module):
    """A maker for each grid."""

    def __init__(self, grids: Sequence[Grid], widths: Sequence[int], told: int) -> None:
        super().__init__()
        self.makers = nn.ModuleList(Maker(grid, widths, told, LATENT) for grid in grids)

    def forward(self, told: torch.Tensor, noise: torch.Generator) -> list[torch.Tensor]:
        """All grids of rows, from fresh noise that they share."""
        drawn = torch.randn(len(told), LATENT, generator=noise, device=told.device)
        return [maker(told, drawn) for maker in self.makers]


class Judge(nn.Module):
    """How real rows with their grids look, (rows,); only differences mean anything."""

    def __init__(self, grids: Sequence[Grid], widths: Sequence[int], told: int) -> None:
        super().__init__()
        self.views = nn.ModuleList(_View(grid, widths) for grid in grids)
        self.alone = nn.ModuleList(nn.Linear(FEATURES, 1) for _ in grids)
        self.rows = nn.ModuleList(
            nn.Sequential(nn.Linear(told, INNER), nn.LeakyReLU(SLOPE), nn.Linear(INNER, FEATURES))
            for _ in grids
        )
        self.pairs = list(combinations(range(len(grids)), 2))
        self.turned = nn.ModuleList(nn.Linear(FEATURES, FEATURES, bias=False) for _ in self.pairs)

    def look(self, parts: Sequence[torch.Tensor], *, exact: bool = False) -> list[torch.Tensor]:
        """What each of the grids shows, (rows, features); `exact` where slopes have slopes."""
        device = parts[0].device
        with torch.autocast(device.type, enabled=False) if exact else fast(device):
            return [view(part).float() for view, part in zip(self.views, parts, strict=True)]

    def forward(self, told: torch.Tensor, shown: Sequence[torch.Tensor], there: torch.Tensor) -> torch.Tensor:
        """Of what is `told` of rows (rows, told) and shown by the grids that are `there` (rows, grids)."""
        marks, scale = there.float(), FEATURES**-0.5
        total = torch.zeros(len(told), device=told.device)
        for at, part in enumerate(shown):
            fits = (part * self.rows[at](told)).sum(1) * scale
            total = total + (self.alone[at](part)[:, 0] + fits) * marks[:, at]
        for turned, (one, other) in zip(self.turned, self.pairs, strict=True):
            fits = (turned(shown[one]) * shown[other]).sum(1) * scale
            total = total + fits * marks[:, one] * marks[:, other]
        return total


class Contest(Rivals):
    """Makers against a judge. A batch holds `codes` (rows, categories) and `numbers` (rows, numbers), NaN
    where absent, and `grid0`, `grid1`, ... (rows, channels, high, wide).

    Every `lazy`-th step or so the judge pays `penalty` times half the squared slopes at the numbers of real
    and of made grids, and that as often over.
    """

    net: Makers
    critic: Judge

    def __init__(
        self, features: Features, grids: Sequence[Grid], widths: Sequence[int], *,
        penalty: float = 0.0, lazy: int = 1,
    ) -> None:  # fmt: skip
        told = features.width + 1
        super().__init__(Makers(grids, widths, told), Judge(grids, widths, told), lazy)
        self.features, self.grids, self.widths = features, tuple(grids), tuple(widths)
        self.penalty = penalty

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        told, there, real = self.told(blurred(batch, BLUR, noise)), self.there(batch), self.parts(batch)
        if turn == "critic":
            with torch.no_grad():
                made = self.net(told, noise)
            return self._doubt(told, there, [*zip(real, made, strict=True)], noise)
        pairs = self._shifted([*zip(real, self.net(told, noise), strict=True)], noise)
        with torch.no_grad():
            wanted = self.critic(told, self.critic.look([one for one, _ in pairs]), there)
        found = self.critic(told, self.critic.look([other for _, other in pairs]), there)
        return functional.softplus(wanted - found)

    def told(self, batch: Batch) -> torch.Tensor:
        """What the networks are told of rows, (rows, told): their features, and a 1, so that it is never
        nothing.
        """
        found = self.features.of(batch)
        return torch.cat([found, found.new_ones(len(found), 1)], dim=1)

    def there(self, batch: Batch) -> torch.Tensor:
        """Which grids are present, (rows, grids) bool."""
        return present(self.grids, batch["codes"].long())

    def parts(self, batch: Batch) -> list[torch.Tensor]:
        """The grids."""
        return [batch[f"grid{at}"].float() for at in range(len(self.grids))]

    @torch.no_grad()
    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """The energy score E|made - real| - E|made - made'| / 2 of all grids given their row, (rows,), in
        standard deviations, which counts for less the later it is (`nn.gan.Adversaries.held_out`).
        """
        told, marks = self.told(batch), self.there(batch).float()
        pair = self.net(told, noise), self.net(told, noise)
        total = torch.zeros(len(told), device=told.device)
        for at, parts in enumerate(zip(self.parts(batch), *pair, strict=True)):
            real, one, other = (part.flatten(1) / part[0].numel() ** 0.5 for part in parts)
            far = (one - real).norm(dim=1) + (other - real).norm(dim=1) - (one - other).norm(dim=1)
            total = total + 0.5 * far * marks[:, at]
        return total * torch.exp(-FORGET * self.learned)

    def _doubt(
        self, told: torch.Tensor, there: torch.Tensor, pairs: Sequence[tuple[torch.Tensor, ...]],
        noise: torch.Generator,
    ) -> torch.Tensor:  # fmt: skip
        """What the judge pays for each pair of a real row and a made one."""
        parts = [torch.cat(pair) for pair in self._shifted(pairs, noise)]
        parts = [part.requires_grad_(self.steep) for part in parts]
        shown = self.critic.look(parts, exact=self.steep)
        looks = self.critic(told.repeat(2, 1), shown, there.repeat(2, 1))
        first, second = looks.chunk(2)
        own = [part[: len(told)] for part in shown]
        losses = functional.softplus(second - first) + DOUBTED * self._crossed(told, own, there, first, noise)
        if not self.steep:
            return losses
        slopes = torch.autograd.grad(looks.sum(), parts, create_graph=True)
        steep = sum(slope.flatten(1).square().sum(1) for slope in slopes)
        first, second = torch.as_tensor(steep).chunk(2)
        return losses + 0.5 * self.penalty * self.lazy * (first + second)

    def _crossed(
        self, told: torch.Tensor, shown: Sequence[torch.Tensor], there: torch.Tensor, looks: torch.Tensor,
        noise: torch.Generator,
    ) -> torch.Tensor:  # fmt: skip
        """What the judge pays for rows with some grids of another row, which are no better than made ones."""
        draw = {"generator": noise, "device": told.device}
        other = torch.randperm(len(told), **draw)
        taken = torch.rand(there.shape, **draw) < CROSSED
        taken[:, 0] |= ~taken.any(1)
        taken &= there & there[other]
        mixed = [torch.where(taken[:, at, None], part[other], part) for at, part in enumerate(shown)]
        return functional.softplus(self.critic(told, mixed, there) - looks) * taken.any(1)

    def _shifted(
        self, pairs: Sequence[tuple[torch.Tensor, ...]], noise: torch.Generator
    ) -> list[tuple[torch.Tensor, ...]]:
        """Real and made grids of a row shifted alike."""
        return [_moved(pair, noise) if self.training else tuple(pair) for pair in pairs]


def _moved(pair: Sequence[torch.Tensor], noise: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Grids (rows, channels, high, wide) moved by up to an eighth of a side, in most rows, each in the same
    way in all of the pair; the edge is repeated.
    """
    rows, _, *sides = pair[0].shape
    draw = {"generator": noise, "device": pair[0].device}
    often = torch.rand(rows, 1, **draw) < SHIFTED
    found = tuple(pair)
    for axis, side in enumerate(sides, 2):
        most = max(int(SHIFT * side), 1)
        step = torch.randint(-most, most + 1, (rows, 1), **draw) * often
        at = (torch.arange(side, device=noise.device) + step).clamp(0, side - 1)
        shape = [rows, 1, 1, 1]
        shape[axis] = side
        found = tuple(part.gather(axis, at.reshape(shape).expand(part.shape)) for part in found)
    return found


class _View(nn.Module):
    """What a grid (rows, channels, high, wide) shows, (rows, features)."""

    def __init__(self, grid: Grid, widths: Sequence[int]) -> None:
        super().__init__()
        self.patch = grid.patch
        high, wide = grid.sizes(len(widths))[-1]
        self.enter = nn.Conv2d(grid.channels, THIN, 3, padding=1)
        self.gather = nn.Conv2d(THIN * grid.patch**2, widths[0], 1)
        self.blocks = nn.ModuleList(_block(wide) for wide in widths)
        self.steps = nn.ModuleList(nn.Conv2d(less, wide, 1) for less, wide in pairwise(widths))
        self.out = nn.Linear(widths[-1] * high * wide, FEATURES)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        thin = _bent(self.enter(grid.contiguous(memory_format=torch.channels_last)))
        hidden = self.gather(functional.pixel_unshuffle(thin, self.patch))
        for at, block in enumerate(self.blocks):
            if at:
                halved = functional.avg_pool2d(hidden, 2, ceil_mode=True, count_include_pad=False)
                hidden = self.steps[at - 1](halved)
            hidden = block(hidden)
        return self.out(_bent(hidden).flatten(1))


def _block(width: int, told: int = 0) -> Residual:
    """A block that is nothing but its way past at first."""
    block = Residual(width, told=told, bend=_bent)
    assert block.second.bias is not None
    nn.init.zeros_(block.second.bias)
    return block


def _bent(hidden: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(hidden, SLOPE)
