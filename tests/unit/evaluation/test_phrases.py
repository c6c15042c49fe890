"""Words, runs of them, and which columns are texts."""

import pyarrow as pa

from reverie.evaluation.base import Comparison
from reverie.evaluation.phrases import counted, runs_of, text_columns, texts_of, words_of
from reverie.schema.types import Column, Table

KINDS = ("text", "prose", "category")
SCHEMA = Table(
    name="t",
    columns=(
        Column(name="a", type="text"),
        Column(name="b", type="prose"),
        Column(name="c", type="category"),
    ),
)
TABLE = pa.table({"a": ["One two.", None, "", "ß und Ü"], "b": ["x"] * 4, "c": ["y"] * 4})


def test_words_are_small_letters_and_signs_of_any_language() -> None:
    assert words_of("Don't — СТОЙ, 12!") == ["don't", "—", "стой", ",", "12", "!"]
    assert words_of("  ") == []


def test_runs_are_counted_once_a_text() -> None:
    assert list(runs_of(["a"], 2)) == []
    found = counted([["a", "b", "a", "b"], ["a", "b"]], 2)
    assert found == {("a", "b"): 2, ("b", "a"): 1}


def test_texts_are_those_with_words() -> None:
    comparison = Comparison(TABLE, TABLE, None, SCHEMA)
    assert text_columns(comparison.schema) == ["a", "b"]
    assert texts_of(comparison, TABLE, "a") == {0: ["one", "two", "."], 3: ["ß", "und", "ü"]}
