import numpy as np
import pytest

from reverie.dp.mechanisms import choose, noisy, source


def test_noise_is_as_wide_as_told_and_leaves_whole_numbers():
    found = noisy(np.full(20_000, 100.0), 7.0, source())
    assert found.mean() == pytest.approx(100, abs=0.3)
    assert found.std() == pytest.approx(7.0, rel=0.05)
    assert (found == np.rint(found)).all()


def test_no_two_sources_are_the_same():
    assert source().random() != source().random()


def test_choices_follow_the_exponential_mechanism():
    rng, scores = np.random.default_rng(0), np.array([0.0, 1.0, 2.0])
    drawn = np.bincount([choose(scores, 2.0, rng) for _ in range(20_000)], minlength=3) / 20_000
    assert drawn == pytest.approx(np.exp(scores) / np.exp(scores).sum(), abs=0.02)
