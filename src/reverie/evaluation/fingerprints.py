"""Row hashes, to find equal rows of different tables without comparing them pair by pair."""

import numpy as np

from reverie.evaluation.view import Side

DECIMALS = 6


def fingerprints(side: Side) -> np.ndarray:
    """A 64-bit hash of each row over all compared columns, numbers rounded to DECIMALS places; (rows,)."""
    state = np.zeros(side.rows, np.uint64)
    for column in side.numbers.T:
        # Rounding numbers this large would change nothing but could overflow; adding 0 makes -0 into 0.
        rounded = np.where(np.abs(column) < 1e9, np.round(np.clip(column, -1e9, 1e9), DECIMALS), column) + 0.0
        state = _mix(state, np.where(np.isnan(rounded), np.nan, rounded).view(np.uint64))
    for column in side.codes.T:
        state = _mix(state, column.astype(np.int64).view(np.uint64))
    return state


def _mix(state: np.ndarray, word: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele et al. 2014) over the sum of state and word."""
    z = (state * np.uint64(0x9E3779B97F4A7C15)) ^ (word + np.uint64(0x9E3779B97F4A7C15))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
