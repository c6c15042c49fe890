"""The pattern of coded strings: which characters stand at which place, for every length, under protection."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.permutation import LARGEST, make_salt, permute, scramble

LONGEST = 96
_SLOTS = 1000
_CLASSES = (
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.ascii_lowercase,
    string.ascii_uppercase,
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.ascii_letters,
    string.digits + string.ascii_letters,
)

Counts = Mapping[int, np.ndarray]
"""Length -> how often each ASCII character stands at each place, (length, 128) int64."""


def count_characters(values: pa.Array) -> dict[int, np.ndarray]:
    """Counts over the strings of one partition, nulls and "" ignored; letters beyond ASCII count as x."""
    plain = pc.replace_substring_regex(values.drop_null().cast(pa.string()), r"[^\x00-\x7F]", "x")
    plain = pc.utf8_slice_codeunits(plain, 0, LONGEST)
    lengths = pc.binary_length(plain).to_numpy(zero_copy_only=False)
    found = {}
    for length in np.unique(lengths[lengths > 0]).tolist():
        rows = plain.filter(pa.array(lengths == length))
        matrix = _as_bytes(rows, length)
        flat = np.bincount((matrix + np.arange(length) * 128).ravel(), minlength=length * 128)
        found[length] = flat.reshape(length, 128)
    return found


def add_counts(left: Counts, right: Counts) -> dict[int, np.ndarray]:
    """The counts of two partitions together."""
    both = dict(left)
    for length, counts in right.items():
        both[length] = both[length] + counts if length in both else counts
    return both


def _as_bytes(rows: pa.Array, length: int) -> np.ndarray:
    flat = pa.concat_arrays([rows])
    data = np.frombuffer(flat.buffers()[2], dtype=np.uint8)
    start = np.frombuffer(flat.buffers()[1], dtype=np.int32)[flat.offset]
    return data[start : start + len(flat) * length].reshape(len(flat), length).astype(np.int64)


@dataclass(frozen=True)
class Pattern:
    """For each length, the characters allowed at each place; `weights` are thousandths."""

    places: tuple[tuple[str, ...], ...]
    weights: tuple[int, ...]

    @classmethod
    def learn(cls, counts: Counts, k: int) -> "Pattern":
        """Keep lengths and characters that at least `k` rows share; rarer ones widen to their whole class."""
        totals = {length: int(table[0].sum()) for length, table in counts.items()}
        kept = [length for length in sorted(totals) if totals[length] >= k] or [
            max(totals, key=lambda n: totals[n])
        ]
        shares = np.array([totals[length] for length in kept], dtype=float)
        weights = _apportion(shares / shares.sum(), _SLOTS)
        places = tuple(tuple(_allow(row, k) for row in counts[length]) for length in kept)
        pairs = [(place, weight) for place, weight in zip(places, weights, strict=True) if weight]
        return cls(tuple(place for place, _ in pairs), tuple(weight for _, weight in pairs))

    def draw(self, index: np.ndarray, name: str) -> pa.Array:
        """One string for each index (uint64): different indices give different strings, over all calls.

        Once the pattern has no more strings, longer ones follow.
        """
        salt = make_salt(name, "pattern")
        at, rank = self._share_out(index, salt)
        parts, rows = [], []
        rest = np.zeros(len(index), dtype=np.uint64)
        over = np.zeros(len(index), dtype=bool)
        for number, places in enumerate(self.places):
            mine = np.flatnonzero(at == number)
            size = _size(places)
            fits = rank[mine] < size
            late = mine[~fits]
            over[late], rest[late] = (
                True,
                (rank[late] - np.uint64(size)) * np.uint64(len(self.places)) + np.uint64(number),
            )
            parts.append(_render(places, permute(rank[mine[fits]], size, salt + number), salt))
            rows.append(mine[fits])
        self._lengthen(np.flatnonzero(over), rest, salt, parts, rows)
        order = np.argsort(np.concatenate(rows), kind="stable")
        return pa.concat_arrays(parts).take(pa.array(order))

    def _share_out(self, index: np.ndarray, salt: int) -> tuple[np.ndarray, np.ndarray]:
        """Which length each row takes, and its number among the rows of that length."""
        lot = np.repeat(np.arange(len(self.weights)), self.weights)
        lot = lot[permute(np.arange(_SLOTS, dtype=np.uint64), _SLOTS, salt)]
        before = np.zeros(_SLOTS, dtype=np.uint64)
        for number in range(len(self.weights)):
            before[lot == number] = np.arange(self.weights[number], dtype=np.uint64)
        turn, slot = index // np.uint64(_SLOTS), index % np.uint64(_SLOTS)
        at = lot[slot]
        return at, turn * np.array(self.weights, dtype=np.uint64)[at] + before[slot]

    def _lengthen(
        self, late: np.ndarray, rest: np.ndarray, salt: int, parts: list[pa.Array], rows: list[np.ndarray]
    ) -> None:
        places = self.places[-1]
        while late.size:
            places = _widen(places)
            size = _size(places)
            fits = rest[late] < size
            parts.append(_render(places, permute(rest[late[fits]], size, salt), salt))
            rows.append(late[fits])
            late = late[~fits]
            rest[late] -= np.uint64(size)

    def state(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"places": [list(places) for places in self.places], "weights": list(self.weights)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Pattern":
        """Rebuild what `state` gave."""
        return cls(tuple(tuple(places) for places in state["places"]), tuple(state["weights"]))


def _apportion(shares: np.ndarray, slots: int) -> list[int]:
    """Whole slots in proportion to shares, by largest remainder."""
    exact = shares * slots
    whole = np.floor(exact).astype(int)
    for place in np.argsort(whole - exact, kind="stable")[: slots - whole.sum()]:
        whole[place] += 1
    return whole.tolist()


def _allow(counts: np.ndarray, k: int) -> str:
    """The characters of one place: those seen, or their whole class if it is half seen or some are rare."""
    seen = "".join(chr(code) for code in np.flatnonzero(counts))
    letters = "".join(character for character in seen if character.isalnum())
    whole = next((chars for chars in _CLASSES if set(letters) <= set(chars)), "") if letters else ""
    rare = counts[counts > 0].min() < k
    if not rare and 2 * len(letters) < len(whole):
        return seen
    common = "".join(chr(code) for code in np.flatnonzero(counts >= k)) or seen
    marks = {character for character in common if not character.isalnum()}
    return "".join(sorted(set(whole) | marks)) or "x"


def _widen(places: tuple[str, ...]) -> tuple[str, ...]:
    """One more place, beside the place with the most characters; digits if there is nothing to vary."""
    width = max(map(len, places))
    extra = places[-1 - [len(chars) for chars in places[::-1]].index(width)] if width > 1 else string.digits
    at = max((place for place, chars in enumerate(places) if chars == extra), default=len(places) - 1)
    return (*places[: at + 1], extra, *places[at + 1 :])


def _carriers(places: tuple[str, ...]) -> list[int]:
    """The places, from the right, whose characters spell the row's number; together at most 2**62 strings."""
    size, chosen = 1, []
    for place in range(len(places) - 1, -1, -1):
        if len(places[place]) > 1 and size * len(places[place]) <= LARGEST:
            size *= len(places[place])
            chosen.append(place)
    return chosen


def _size(places: tuple[str, ...]) -> int:
    return int(np.prod([len(places[place]) for place in _carriers(places)], dtype=np.uint64))


def _render(places: tuple[str, ...], number: np.ndarray, salt: int) -> pa.Array:
    text = np.empty((len(number), len(places)), dtype=np.uint8)
    carriers, left = set(_carriers(places)), number.copy()
    for place in range(len(places) - 1, -1, -1):
        chars = np.frombuffer(places[place].encode("ascii"), dtype=np.uint8)
        if len(chars) == 1:
            text[:, place] = chars[0]
        elif place in carriers:
            left, digit = np.divmod(left, np.uint64(len(chars)))
            text[:, place] = chars[digit]
        else:
            text[:, place] = chars[scramble(number, salt + 101 + place) % np.uint64(len(chars))]
    offsets = np.arange(len(number) + 1, dtype=np.int32) * len(places)
    return pa.StringArray.from_buffers(
        len(number), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))
    )
