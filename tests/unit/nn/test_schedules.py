"""Angles of noise: variance is kept, slopes are derivatives, a Gaussian's denoiser is the known one."""

import numpy as np
import torch

from reverie.nn.schedules import NOISE, denoised, draw_angles, ladder, noised, slope


def _pair(rows: int = 200_000) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, generator=generator), torch.randn(rows, generator=generator)


def test_variance_is_one_at_every_level() -> None:
    values, noise = _pair()
    for angle in (0.0, 0.3, 0.8, 1.2, NOISE):
        assert abs(float(noised(values, noise, torch.tensor(angle)).var()) - 1) < 0.02
        assert abs(float(slope(values, noise, torch.tensor(angle)).var()) - 1) < 0.02


def test_ends_are_the_data_and_the_noise() -> None:
    values, noise = _pair(100)
    torch.testing.assert_close(noised(values, noise, torch.tensor(0.0)), values)
    torch.testing.assert_close(noised(values, noise, torch.tensor(NOISE)), noise)


def test_slope_is_the_derivative() -> None:
    values, noise = _pair(100)
    angle = torch.full((100,), 0.7, dtype=torch.float64, requires_grad=True)
    noised(values.double(), noise.double(), angle).sum().backward()
    torch.testing.assert_close(angle.grad, slope(values.double(), noise.double(), angle.detach()))


def test_true_slope_gives_the_values_back() -> None:
    values, noise = _pair(100)
    angle = torch.rand(100, generator=torch.Generator().manual_seed(1)) * NOISE
    state = noised(values, noise, angle)
    torch.testing.assert_close(denoised(state, slope(values, noise, angle), angle), values)


def test_best_slope_of_a_gaussian_is_linear() -> None:
    """Least squares finds it for data of variance s^2, and with it the denoiser in closed form."""
    values, noise = _pair()
    for spread in (0.3, 1.0, 2.0):
        for angle in (torch.tensor(0.4), torch.tensor(1.1)):
            state = noised(spread * values, noise, angle)
            rises = slope(spread * values, noise, angle)
            found = float((state * rises).mean() / state.square().mean())
            total = float(spread**2 * angle.cos() ** 2 + angle.sin() ** 2)
            known = float(angle.sin() * angle.cos()) * (1 - spread**2) / total
            assert abs(found - known) < 0.02
            # Known in closed form: E[x | state] = s^2 cos(t) / (s^2 cos^2(t) + sin^2(t)) state.
            best = denoised(torch.tensor(1.0), torch.tensor(known), angle)
            assert abs(float(best) - spread**2 * float(angle.cos()) / total) < 1e-5


def test_angles_drawn_are_log_normal() -> None:
    drawn = draw_angles((50_000, 2), -0.5, 1.4, torch.Generator().manual_seed(2))
    logs = drawn.double().tan().log()
    assert abs(float(logs.mean()) + 0.5) < 0.02
    assert abs(float(logs.std()) - 1.4) < 0.02
    assert np.all((drawn.numpy() > 0) & (drawn.numpy() < NOISE + 1e-6))


def test_ladder_falls_to_nothing() -> None:
    for bend in (1.0, 2.0):
        found = ladder(8, bend)
        assert abs(float(found[0]) - NOISE) < 1e-6
        assert float(found[-1]) == 0
        assert (found.diff() < 0).all()
    assert ladder(8, 2.0)[4] < ladder(8, 1.0)[4]
