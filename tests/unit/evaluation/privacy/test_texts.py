"""Memorised texts: copied runs are found, common language is none."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison
from reverie.evaluation.evaluate import evaluate
from reverie.evaluation.privacy.texts import MEASURE
from reverie.schema.types import Column, Table

SCHEMA = Table(name="t", columns=(Column(name="t", type="prose"), Column(name="x", type="decimal")))


def texts(n: int, seed: int, words: int = 20) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{word}" for word in rng.integers(0, 50, words)) for _ in range(n)]


def table(cells: list[str]) -> pa.Table:
    return pa.table({"t": cells, "x": np.random.default_rng(len(cells)).normal(size=len(cells))})


def measured(real: list[str], fake: list[str], unseen: list[str]) -> dict:
    found = MEASURE.measure(Comparison(table(real), table(fake), table(unseen), SCHEMA))
    return {one.name: one for one in found}


def test_fresh_texts_hold_no_runs() -> None:
    found = measured(texts(100, 1), texts(100, 2), texts(100, 3))["text_copies"]
    assert found.value == found.floor == 0


@pytest.mark.parametrize("words", [20, 6])
def test_copies_are_found_whole_or_in_part(words: int) -> None:
    real = texts(100, 1, words)
    fake = [f"new {text} words" if words > 12 else text for text in real[:40]] + texts(60, 2, words)
    assert measured(real, fake, texts(100, 3, words))["text_copies"].value == 40


def test_what_many_rows_hold_is_no_copy() -> None:
    shared = texts(1, 9)[0]
    real = [*texts(95, 1), *[shared] * 5]
    assert measured(real, [shared] * 60, texts(100, 3))["text_copies"].value == 0


def test_copied_texts_forbid_release() -> None:
    real = table(texts(300, 1))
    verdict = evaluate(real, real, holdout=table(texts(300, 2)), schema=SCHEMA).verdicts["private"]
    assert verdict.verdict == "do not release"


def test_too_few_texts_are_not_measured() -> None:
    assert measured(texts(20, 1), texts(20, 2), texts(20, 3)) == {}
