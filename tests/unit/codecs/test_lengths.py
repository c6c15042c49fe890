import numpy as np
import pytest

from reverie.codecs.lengths import MOST, Lengths, count_lengths

RNG = np.random.default_rng(1)
WORDS = np.maximum(RNG.poisson(12, 5_000), 1)


def test_scores_are_standard_normal() -> None:
    scores = Lengths.learn(count_lengths(WORDS), 5).score(WORDS, np.random.default_rng(2))
    assert scores.mean() == pytest.approx(0, abs=0.05)
    assert scores.std() == pytest.approx(1, abs=0.05)


def test_lengths_round_trip_but_for_protected_extremes() -> None:
    lengths = Lengths.learn(count_lengths(WORDS), 5)
    restored = lengths.restore(lengths.score(WORDS, np.random.default_rng(2)))
    assert np.mean(restored == WORDS) > 0.97
    assert abs(restored - WORDS).max() < 4


def test_scores_keep_the_order() -> None:
    lengths = Lengths.learn(count_lengths(WORDS), 5)
    assert (np.diff(lengths.restore(np.linspace(-3, 3, 50))) >= 0).all()


def test_the_longest_single_text_is_not_told() -> None:
    words = np.r_[WORDS, 1_234]
    assert Lengths.learn(count_lengths(words), 5).knots.max() < 100


@pytest.mark.parametrize("words", [np.array([3]), np.full(100, 7), np.array([1, 500, 2, 600] * 3)])
def test_small_and_constant_columns(words: np.ndarray) -> None:
    lengths = Lengths.learn(count_lengths(words), 5)
    assert np.isfinite(lengths.score(words, RNG)).all()
    assert (lengths.restore(RNG.standard_normal(100)) >= 1).all()


def test_constant_lengths_come_back() -> None:
    lengths = Lengths.learn(count_lengths(np.full(100, 7)), 5)
    assert set(lengths.restore(RNG.standard_normal(100))) == {7}


def test_counts_are_bounded() -> None:
    assert len(count_lengths(np.array([10**9]))) == MOST + 1


def test_state_round_trip() -> None:
    lengths = Lengths.learn(count_lengths(WORDS), 5)
    again = Lengths.from_state(lengths.state())
    assert np.array_equal(lengths.restore(np.linspace(-2, 2)), again.restore(np.linspace(-2, 2)))
