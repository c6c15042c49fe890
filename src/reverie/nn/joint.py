"""Rows, grids (pictures, spectrograms or their latents) and texts in one network, any part of which can be
given.

A row's network is told what the grids and texts say that are known of it; a grid emerges, and a text is
written, by a network of its own that is told what is known of the row and of the other parts. All learn
together, each part with a level of noise of its own. Sources: Bao et al. 2023 (UniDiffuser: a level for each
modality, one network for all conditionals); Ho & Salimans 2022 (rows without what is given, for guidance).
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.diffusion import Denoising, RowNet
from reverie.nn.plan import Form, Plan
from reverie.nn.rows import Batch
from reverie.nn.schedules import NOISE, draw_angles, ladder, noised, slope
from reverie.nn.solvers import adams
from reverie.nn.task import Task, Turn
from reverie.nn.texts import Scale, Text, TextTower, Writer
from reverie.nn.towers import Grid, Tower, present

SEEN, NOTHING, WHOLE = 0.5, 0.15, 0.8
"""How often a part is known where rows or other parts are learned; how often nothing is where a part is, for
guidance; and how often else all of the row. In the rest any of its blocks are.
"""
CENTRE, SPREAD = -0.2, 1.2
"""Mean and standard deviation of the log of tan(angle) at which grids are learned from."""
BEND = 1.5
"""How much more often the network is asked where little noise is left (`schedules.ladder`)."""
SMOOTH, SHIFT = 0.3, 8
"""While learning, a known grid is shown with noise, at most so much as an angle, and moved by up to such a
part of each side, so that it is not known by heart.
"""
GUIDED = 0.5
"""The least angle at which grids are guided: below it costs as much and shows nothing (Kynkaanniemi et al.
2024; at the highest, where they leave off, what a grid shows is decided).
"""
DRAWS = 4
"""How often each row of a batch is learned, with noise drawn anew: that costs little beside its parts."""
ALONE = 4
"""Steps of rows alone beside each where there are texts and no grids: these take more than twenty times as
long.
"""
WRITTEN = 16
"""Rows of a batch whose texts are written on a plain processor: that costs far more than the rest."""


class JointNet(nn.Module):
    """The network of `rows`, and a tower for each grid, then each text; a part's absence is told by a vector
    of its own.
    """

    def __init__(
        self,
        rows: nn.Module,
        grids: Sequence[Grid],
        widths: Sequence[int],
        width: int,
        texts: Sequence[Text] = (),
        scale: Scale = Scale(),  # noqa: B008
    ) -> None:
        super().__init__()
        self.rows = rows
        towers: list[nn.Module] = [Tower(grid, widths, width) for grid in grids]
        self.towers = nn.ModuleList([*towers, *(_writer(text, scale, width) for text in texts)])
        self.absent = nn.Parameter(torch.zeros(len(self.towers), width))

    def told(self, views: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """What those of the views (rows, parts, width) tell together that are `seen` (rows, parts)."""
        return torch.where(seen[:, :, None], views, self.absent).sum(1)

    def look(self, at: int, part: torch.Tensor, noise: torch.Generator | None = None) -> torch.Tensor:
        """What grids (rows, channels, high, wide) or texts (rows, length) of part `at` tell, (rows, width);
        while learning some `noise` hides some of them.
        """
        found = self.towers[at]
        if isinstance(found, Writer):
            return found.look(part, noise)
        return self.tower(at).look(part if noise is None else _varied(part, noise))

    def tower(self, at: int) -> Tower:
        """That of grid `at`."""
        found = self.towers[at]
        assert isinstance(found, Tower)
        return found

    def text_tower(self, at: int) -> Writer:
        """That of part `at`, a text."""
        found = self.towers[at]
        assert isinstance(found, Writer)
        return found

    def rise(self, at: int, state: torch.Tensor, angle: torch.Tensor, refined: torch.Tensor) -> torch.Tensor:
        """The slope of grid `at` that is expected at angles (rows,), where a row is known as `refined`."""
        tower = self.tower(at)
        return tower.unet(state, angle, tower.told(refined))


class Joined(Protocol):
    """What has networks of grids and texts."""

    @property
    def net(self) -> JointNet: ...


class Jointly(Task):
    """Learns rows in a way of its own (`told_losses`, `known`), and beside them grids `grid0`, `grid1`, ...
    (rows, channels, high, wide) and texts `text0`, `text1`, ... (rows, length), -1 after the end.
    """

    net: JointNet
    grids: tuple[Grid, ...]
    texts: tuple[Text, ...]

    @property
    @abstractmethod
    def row_net(self) -> nn.Module:
        """The network of rows."""

    @property
    @abstractmethod
    def blocks(self) -> int:
        """How many blocks a row has that it is learned by."""

    @abstractmethod
    def told_losses(self, batch: Batch, noise: torch.Generator, told: torch.Tensor) -> torch.Tensor:
        """What each row costs without its parts, (rows,), where these tell `told` (rows, width)."""

    @abstractmethod
    def known(
        self, batch: Batch, noise: torch.Generator, told: torch.Tensor, alone: torch.Tensor
    ) -> torch.Tensor:
        """Rows of which all or any blocks are known, or nothing where a part is `alone` (rows, 1), as the
        heads are given them, (rows, width).
        """

    @property
    def parts(self) -> tuple[Grid | Text, ...]:
        """The grids, then the texts."""
        return (*self.grids, *self.texts)

    def course(self) -> tuple[Turn, ...]:
        """The turns of a step."""
        alone = self.texts and self.blocks and not self.grids
        return (*((Turn("row_net", times=ALONE),) if alone else ()), Turn("net"))

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        if turn == "row_net":
            return self._row_costs(batch, self._nothing(DRAWS * len(batch["codes"])), noise)
        return self._all_costs(batch, noise, told=True)

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        """What rows cost of which no part is known, and what parts cost.

        A row is soon known by heart by its parts, long before these are learned; by that cost nothing is
        judged.
        """
        return self._all_costs(batch, noise, told=False)

    def _all_costs(self, batch: Batch, noise: torch.Generator, *, told: bool) -> torch.Tensor:
        """What rows and their parts cost, where rows are `told` of some parts or of none."""
        chosen = self._chosen(len(batch["codes"]), noise)
        parts, views, there = self._seen(batch, noise)
        known = self._some(views, there, noise) if told else self._nothing(len(there))
        rows = self._row_costs(batch, known, noise)
        return rows + self._part_costs(batch, chosen, parts, views, there, noise)

    def _seen(
        self, batch: Batch, noise: torch.Generator
    ) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        """The parts, what each tells (rows, parts, width) and whether it is there (rows, parts)."""
        parts = [batch[f"grid{at}"].float() for at in range(len(self.grids))]
        parts += [batch[f"text{at}"].long() for at in range(len(self.texts))]
        hides = noise if self.training else None
        views = torch.stack([self.net.look(at, part, hides) for at, part in enumerate(parts)], dim=1)
        return parts, views, present(self.parts, batch["codes"].long())

    def _nothing(self, rows: int) -> torch.Tensor:
        """What is told of rows of which no part is known, (rows, width)."""
        return self.net.absent.detach().sum(0).expand(rows, -1)

    def _part_costs(
        self,
        batch: Batch,
        chosen: torch.Tensor,
        parts: Sequence[torch.Tensor],
        views: torch.Tensor,
        there: torch.Tensor,
        noise: torch.Generator,
    ) -> torch.Tensor:
        """What the parts of each row cost, of which some blocks and other parts are known; texts are of the
        `chosen` rows.
        """
        rows, draw = len(there), {"generator": noise, "device": noise.device}
        total = torch.zeros(rows, device=noise.device)
        for at, part in enumerate(parts):
            alone = torch.rand(rows, 1, **draw) < NOTHING
            others = there & (torch.rand(rows, len(parts), **draw) < SEEN) & ~alone
            others[:, at] = False
            refined = self.known(batch, noise, self.net.told(views, others), alone)
            if at < len(self.grids):
                cost = self._grid_costs(at, part, refined, noise)
            else:
                cost = self._text_costs(at, part[chosen], refined[chosen]) * (rows / len(chosen))
                cost = torch.zeros(rows, device=cost.device).index_add(0, chosen, cost)
            total = total + cost * there[:, at] * (1 + self.blocks)
        return total

    def _some(self, views: torch.Tensor, there: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
        """What some parts of those that are there tell, drawn so many times, (times * rows, width)."""
        times = DRAWS if self.training else 1
        views, there = views.repeat(times, 1, 1), there.repeat(times, 1)
        seen = there & (torch.rand(there.shape, generator=noise, device=noise.device) < SEEN)
        return self.net.told(views, seen)

    def _row_costs(self, batch: Batch, told: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
        """What rows cost without their parts, (rows,), in the mean of so many times as they are `told` of."""
        times = len(told) // len(batch["codes"])
        own = {name: part for name, part in batch.items() if not name.startswith(("grid", "text"))}
        again = {name: part.repeat(times, *[1] * (part.dim() - 1)) for name, part in own.items()}
        return self.told_losses(again, noise, told).unflatten(0, (times, -1)).mean(0)

    def _chosen(self, rows: int, noise: torch.Generator) -> torch.Tensor:
        """The rows whose texts are written."""
        if not self.training or noise.device.type != "cpu" or not self.texts:
            return torch.arange(rows, device=noise.device)
        return torch.randperm(rows, generator=noise)[:WRITTEN]

    def _grid_costs(
        self, at: int, grid: torch.Tensor, refined: torch.Tensor, noise: torch.Generator
    ) -> torch.Tensor:
        draw = {"generator": noise, "device": noise.device}
        angle, drawn = draw_angles((len(grid),), CENTRE, SPREAD, noise), torch.randn(grid.shape, **draw)
        level = angle[:, None, None, None]
        found = self.net.rise(at, noised(grid, drawn, level), angle, refined)
        return (found.float() - slope(grid, drawn, level)).square().mean((1, 2, 3))

    def _text_costs(self, at: int, codes: torch.Tensor, refined: torch.Tensor) -> torch.Tensor:
        tower = self.net.text_tower(at)
        return tower.costs(codes, refined)[0] / (tower.text.length / 2)


class Joint(Jointly, Denoising):
    """Learns rows as `Denoising` does, and grids and texts beside them."""

    def __init__(
        self,
        net: JointNet,
        form: Form,
        plan: Plan,
        ordered: float,
        grids: Sequence[Grid],
        texts: Sequence[Text] = (),
    ) -> None:
        assert isinstance(net.rows, RowNet)
        super().__init__(net.rows, form, plan, ordered)
        self.net, self.grids, self.texts = net, tuple(grids), tuple(texts)
        self.turns = self.course()

    @property
    def row_net(self) -> RowNet:
        found = self.net.rows
        assert isinstance(found, RowNet)
        return found

    @property
    def blocks(self) -> int:
        return len(self.form.sizes) + len(self.owner)

    def told_losses(self, batch: Batch, noise: torch.Generator, told: torch.Tensor) -> torch.Tensor:
        return self.row_losses(batch, noise, told)

    def known(
        self, batch: Batch, noise: torch.Generator, told: torch.Tensor, alone: torch.Tensor
    ) -> torch.Tensor:
        codes, numbers = batch["codes"].long(), batch["numbers"].float()
        draw = {"generator": noise, "device": noise.device}
        rows, categories = len(codes), codes.shape[1]
        known = torch.rand(rows, categories + self.form.reals, **draw) < torch.rand(rows, 1, **draw)
        known = (known | (torch.rand(rows, 1, **draw) < WHOLE)) & ~alone
        gated, open_ = self.gates(codes, known[:, :categories])
        angles = torch.where(known[:, categories + self.owner] & gated & open_, 0.0, NOISE)
        return self.row_net.refine(torch.where(known[:, :categories], codes + 1, 0), numbers, angles, told)[0]


def _writer(text: Text, scale: Scale, width: int) -> Writer:
    if not text.model:
        return TextTower(text, scale, width)
    from reverie.nn.language import LanguageTower  # slow to import

    return LanguageTower.of(text, width)


def _varied(grid: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    """Grids with a little noise, all moved by as many places, the outermost of which are repeated."""
    draw = {"generator": noise, "device": noise.device}
    level = SMOOTH * torch.rand(len(grid), 1, 1, 1, **draw)
    grid = noised(grid, torch.randn(grid.shape, **draw), level)
    high, wide = grid.shape[2:]
    down, right = high // SHIFT, wide // SHIFT
    top, left = (int(torch.randint(2 * most + 1, (), **draw)) for most in (down, right))
    grid = functional.pad(grid, (right, right, down, down), mode="replicate")
    return grid[:, :, top : top + high, left : left + wide]


def emerge_grid(
    task: Joined,
    at: int,
    refined: torch.Tensor,
    unknown: torch.Tensor | None,
    state: torch.Tensor,
    steps: int,
    guidance: float,
    share: float = 1.0,
) -> torch.Tensor:
    """Grids (rows, channels, high, wide) of block `at`, of rows known as `refined` (rows, width), from a
    `state` of noise, or of grids with a `share` of all noise.

    With `guidance` w a slope is that of what is known, s, moved on by w (s - the slope of the `unknown`).
    """

    def rise(state: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        angles = angle.expand(len(state))
        if unknown is None or float(angle) < GUIDED:
            return task.net.rise(at, state, angles, refined)
        pair = task.net.rise(
            at, torch.cat([state, state]), torch.cat([angles, angles]), torch.cat([refined, unknown])
        )
        known, free = pair.chunk(2)
        return known + guidance * (known - free)

    for found in adams(rise, state, share * ladder(steps, BEND)):
        state = found
    return state


def submerge_grid(
    task: Joined, at: int, refined: torch.Tensor, grids: torch.Tensor, steps: int
) -> torch.Tensor:
    """The noise (rows, channels, high, wide) from which `grids` emerge, without guidance.

    Source: Song et al. 2021 (DDIM), section 4.3.
    """

    def rise(state: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        return task.net.rise(at, state, angle.expand(len(state)), refined)

    for found in adams(rise, grids, ladder(steps, BEND).flip(0)):
        grids = found
    return grids
