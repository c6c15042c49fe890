"""Runs of words that texts repeat from others: which texts repeat the longest, and from which.

What several rows hold is common language and no repeat, as in the measure of copied texts.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from reverie.evaluation.phrases import counted, runs_of

LENGTHS = (96, 64, 48, 32, 24, 16, 12, 8, 6, 4)
"""Words in a row that are looked for, the longest first, until enough texts are found."""
COMMON = 5
"""Rows that hold what is common."""

Texts = Mapping[int, list[str]]
"""Words of texts by their rows."""


@dataclass(frozen=True)
class Repeat:
    """A run of `length` words that the text of a `row` has from place `at` on, and that of another row from
    `other_at` on.
    """

    row: int
    other: int
    at: int
    other_at: int
    length: int


def repeats(texts: Texts, others: Texts, most: int) -> list[Repeat]:
    """The longest run of each of the `most` texts that repeat the longest ones, the longest first; runs of
    at least four words, each held by fewer than five of the others.
    """
    found: dict[int, Repeat] = {}
    for length in LENGTHS:
        for row, rows in _holding(texts, others, length).items():
            if row not in found:
                found[row] = max(
                    (_longest(row, texts[row], other, others[other]) for other in rows),
                    key=lambda one: one.length,
                )
        if len(found) >= most:
            break
    return sorted(found.values(), key=lambda one: (-one.length, one.row))[:most]


def _holding(texts: Texts, others: Texts, length: int) -> dict[int, set[int]]:
    """For texts with a run of so many words that only some of the others hold: these."""
    rows_of = counted(others.values(), length)
    runs = {row: {run for run in runs_of(words, length) if run in rows_of} for row, words in texts.items()}
    wanted = {run for found in runs.values() for run in found if rows_of[run] < COMMON}
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for row, words in others.items():
        for run in runs_of(words, length):
            if run in wanted:
                holders[run].add(row)
    held = {row: {other for run in found for other in holders.get(run, ())} for row, found in runs.items()}
    return {row: rows for row, rows in held.items() if rows}


def _longest(row: int, words: list[str], other: int, known: list[str]) -> Repeat:
    """The longest run that two texts share, by the lengths of runs that end at each pair of places."""
    best, before = Repeat(row, other, 0, 0, 0), [0] * (len(known) + 1)
    for place, word in enumerate(words, 1):
        before = [0, *(before[at] + 1 if one == word else 0 for at, one in enumerate(known))]
        length = max(before)
        if length > best.length:
            best = Repeat(row, other, place - length, before.index(length) - length, length)
    return best
