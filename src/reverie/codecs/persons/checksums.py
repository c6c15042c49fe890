"""Check digits of cards and bank accounts, for whole columns at once."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Check = Callable[[np.ndarray], np.ndarray]


def pass_luhn(digits: np.ndarray) -> np.ndarray:
    """Whether each row of digits (rows, n) ends in its Luhn check digit. Source: ISO/IEC 7812-1, annex B.

    >>> pass_luhn(np.array([[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3], [7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 4]]))
    array([ True, False])
    """
    return _luhn_sum(digits) % 10 == 0


def add_luhn(digits: np.ndarray) -> np.ndarray:
    """The rows of digits (rows, n) with their check digit, (rows, n + 1)."""
    open_end = np.column_stack([digits, np.zeros(len(digits), dtype=digits.dtype)])
    open_end[:, -1] = -_luhn_sum(open_end) % 10
    return open_end


def _luhn_sum(digits: np.ndarray) -> np.ndarray:
    doubled = digits[:, -2::-2] * 2
    return digits[:, ::-2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)


def remainder_97(characters: np.ndarray) -> np.ndarray:
    """Remainder by 97 of rows of characters (rows, n); A to Z count as 10 to 35. Source: ISO/IEC 7064.

    >>> remainder_97(np.frombuffer(b"WEST12345698765432GB82", dtype=np.uint8)[None])
    array([1])
    """
    value = np.where(characters >= 65, characters.astype(np.int64) - 55, characters.astype(np.int64) - 48)
    remainder = np.zeros(len(characters), dtype=np.int64)
    for place in range(characters.shape[1]):
        remainder = (remainder * np.where(value[:, place] > 9, 100, 10) + value[:, place]) % 97
    return remainder


def share_of_cards(values: pa.Array) -> float:
    """Share of the strings that are card numbers by length and check digit."""
    return _share(
        values, r"[ -]", 13, 19, r"^[1-9][0-9]+$", lambda codes: pass_luhn(codes.astype(np.int64) - 48)
    )


def share_of_ibans(values: pa.Array) -> float:
    """Share of the strings that are international bank account numbers by form and remainder."""
    form = r"^[A-Z]{2}[0-9]{2}[A-Z0-9]+$"
    return _share(values, " ", 15, 34, form, lambda codes: remainder_97(np.roll(codes, -4, axis=1)) == 1)


def _share(values: pa.Array, blanks: str, shortest: int, longest: int, form: str, check: Check) -> float:
    plain = pc.replace_substring_regex(values, blanks, "")
    plain = plain.filter(pc.match_substring_regex(plain, form))
    lengths = pc.binary_length(plain).to_numpy(zero_copy_only=False)
    good = 0
    for length in range(shortest, longest + 1):
        rows = plain.filter(pa.array(lengths == length)).to_numpy(zero_copy_only=False).astype(f"S{length}")
        if len(rows):
            good += int(check(rows.view(np.uint8).reshape(len(rows), length)).sum())
    return good / max(len(values), 1)
