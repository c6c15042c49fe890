"""Levels of noise as angles t: what is noised is cos(t) x + sin(t) noise, from t = 0, no noise, to pi/2.

For data of variance 1 this is the preconditioned form of Karras et al. 2022 (table 1, EDM) with sigma =
tan(t): what a network is given has variance 1 at every level, and so has what it is asked for, the slope
along t.

Sources: Karras et al. 2022; Lu & Song 2024, section 3 (TrigFlow).
"""

import math

import torch

NOISE = math.pi / 2
"""The angle at which nothing is left of the data."""


def noised(values: torch.Tensor, noise: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """The values (...) with as much noise as the angle says."""
    return angle.cos() * values + angle.sin() * noise


def slope(values: torch.Tensor, noise: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """d noised / d angle: what a network learns to expect, and a solver follows."""
    return angle.cos() * noise - angle.sin() * values


def denoised(state: torch.Tensor, slopes: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """The values that are expected, given the expected slope at a state."""
    return angle.cos() * state - angle.sin() * slopes


def draw_angles(
    shape: tuple[int, ...], centre: float, spread: float, generator: torch.Generator
) -> torch.Tensor:
    """Angles to train at: log tan(t) is normal (Karras et al. 2022, table 1, noise distribution)."""
    drawn = torch.randn(shape, generator=generator, device=generator.device)
    return (centre + spread * drawn).exp().atan()


def ladder(steps: int, bend: float) -> torch.Tensor:
    """Angles (steps + 1,) from pi/2 down to 0; the more `bend` is over 1, the closer they are near 0."""
    return NOISE * torch.linspace(1.0, 0.0, steps + 1).pow(bend)
