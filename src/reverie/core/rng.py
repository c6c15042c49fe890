"""One seed gives every named child generator, so that any part can be redone alone."""

import hashlib

import numpy as np


def child(seed: int, *names: str | int) -> np.random.Generator:
    """The generator that belongs to `names` under `seed`; independent of every other path of names.

    >>> bool(child(7, "table", 3).random() == child(7, "table", 3).random())
    True
    >>> bool(child(7, "table", 3).random() == child(7, "table", 4).random())
    False
    """
    digest = hashlib.blake2b("\x1f".join(map(str, names)).encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype=np.uint32)
    return np.random.default_rng(
        np.random.SeedSequence([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, *words.tolist()])
    )
