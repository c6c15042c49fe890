"""A plain text, such as a book or a log, as a table of its passages: one column, `text`."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from reverie.core.errors import DataError
from reverie.io.sniff import Dialect, guess_wide_encoding, is_table, survey
from reverie.io.sources import Source

COLUMN = "text"
SUFFIX = ".txt"
WORDS = 60
"""Words of a passage where a text has no paragraphs, or a paragraph is longer than two such."""
LEAST_WORDS, LEAST_PARTED = 3.0, 2.0
"""Words of a line on average, from which on lines are writing, and those where blank lines part them."""
_HEAD = 1 << 18
_BREAK = re.compile(r"\n[ \t]*\n\s*")


def is_writing(source: Source) -> bool:
    """Whether a file called .txt is a text and no table: its lines are of words, and no delimiter parts them
    alike.
    """
    plain = source.path.with_suffix("") if source.packing else source.path
    if plain.suffix.lower() != SUFFIX:
        return False
    head = source.head(_HEAD)
    try:
        text = head.decode(guess_wide_encoding(head), "replace")
    except UnicodeError:
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or is_table(text):
        return False
    least = LEAST_PARTED if _BREAK.search(text.replace("\r", "").strip()) else LEAST_WORDS
    return sum(len(line.split()) for line in lines) >= least * len(lines)


def read(source: Source) -> tuple[pa.Table, tuple[str, ...]]:
    """The passages of a text, and notes. Raises DataError if it is no text."""
    try:
        encoding = guess_wide_encoding(source.head(_HEAD))
        encoding = survey(source, encoding, Dialect()).encoding
        with source.open(encoding) as stream:
            text = stream.read().decode("utf-8-sig")
    except UnicodeError:
        raise DataError("is damaged text", where=source.where, fix="Save it as UTF-8") from None
    found = list(_passages(text.replace("\r\n", "\n").replace("\r", "\n")))
    notes = [f"a text in {len(found):,} passage{'s' * (len(found) != 1)}"]
    notes += [f"read as {encoding}, as it is not UTF-8"] if encoding != "utf-8" else []
    return pa.table({COLUMN: _strings(found)}), tuple(notes)


def _passages(text: str) -> Iterator[str]:
    """Paragraphs, which blank lines part, and pieces of the long ones."""
    for paragraph in _BREAK.split(text):
        paragraph = paragraph.strip("\n").rstrip()
        if len(paragraph.split()) <= 2 * WORDS:
            if paragraph.strip():
                yield paragraph
            continue
        yield from _pieces(paragraph)


def _pieces(paragraph: str) -> Iterator[str]:
    """About so many words each, on whole lines where these are not longer."""
    held: list[str] = []
    count = 0
    for part, words in _parts(paragraph):
        held.append(part)
        count += words
        if count >= WORDS:
            yield "".join(held).strip()
            held, count = [], 0
    if "".join(held).strip():
        yield "".join(held).strip()


def _parts(paragraph: str) -> Iterator[tuple[str, int]]:
    """Lines, or words of lines that are too long, with what ends them, and the number of words."""
    for line in paragraph.splitlines(keepends=True):
        words = len(line.split())
        if words <= 2 * WORDS:
            yield line, words
        else:
            yield from ((word, 1) for word in re.findall(r"\s*\S+", line))
            yield "\n", 0


def _strings(texts: list[str]) -> pa.Array:
    """An Arrow array, made without pandas."""
    spelled = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, spelled)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(spelled)))
