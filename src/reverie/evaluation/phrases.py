"""Words of texts: how they are cut, the runs that they make, and what of that is compared."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow as pa

from reverie.codecs.base import codec_for
from reverie.evaluation.base import Comparison
from reverie.schema.types import Table

MOST = 5_000
"""Texts of each table that are looked at."""
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


def words_of(text: str) -> list[str]:
    """Words and signs of a text, in small letters.

    >>> words_of("It's fine, really!")
    ["it's", 'fine', ',', 'really', '!']
    """
    return _WORD.findall(text.lower())


def places_of(text: str) -> list[tuple[int, int]]:
    """Where the words and signs of a text begin and end.

    >>> places_of("It's fine")
    [(0, 4), (5, 9)]
    """
    return [found.span() for found in _WORD.finditer(text)]


def runs_of(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    """All runs of so many words.

    >>> list(runs_of(["a", "b", "c"], 2))
    [('a', 'b'), ('b', 'c')]
    """
    return (tuple(words[start : start + length]) for start in range(len(words) - length + 1))


def counted(texts: Iterable[list[str]], length: int) -> Counter[tuple[str, ...]]:
    """In how many of the texts each run of so many words stands."""
    found: Counter[tuple[str, ...]] = Counter()
    for words in texts:
        found.update(set(runs_of(words, length)))
    return found


def text_columns(schema: Table) -> list[str]:
    """The columns whose cells are texts."""
    return [column.name for column in schema.columns if codec_for(column).ASKED == "words"]


def texts_of(comparison: Comparison, table: pa.Table, name: str) -> dict[int, list[str]]:
    """Words of at most 5,000 random cells that are no blank, by their row."""
    rng, cells = comparison.generator("texts", name), table.column(name)
    found: dict[int, list[str]] = {}
    for row in rng.permutation(table.num_rows).tolist():
        text = cells[row].as_py()
        if isinstance(text, str) and (words := words_of(text)):
            found[row] = words
        if len(found) == MOST:
            break
    return dict(sorted(found.items()))
