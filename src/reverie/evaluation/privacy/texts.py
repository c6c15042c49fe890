"""Memorised texts: does a synthetic one hold words in a row that only single rows learned from hold?

What several rows hold is common language, and no secret of one. Source: Carlini et al. 2023, Quantifying
Memorization Across Neural Language Models (runs of words that a model gives back).
"""

from collections import Counter

import pyarrow as pa

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.columnwise import worst
from reverie.evaluation.intervals import wilson
from reverie.evaluation.phrases import counted, runs_of, text_columns, texts_of

RUN = 12
"""Words and signs in a row that make a copy."""
SHORT = 4
"""Words and signs of a shorter text that make it a copy as a whole."""
COMMON = 5
"""Rows that hold what is common."""
FEWEST = 50


class Texts(Measure):
    """How many synthetic texts hold a run of words of a real one, of the column where they are most."""

    name = "texts"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`text_copies` among some thousand texts of each table; none without a column of texts, or with
        fewer than 50 of them.
        """
        names = text_columns(comparison.schema)
        return worst(((name, _column(comparison, name)) for name in names), lambda one: one.low)


def _column(comparison: Comparison, name: str) -> list[Measurement]:
    some, real = texts_of(comparison, comparison.fake, name), _texts(comparison, comparison.real, name)
    fake = list(some.values())
    if min(len(real), len(fake)) < FEWEST:
        return []
    whole = Counter(tuple(words) for words in real if SHORT <= len(words) < RUN)
    rare = {run for run, rows in (counted(real, RUN) + whole).items() if rows < COMMON}
    clear = [row for row, words in some.items() if not _copied(words, rare)]
    share, floor, unseen = (len(fake) - len(clear)) / len(fake), None, 0
    if comparison.holdout is not None:
        others = _texts(comparison, comparison.holdout, name)
        floor, unseen = (_share(others, rare), len(others)) if others else (None, 0)
    low, high = wilson(share, len(fake))
    about = (
        f"Per cent of synthetic texts of '{name}' with {RUN} words in a row, or all words of a shorter one, "
        "that few real rows hold"
    )
    floored = None if floor is None else 100 * floor
    detail = {"floor_n": unseen, "attack": share, "control": floor, "clear": clear}
    return [
        Measurement(
            "text_copies", 100 * share, 100 * low, 100 * high, floored, len(fake), "lower", 0.0,
            f"{about}; floor: of unseen real texts.", detail,
        )
    ]  # fmt: skip


def _texts(comparison: Comparison, table: pa.Table, name: str) -> list[list[str]]:
    return list(texts_of(comparison, table, name).values())


def _share(texts: list[list[str]], rare: set[tuple[str, ...]]) -> float:
    return sum(_copied(words, rare) for words in texts) / len(texts)


def _copied(words: list[str], rare: set[tuple[str, ...]]) -> bool:
    if len(words) < RUN:
        return tuple(words) in rare
    return any(run in rare for run in runs_of(words, RUN))


MEASURE = Texts()
