"""Transforms: there and back, and known sines."""

import numpy as np
import pytest

from reverie.nn.spectra import decibels, inverse, noise, transform, window_of


@pytest.mark.parametrize("shape", [(640,), (3, 640), (2, 3, 64), (1,), (100,)])
def test_the_way_back_is_exact(shape):
    waves = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = transform(waves, 256)
    assert found.dtype == np.complex64
    assert found.shape == (*shape[:-1], -(-shape[-1] // 64), 129)
    again = inverse(found, 256)
    np.testing.assert_allclose(again[..., : shape[-1]], waves, atol=1e-4)
    assert again.dtype == np.float32


def test_the_way_back_is_the_nearest():
    rng = np.random.default_rng(0)
    spectra = (rng.normal(size=(20, 33)) + 1j * rng.normal(size=(20, 33))).astype(np.complex64)
    spectra[:, [0, -1]] = spectra[:, [0, -1]].real
    nearest = inverse(spectra, 64)

    def away(wave):
        wrong = np.square(np.abs(transform(wave, 64) - spectra))
        return wrong[:, [0, -1]].sum() + 2 * wrong[:, 1:-1].sum()

    for change in rng.normal(size=(5, len(nearest))) / 20:
        assert away(nearest) < away(nearest + change)


def test_a_loud_sine_is_at_zero_decibels():
    wave = np.sin(2 * np.pi * 1_000 * np.arange(8_000) / 8_000)
    found = decibels(wave, 256, -90)
    assert found.shape == (125, 128)
    assert found[60].argmax() == 32
    assert found[60, 32] == pytest.approx(0, abs=0.1)
    assert found.min() == -90


@pytest.mark.parametrize(
    ("rate", "window"), [(8_000, 256), (16_000, 512), (11_025, 256), (4_000, 128), (500, 32)]
)
def test_windows(rate, window):
    assert window_of(rate) == window


def test_noise_is_standard_at_every_frequency_and_alike_in_frames_that_overlap():
    found = noise((2, 50), 40, 64, np.random.default_rng(0))
    assert found.shape == (2, 50, 40, 32)
    assert found.dtype == np.float32
    inner = found[:, :, 2:-2].reshape(-1, 36, 32)
    np.testing.assert_allclose(inner.mean((0, 1)), 0, atol=0.1)
    np.testing.assert_allclose(inner.std((0, 1)), 1, atol=0.1)
    assert (inner[:, 1:] * inner[:, :-1]).mean() > 0.2
    assert abs((inner[:, 4:] * inner[:, :-4]).mean()) < 0.05
