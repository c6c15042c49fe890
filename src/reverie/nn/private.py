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
from reverie.nn.task import Task

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
    """Train a task of one turn in place on `arrays` (rows, ...); it is left in evaluation mode.

    Each step takes every row with `chance` and adds noise of `noise` times the bound to the sum. With
    `owners` (rows,), numbers from 0, rows of one owner are taken and clipped together. `rng` is of noise that
    nobody can repeat. Raises ValueError for a task of several turns.
    """
    if len(task.turns) != 1:
        raise ValueError("a task of several turns has no private training yet")
    turn = task.turns[0].module
    owners = np.arange(len(next(iter(arrays.values())))) if owners is None else owners
    with torch.random.fork_rng(devices=[]), threads_of(threads):
        torch.manual_seed(int(rng.integers(2**62)))
        draws = torch.Generator().manual_seed(int(rng.integers(2**62)))
        _run(task, turn, arrays, owners, steps, chance, noise, rng, draws, on_step)
    task.eval()


def _run(
    task: Task,
    turn: str,
    arrays: Mapping[str, np.ndarray],
    owners: np.ndarray,
    steps: Steps,
    chance: float,
    noise: float,
    rng: np.random.Generator,
    draws: torch.Generator,
    on_step: Callable[[int], None],
) -> None:
    module = getattr(task, turn)
    optimizer = torch.optim.Adam(module.parameters(), lr=steps.rate, betas=(0.9, 0.99))
    average = [weight.detach().clone() for weight in module.parameters()]
    count = int(owners.max()) + 1
    task.train()
    for step in range(steps.count):
        optimizer.param_groups[0]["lr"] = steps.rate * _size(step, steps)
        task.begin(turn, draws)
        taken = np.flatnonzero((rng.random(count) < chance)[owners])
        total = summed(task, turn, arrays, owners, taken, steps.bound, draws)
        for name, weight in module.named_parameters():
            spread = torch.from_numpy(rng.normal(0.0, noise * steps.bound, tuple(weight.shape)))
            weight.grad = (total[f"{turn}.{name}"] + spread.to(weight.dtype)) / steps.batch
        optimizer.step()
        keep = min(steps.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, weight in zip(average, module.parameters(), strict=True):
                kept.lerp_(weight, 1 - keep)
        on_step(step + 1)
    with torch.no_grad():
        for kept, weight in zip(average, module.parameters(), strict=True):
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
        norms = torch.stack([each.flatten(1).norm(dim=1) for each in rows.values()]).norm(dim=0)
        scale = (bound / norms.clamp(min=1e-12)).clamp(max=1)
        for name, each in rows.items():
            total[name] += torch.tensordot(scale, each, dims=1)
    return total


def _size(step: int, steps: Steps) -> float:
    """The size of a step as a part of the largest."""
    warm = min(1.0, (step + 1) / steps.warmup)
    return warm * max(0.5 + 0.5 * math.cos(math.pi * step / steps.count), 0.02)
