"""Solvers of dx/dt = slope(x, t): generators that yield the state after each step; callers need no hooks.

`angles` (steps + 1, ...) are the t to pass, those of a step broadcast against x; where two follow each other
without a change, x stays. Each solver says how often it evaluates the slope a step.

Sources: Hairer, Norsett & Wanner 1993, sections II.1 and III.5; Karras et al. 2022, algorithm 1.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch

Slope = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def euler(slope: Slope, x: torch.Tensor, angles: torch.Tensor) -> Iterator[torch.Tensor]:
    """Order 1, one evaluation a step."""
    for start, stop in pairwise(angles):
        x = x + (stop - start) * slope(x, start)
        yield x


def heun(slope: Slope, x: torch.Tensor, angles: torch.Tensor) -> Iterator[torch.Tensor]:
    """Order 2, two evaluations a step."""
    for start, stop in pairwise(angles):
        first = slope(x, start)
        second = slope(x + (stop - start) * first, stop)
        x = x + (stop - start) * (first + second) / 2
        yield x


def adams(slope: Slope, x: torch.Tensor, angles: torch.Tensor) -> Iterator[torch.Tensor]:
    """Order 2, one evaluation a step: the slope is carried on from this and the last (Adams-Bashforth)."""
    last, before = None, torch.zeros_like(angles[0])
    for start, stop in pairwise(angles):
        step, now = stop - start, slope(x, start)
        if last is None:
            ahead = now
        else:
            # Where nothing moved in the last step there is no change to go by.
            ratio = torch.where(before != 0, step / torch.where(before != 0, before, 1.0), 0.0)
            ahead = now + ratio / 2 * (now - last)
        x, last, before = x + step * ahead, now, step
        yield x
