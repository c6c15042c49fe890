"""Waveforms from magnitudes: near to those of true sounds, and the same each time."""

import numpy as np

from reverie.nn.phases import distance, guessed, waveforms_of
from reverie.nn.spectra import transform


def speech(seed, rate=8_000, seconds=0.6):
    """Vowels whose pitch glides, with formants, a hiss and a silence between."""
    rng, time = np.random.default_rng(seed), np.arange(int(rate * seconds)) / rate
    pitch = 110 + 60 * rng.random() + 25 * np.sin(2 * np.pi * (1 + rng.random()) * time)
    turns, formants = np.cumsum(pitch) / rate, 400 + 2_400 * rng.random(3)
    voice = sum(
        np.exp(-np.square((part * pitch - formant) / 250)) * np.sin(2 * np.pi * part * turns)
        for part in range(1, 24)
        for formant in formants
    )
    hiss = rng.normal(size=len(time)) * (time > 0.45)
    loud = np.clip(np.sin(2 * np.pi * time / seconds * 1.5), 0, 1)
    return (voice * loud + 0.1 * hiss + 1e-3 * rng.normal(size=len(time))).astype(np.float32)


WAVES = np.stack([speech(seed) for seed in range(6)])
SIZES = np.abs(transform(WAVES, 256))


def test_the_magnitudes_of_speech_are_met():
    found = waveforms_of(SIZES, 256)
    assert found.shape == (6, 75 * 64)
    assert found.dtype == np.float32
    apart = distance(SIZES, found, 256)
    assert apart.max() < -20
    assert apart.mean() < -23
    np.testing.assert_array_equal(found, waveforms_of(SIZES, 256))
    np.testing.assert_allclose(found[2:3], waveforms_of(SIZES[2:3], 256), atol=1e-4)


def test_the_first_guess_is_better_than_none():
    flat = np.zeros_like(SIZES)
    both = [
        distance(SIZES, np.asarray(start), 256).mean()
        for start in (waveforms_of(SIZES, 256, steps=0), _inverse(SIZES * np.exp(1j * flat)))
    ]
    assert both[0] < both[1] - 5


def test_a_sine_is_guessed_at_once():
    wave = np.sin(2 * np.pi * 1_010 * np.arange(8_000) / 8_000)[None]
    sizes = np.abs(transform(wave, 256))
    assert distance(sizes, waveforms_of(sizes, 256, steps=0), 256)[0] < -20
    assert guessed(sizes).shape == sizes.shape


def test_nothing_is_heard_after_the_end():
    cut = WAVES * (np.arange(WAVES.shape[1]) < 2_000)
    sizes = np.abs(transform(cut, 256))
    found = waveforms_of(sizes, 256, np.full(6, 2_000))
    assert np.abs(found[:, 2_000:]).max() == 0
    assert distance(sizes, found, 256).mean() < -23


def test_a_voice_between_two_channels_stays_there():
    """Though their magnitudes are wrong, each in a way of its own, as those of a model are."""
    rng = np.random.default_rng(0)
    both = np.stack([0.8 * WAVES, 0.5 * WAVES], axis=1)
    sizes = np.abs(transform(both, 256)) * 10 ** (3 * rng.normal(size=(6, 2, *SIZES.shape[1:])) / 20)
    apart, shared = (waveforms_of(sizes, 256, stereo=stereo) for stereo in (False, True))
    assert max(np.corrcoef(*pair)[0, 1] for pair in apart) < 0.5
    assert min(np.corrcoef(*pair)[0, 1] for pair in shared) > 0.9
    missed = [distance(sizes, found, 256).mean() for found in (apart, shared)]
    assert missed[1] < missed[0] + 1.5


def test_one_channel_is_as_without():
    np.testing.assert_allclose(
        waveforms_of(SIZES[:, None], 256, stereo=True)[:, 0], waveforms_of(SIZES, 256), atol=1e-5
    )


def test_silence_stays_silent():
    found = waveforms_of(np.zeros((1, 8, 129), np.float32), 256)
    assert np.abs(found).max() == 0


def _inverse(spectra):
    from reverie.nn.spectra import inverse

    return inverse(spectra.astype(np.complex64), 256)
