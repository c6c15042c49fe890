"""What delimited text a file is: encoding, delimiter, quoting, and whether its quotes are in order."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from reverie.core.errors import DataError
from reverie.io.sources import BLOCK, Source

DELIMITERS = (",", "\t", ";", "|")
ALIKE = 0.9
"""Share of lines of the same width, from which on a text is a table."""
_NEWLINES = (0x0A, 0x0D)


@dataclass(frozen=True)
class Dialect:
    """How fields are parted; with `escape`, quotes inside a value have a backslash and are not doubled."""

    delimiter: str = ","
    quote: str = '"'
    escape: bool = False


@dataclass(frozen=True)
class Survey:
    """What every byte tells: unpacked size, encoding, whether quotes occur, and whether in good order."""

    size: int
    encoding: str
    quoted: bool
    sound: bool


def guess_wide_encoding(head: bytes) -> str:
    """'utf-16...' where a mark or zeros between letters show it, else 'utf-8', for `survey` to confirm."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[: 1 << 16 : 2].count(0), head[1 : 1 << 16 : 2].count(0)
    size = min(len(head), 1 << 16)
    if odd > size / 8 and even < size / 64:
        return "utf-16-le"
    return "utf-16-be" if even > size / 8 and odd < size / 64 else "utf-8"


def sniff(text: str, suffix: str = "") -> Dialect:
    """The dialect of the start of a file: its delimiter cuts the most rows into one same width."""
    sample = text[: 1 << 18]
    if len(sample) < len(text):
        sample = sample[: sample.rfind("\n") + 1] or sample
    single = '"' not in sample and re.search(r"(?m)(?:^|[,;\t|])'[^'\n]*'(?:[,;\t|\r]|$)", sample)
    quote = "'" if single else '"'
    escape = bool(re.search(r'[^"\\]\\"[^,;\t|\r\n]', sample)) and '""' not in sample
    candidates = ("\t",) if suffix in (".tsv", ".tab") else DELIMITERS
    scores = [_score(sample, Dialect(delimiter, quote, escape)) for delimiter in candidates]
    best = max(range(len(scores)), key=scores.__getitem__)
    if len(candidates) == 1 or scores[best] > (0.0, 0):
        return Dialect(candidates[best], quote, escape)
    # One column: a delimiter that the text does not hold, so that its commas are just commas.
    unused = next((char for char in (*DELIMITERS, "\x1f") if char not in sample), ",")
    return Dialect(unused, quote, escape)


def is_table(text: str) -> bool:
    """Whether a delimiter parts most lines of the start of a file alike."""
    return max(_score(text[: 1 << 18], Dialect(delimiter)) for delimiter in DELIMITERS)[0] >= ALIKE


def _score(sample: str, dialect: Dialect) -> tuple[float, int]:
    """The share of rows of the commonest width, and that width; (0, 0) if the delimiter does not cut."""
    try:
        widths = [len(row) for row in rows(islice(io.StringIO(sample, newline=""), 2000), dialect) if row]
    except csv.Error:
        return (0.0, 0)
    if not widths:
        return (0.0, 0)
    header, body = widths[0], widths[1:]
    width, count = max(Counter(widths).items(), key=lambda item: (item[1], item[0]))
    if header > 1:
        return (count / len(widths), max(width, 2))
    # A header of one field is one column of text, unless the delimiter cuts every other row alike.
    return (0.5, width) if len(body) > 1 and set(body) == {width} and width > 1 else (0.0, 0)


def rows(lines: Iterable[str], dialect: Dialect, *, strict: bool = False):
    """The standard library's reader of this dialect; its `line_num` counts physical lines."""
    return csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=strict,
        doublequote=not dialect.escape, escapechar="\\" if dialect.escape else None,
    )  # fmt: skip


def survey(source: Source, encoding: str, dialect: Dialect) -> Survey:
    """Read every byte once. Raises DataError if the file is no text, or its encoding is broken."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotes = _QuoteWatch(dialect)
    size, line, found, last = 0, 1, encoding, b""
    with source.open(encoding) as stream:
        while block := stream.read(BLOCK):
            if b"\0" in block:
                raise DataError(
                    "holds zero bytes, so it is no text",
                    where=source.where,
                    fix="Give a text file, or the right suffix",
                )
            quotes.watch(block.removeprefix(codecs.BOM_UTF8) if size == 0 else block)
            size += len(block)
            if found == "utf-8" and not _decodes(decoder, block):
                found = _single_byte_encoding(block, source.where, line)
            line += block.count(b"\n")
            last = block
    if found == "utf-8" and not _decodes(decoder, b"", final=True):
        found = _single_byte_encoding(last, source.where, line - last.count(b"\n"))
    quotes.watch(b"\n\n")
    return Survey(size, found, quotes.seen, quotes.sound and not quotes.inside)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _single_byte_encoding(block: bytes, where: str, line: int) -> str:
    """Windows-1252 or Latin-1, unless most of the other letters are good UTF-8: then the file is damaged."""
    text = block.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for char in text if ord(char) > 127) - bad
    if good > bad:
        line += text[: text.index("\ufffd")].count("\n")
        raise DataError(
            f"line {line} holds bytes that are not UTF-8, as the rest is",
            where=where,
            fix="Save the file as UTF-8",
        )
    undefined = any(byte in block for byte in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))
    return "latin-1" if undefined else "cp1252"


class _QuoteWatch:
    """Follows quotes through a file: one that opens stands after a delimiter, one that closes before one."""

    def __init__(self, dialect: Dialect) -> None:
        self.seen, self.sound, self.inside = False, True, False
        self._quote = ord(dialect.quote)
        self._beside = np.zeros(256, bool)
        self._beside[[ord(dialect.delimiter), self._quote, *_NEWLINES]] = True
        self._skip = dialect.escape
        self._held = b"\n"

    def watch(self, block: bytes) -> None:
        """Check the quotes of `block`; its last byte waits for the next block, as what follows it matters."""
        view = np.frombuffer(self._held + block, np.uint8)
        self._held = bytes(view[-2:])
        places = np.flatnonzero(view[1:-1] == self._quote) + 1
        if not len(places):
            return
        self.seen = True
        opening = (np.arange(len(places)) + self.inside) % 2 == 0
        beside = np.where(opening, view[places - 1], view[places + 1])
        self.sound &= self._skip or bool(self._beside[beside].all())
        self.inside ^= bool(len(places) % 2) and not self._skip
