import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.codecs.permutation import LARGEST, make_salt, permute, repeat_earlier, scramble


def numbers(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.uint64)


@given(st.integers(1, 3_000), st.integers(0, 2**63 - 1))
def test_permute_hits_every_place_once(size: int, salt: int) -> None:
    assert np.array_equal(np.sort(permute(numbers(size), size, salt)), numbers(size))


def test_permute_is_the_same_in_parts() -> None:
    whole = permute(numbers(1_000), 1_500, 9)
    assert np.array_equal(
        whole, np.r_[permute(numbers(400), 1_500, 9), permute(numbers(1_000)[400:], 1_500, 9)]
    )


def test_permute_depends_on_the_salt() -> None:
    assert np.mean(permute(numbers(1_000), 1_000, 1) == permute(numbers(1_000), 1_000, 2)) < 0.02


def test_permute_fills_the_largest_space_evenly() -> None:
    places = permute(numbers(50_000), LARGEST, 3) / LARGEST
    counts, _ = np.histogram(places, bins=20, range=(0, 1))
    assert abs(counts - 2_500).max() < 250


def test_scramble_has_balanced_bits() -> None:
    bits = scramble(numbers(20_000), 5)
    shares = [np.mean(bits >> np.uint64(bit) & np.uint64(1)) for bit in range(64)]
    assert 0.48 < min(shares) <= max(shares) < 0.52


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_repeat_earlier_keeps_the_share(share: float) -> None:
    repeated = repeat_earlier(numbers(50_000), share, 4)
    assert 1 - len(np.unique(repeated)) / 50_000 == pytest.approx(share, abs=0.01)
    assert (repeated <= numbers(50_000)).all()


def test_repeat_earlier_is_the_same_in_parts() -> None:
    whole = repeat_earlier(numbers(2_000), 0.5, 4)
    assert np.array_equal(whole[700:], repeat_earlier(numbers(2_000)[700:], 0.5, 4))


def test_make_salt_tells_names_apart() -> None:
    assert make_salt("a", "b") == make_salt("a", "b")
    assert make_salt("a", "b") != make_salt("ab")
    assert 0 <= make_salt("x") < 2**63
