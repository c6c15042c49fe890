"""Solvers converge with the order they claim, and lead noise to the Gaussian that slopes are of."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

from reverie.nn.schedules import NOISE, ladder
from reverie.nn.solvers import adams, euler, heun

SOLVERS = [(euler, 1), (heun, 2), (adams, 2)]


def _error(solver: Callable, steps: int) -> float:
    """Of x' = x sin(t) from t = 2 down to 0, x = exp(-cos t) up to a factor."""
    angles = torch.linspace(2.0, 0.0, steps + 1, dtype=torch.float64)
    *_, last = solver(lambda x, t: x * t.sin(), torch.ones(1, dtype=torch.float64), angles)
    return abs(float(last) - math.exp(math.cos(2.0) - 1.0))


@pytest.mark.parametrize(("solver", "order"), SOLVERS)
def test_error_falls_with_the_order(solver: Callable, order: int) -> None:
    errors = [_error(solver, steps) for steps in (40, 80, 160)]
    for coarse, fine in pairwise(errors):
        assert abs(math.log2(coarse / fine) - order) < 0.15


@pytest.mark.parametrize(("solver", "calls"), [(euler, 1), (heun, 2), (adams, 1)])
def test_evaluations_of_a_step(solver: Callable, calls: int) -> None:
    seen = []
    states = list(solver(lambda x, t: seen.append(t) or x, torch.ones(3), torch.linspace(1.0, 0.0, 6)))
    assert len(states) == 5
    assert len(seen) == 5 * calls


@pytest.mark.parametrize("solver", [heun, adams])
def test_noise_becomes_the_gaussian(solver: Callable) -> None:
    """With the exact slope of a Gaussian of mean m and covariance C, noise gets that mean and covariance."""
    mean = torch.tensor([0.5, -1.0], dtype=torch.float64)
    covariance = torch.tensor([[1.0, 0.7], [0.7, 0.8]], dtype=torch.float64)

    def slope(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        # The angle is one for both coordinates.
        cos, sin = t.max().cos(), t.max().sin()
        total = cos**2 * covariance + sin**2 * torch.eye(2, dtype=torch.float64)
        centred = torch.linalg.solve(total, (x - cos * mean).T).T
        value = mean + cos * centred @ covariance
        noise = sin * centred
        return cos * noise - sin * value

    noise = torch.randn(100_000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    noise = (noise - noise.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(noise.T.cov()).T)
    *_, last = solver(slope, noise, ladder(16, 1.5).double())
    torch.testing.assert_close(last.mean(0), mean, atol=0.02, rtol=0)
    torch.testing.assert_close(last.T.cov(), covariance, atol=0.03, rtol=0)


@pytest.mark.parametrize("solver", [euler, heun, adams])
def test_each_number_may_have_angles_of_its_own(solver: Callable) -> None:
    """One that waits at pi/2 and starts later ends as if it had been alone."""
    late = torch.cat([torch.full((3,), NOISE), ladder(6, 1.0)[1:]])
    both = torch.stack([ladder(8, 1.0), late], dim=1)
    start = torch.tensor([[0.3, -0.8]])
    *_, together = solver(lambda x, t: t.cos() * x, start, both)
    *_, alone = solver(lambda x, t: t.cos() * x, start[:, 1:], ladder(6, 1.0)[:, None])
    torch.testing.assert_close(together[:, 1:], alone)
