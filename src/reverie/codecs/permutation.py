"""Unique draws without coordination: keyed permutations of 0..size-1, so that row i alone knows its value.

Every partition of a request renders its own rows; because a permutation has no two equal values, identifiers
stay unique over all of them with nothing shared but the row number. Not for secrets: the key is not hidden.
"""

import hashlib

import numpy as np

LARGEST = 1 << 62
_ROUNDS = 6


def make_salt(*names: str) -> int:
    """A 63-bit key that belongs to `names`."""
    return int.from_bytes(hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest(), "little") >> 1


def scramble(index: np.ndarray, salt: int) -> np.ndarray:
    """64 well-mixed bits of each index, uint64. Source: splitmix64 (Steele, Lea and Flood 2014)."""
    z = index.astype(np.uint64) + np.uint64(
        (salt * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & 0xFFFFFFFFFFFFFFFF
    )
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def permute(index: np.ndarray, size: int, salt: int) -> np.ndarray:
    """The images of `index` (uint64, each < size) under a permutation of 0..size-1; size <= 2**62.

    A Feistel network over the next even power of two, walked until the value falls inside.
    Source: Black and Rogaway, "Ciphers with arbitrary finite domains" (2002), cycle walking.

    >>> sorted(permute(np.arange(10, dtype=np.uint64), 10, 3).tolist()) == list(range(10))
    True
    """
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    out = _feistel(index.astype(np.uint64), half, salt)
    outside = np.flatnonzero(out >= size)
    while outside.size:
        out[outside] = _feistel(out[outside], half, salt)
        outside = outside[out[outside] >= size]
    return out


def _feistel(values: np.ndarray, half: int, salt: int) -> np.ndarray:
    shift, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = values >> shift, values & mask
    for step in range(_ROUNDS):
        left, right = right, left ^ (scramble(right, salt + step) & mask)
    return (left << shift) | right


def repeat_earlier(index: np.ndarray, share: float, salt: int) -> np.ndarray:
    """Replace a `share` of the indices by an earlier one, so that values repeat as often as in the data.

    Row i is new with probability 1 - share and else takes the value of a row before it, which any partition
    can follow by itself; a few values then repeat much, as with customers. Source: Simon, "On a class of skew
    distribution functions", Biometrika 42 (1955).
    """
    out = index.astype(np.uint64)
    limit = np.uint64(min(int(share * 2.0**64), 2**64 - 1))
    again = np.flatnonzero((scramble(out, salt) < limit) & (out > 0))
    while again.size:
        out[again] = scramble(out[again], salt + 1) % out[again]
        again = again[(scramble(out[again], salt) < limit) & (out[again] > 0)]
    return out
