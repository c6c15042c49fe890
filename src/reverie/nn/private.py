"""Training under formal privacy: rows taken by chance, gradients clipped row by row, noise on their sum.

No rows are held out and nothing is chosen by its loss, since both would be looks at the rows; the averaged
weights of the last step are kept. Source: Abadi et al. (2016), Deep Learning with Differential Privacy.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch.func import functional_call, grad, vmap

from reverie.nn.device import threads_of
from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

PART = 128
"""Rows, or entities, whose gradients are in memory at a time."""
Gradients = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Steps:
    """How to train: `count` steps on about `batch` rows each, of size `rate`, which falls along a cosine.

    No row moves the sum of gradients by more than `bound`; `average` is how much of the averaged weights a
    step keeps.
    """

    count: int = 200
    batch: int = 512
    rate: float = 4e-3
    bound: float = 1.0
    average: float = 0.98
    warmup: int = 10


def train(
    task: Task,
    arrays: Mapping[str, np.ndarray],
    steps: Steps,
    *,
    chance: float,
    noise: float,
    rng: np.random.Generator,
    owners: np.ndarray | None = None,
    threads: int | None = None,
    on_step: Callable[[int], None] = lambda _: None,
) -> None:
    """Train a task in place on `arrays` (rows, ...); it is left in evaluation mode.

    Each update takes every row with `chance` and adds noise of `noise` times the bound to the sum; there are
    `updates(task, steps)` such. With `owners` (rows,), numbers from 0, rows of one owner are taken and
    clipped together. `rng` is of noise that nobody can repeat.
    """
    owners = np.arange(len(next(iter(arrays.values())))) if owners is None else owners
    with torch.random.fork_rng(devices=[]), threads_of(threads):
        torch.manual_seed(int(rng.integers(2**62)))
        draws = torch.Generator().manual_seed(int(rng.integers(2**62)))
        _Course(task, arrays, owners, steps, chance, noise, rng, draws).run(on_step)
    task.eval()


def updates(task: Task, steps: Steps) -> int:
    """How many updates look at the rows."""
    return steps.count * sum(turn.times for turn in task.turns if not turn.blind)


class _Course:
    """The steps of a training, with an optimizer and averaged weights for the module of each turn."""

    def __init__(
        self, task: Task, arrays: Mapping[str, np.ndarray], owners: np.ndarray, steps: Steps,
        chance: float, noise: float, rng: np.random.Generator, draws: torch.Generator,
    ) -> None:  # fmt: skip
        self.task, self.arrays, self.owners, self.steps = task, arrays, owners, steps
        self.chance, self.noise, self.rng, self.draws = chance, noise, rng, draws
        self.count = int(owners.max()) + 1
        self.modules = {turn.module: getattr(task, turn.module) for turn in task.turns}
        self.averages = {
            name: [weight.detach().clone() for weight in module.parameters()]
            for name, module in self.modules.items()
        }
        self.optimizers = {
            turn.module: torch.optim.Adam(self.modules[turn.module].parameters(), betas=turn.betas)
            for turn in task.turns
        }

    def run(self, on_step: Callable[[int], None]) -> None:
        self.task.train()
        for step in range(self.steps.count):
            rate = self.steps.rate * _size(step, self.steps)
            for turn in self.task.turns:
                for _ in range(turn.times):
                    self._update(turn, rate)
            self._average(min(self.steps.average, (1 + step) / (10 + step)))
            on_step(step + 1)
        self._settle()

    def _update(self, turn: Turn, rate: float) -> None:
        optimizer = self.optimizers[turn.module]
        optimizer.param_groups[0]["lr"] = rate * turn.rate
        self.task.begin(turn.module, self.draws)
        if turn.blind:
            optimizer.zero_grad(set_to_none=True)
            self.task.losses(turn.module, self._blank(), self.draws).mean().backward()
        else:
            self._noised(turn.module)
        optimizer.step()

    def _noised(self, turn: str) -> None:
        """Leave the noised sum of clipped gradients, over the size of a batch, at the weights of a turn."""
        steps = self.steps
        taken = np.flatnonzero((self.rng.random(self.count) < self.chance)[self.owners])
        total = summed(self.task, turn, self.arrays, self.owners, taken, steps.bound, self.draws)
        for name, weight in self.modules[turn].named_parameters():
            spread = torch.from_numpy(self.rng.normal(0.0, self.noise * steps.bound, tuple(weight.shape)))
            weight.grad = (total[f"{turn}.{name}"] + spread.to(weight.dtype)) / steps.batch

    def _blank(self) -> Batch:
        """Rows of nothing."""
        return {
            name: torch.zeros((self.steps.batch, *array.shape[1:]), dtype=torch.from_numpy(array[:0]).dtype)
            for name, array in self.arrays.items()
        }

    @torch.no_grad()
    def _average(self, keep: float) -> None:
        for name, module in self.modules.items():
            for kept, weight in zip(self.averages[name], module.parameters(), strict=True):
                kept.lerp_(weight, 1 - keep)

    @torch.no_grad()
    def _settle(self) -> None:
        for name, module in self.modules.items():
            for kept, weight in zip(self.averages[name], module.parameters(), strict=True):
                weight.copy_(kept)


def summed(
    task: Task,
    turn: str,
    arrays: Mapping[str, np.ndarray],
    owners: np.ndarray,
    taken: np.ndarray,
    bound: float,
    draws: torch.Generator,
) -> Gradients:
    """The sum of the gradients of the rows at positions `taken`, of norm `bound` at most for each owner."""
    own = {name: each.detach() for name, each in task.named_parameters() if name.startswith(f"{turn}.")}

    def cost(weights: Gradients, row: Batch) -> torch.Tensor:
        single = {name: value[None] for name, value in row.items()}
        return functional_call(task, weights, (turn, single, draws)).sum()

    mapped = vmap(grad(cost), in_dims=(None, 0), randomness="different")
    total = {name: torch.zeros_like(each) for name, each in own.items()}
    taken = taken[np.argsort(owners[taken], kind="stable")]
    starts = np.flatnonzero(np.diff(owners[taken], prepend=-1))
    for cut in np.split(taken, starts[PART::PART] if len(starts) > PART else []):
        if not len(cut):
            continue
        rows = mapped(own, {name: torch.from_numpy(array[cut]) for name, array in arrays.items()})
        _, group = np.unique(owners[cut], return_inverse=True)
        if group[-1] + 1 < len(cut):
            at = torch.from_numpy(group)
            rows = {
                name: each.new_zeros((int(at.max()) + 1, *each.shape[1:])).index_add_(0, at, each)
                for name, each in rows.items()
            }
        norms = torch.stack([each.double().flatten(1).norm(dim=1) for each in rows.values()]).norm(dim=0)
        # A row without a finite gradient adds nothing: no number is as large as the bound allows.
        sound = norms.isfinite()
        scale = torch.where(sound, bound / norms.clamp(min=1e-12), 0.0).clamp(max=1).float()
        for name, each in rows.items():
            each = torch.where(sound.view(-1, *[1] * (each.dim() - 1)), each, 0.0)
            total[name] += torch.tensordot(scale, each, dims=1)
    return total


def _size(step: int, steps: Steps) -> float:
    """The size of a step as a part of the largest."""
    warm = min(1.0, (step + 1) / steps.warmup)
    return warm * max(0.5 + 0.5 * math.cos(math.pi * step / steps.count), 0.02)
