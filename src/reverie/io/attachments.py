"""Media in tables: paths to pictures or sounds become what the files hold, and bytes are checked to be some.

Once this is done a column of media is binary, each cell a picture (or each a sound) that can be opened, or
null. What cannot be used is counted, named and left out. Files are read from the folder of the table alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from reverie.core.errors import DataError
from reverie.io import pictures, sounds
from reverie.io.pictures import UnreadableError

LOOKED_AT = 200
"""Cells that tell whether a column is of paths, or of media."""
MOSTLY = 0.8
"""Share of them that must be."""
MOST_LOST = 0.2
"""Share of a column's media that may be unusable."""
LARGEST = 256
"""Pixels on the longer side that are kept of a picture."""
LONGEST, FINEST = 10.0, 16_000
"""Seconds that are kept of a sound, and samples of each."""
PIECE = 1_000
"""Rows of a piece of a column, which may hold 2 GB at most."""
NAMED = 3
"""Files that are named of each kind of trouble."""


@dataclass(frozen=True)
class Attached:
    """A table with its media in place; `notes` of what could not be used, and a few of these `named`."""

    table: pa.Table
    notes: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of media: what it is called, and the suffixes of its files; whether bytes begin as one does;
    and its file as it is kept, which raises UnreadableError.
    """

    name: str
    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    kept: Callable[[bytes], bytes]


def attach(table: pa.Table, base: Path | None, where: str) -> Attached:
    """Put media in the place of paths, and check those that are there.

    Paths are relative to the folder `base`; without one no column is of paths. Raises DataError if a column
    holds bytes that are no media, or too many cells of one cannot be used.
    """
    notes: list[str] = []
    named: list[str] = []
    for place, name in enumerate(table.column_names):
        values = table.column(name)
        if pt.is_binary(values.type):
            kind = _kind_of_bytes(values, name, where)
            cells = ((f"row {row:,}", cell) for row, cell in enumerate(_cells(values), 1))
            found, lost = _read(cells, kind.kept)
        elif base is None or not (some := _names(values)):
            continue
        else:
            kind = _most(some, lambda kind, path: path.lower().endswith(kind.suffixes))
            if not any(_place(base, path) for path in some):
                notes.append(f"{where}.{name}: names {kind.name} that are not there, and is read as text")
                continue
            found, lost = _read(
                ((cell.as_py(),) * 2 for cell in values), partial(_of_path, kind=kind, base=base)
            )
        if lost:
            count = len(values) - values.null_count
            notes.append(_judged(lost, count, kind.name, f"{where}.{name}"))
            named += [_told(what, names, named=True) for what, names in _sorted(lost)]
        table = table.set_column(place, pa.field(name, pa.binary()), found)
    return Attached(table, tuple(notes), tuple(named))


def _names(values: pa.ChunkedArray) -> list[str]:
    """Some of the cells, if these are names of media."""
    looked = _some(values) if pt.is_string(values.type) else []
    suffixes = tuple(suffix for kind in KINDS for suffix in kind.suffixes)
    found = [cell for cell in looked if cell.lower().endswith(suffixes)]
    return found if len(found) >= MOSTLY * len(looked) else []


def _some(values: pa.ChunkedArray) -> list:
    if values.null_count > len(values) // 2:
        values = values.drop_null()
    count = min(len(values), LOOKED_AT)
    cells = (values[place * len(values) // count].as_py() for place in range(count))
    return [cell for cell in cells if cell is not None]


def _cells(values: pa.ChunkedArray) -> Iterator[bytes | None]:
    return (cell.as_py() for chunk in values.chunks for cell in chunk)


def _kind_of_bytes(values: pa.ChunkedArray, name: str, where: str) -> Kind:
    looked = _some(values)
    if sum(kind_of(cell) is not None for cell in looked) < MOSTLY * len(looked) or not looked:
        what = f"column '{name}' holds bytes that are no text, and no pictures or sounds"
        raise DataError(what, where=where, fix="Remove the column, or keep its content in files")
    return _most(looked, lambda kind, cell: kind.begins(cell))


def _most(cells: list, belongs: Callable[[Kind, Any], bool]) -> Kind:
    """The kind of most cells."""
    return max(KINDS, key=lambda kind: sum(belongs(kind, cell) for cell in cells))


def _place(base: Path, path: str) -> Path | None:
    """Where a file is, if it is there and in the folder."""
    try:
        found = (base / path).resolve()
        return found if found.is_relative_to(base.resolve()) and found.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a loop of links is a RuntimeError before Python 3.13
        return None


def _content(base: Path, path: str) -> bytes:
    found = _place(base, path)
    if found is None:
        inside = not Path(path).is_absolute() and ".." not in Path(path).parts
        raise UnreadableError("not there" if inside else "outside of the folder")
    return pictures.file_of(found)


def _of_path(path: str, kind: Kind, base: Path) -> bytes:
    return kind.kept(_content(base, path))


def _picture(content: bytes) -> bytes:
    """Pixels alone, at most so many a side."""
    return pictures.write(pictures.fitted(pictures.read(content), LARGEST))


def _sound(content: bytes) -> bytes:
    """Samples alone, at most so many a second, of so many seconds."""
    waveform, rate = sounds.read(content, LONGEST)
    kept = min(rate, FINEST)
    return sounds.write(sounds.at_rate(waveform, rate, kept), kept)


KINDS = (
    Kind("pictures", pictures.SUFFIXES, pictures.is_picture, _picture),
    Kind("sounds", sounds.SUFFIXES, sounds.is_sound, _sound),
)


def kind_of(content: bytes) -> Kind | None:
    """The kind that bytes begin as, None if they are no media."""
    return next((kind for kind in KINDS if kind.begins(content)), None)


def _read(
    cells: Iterator[tuple[str, bytes | str | None]], read: Callable[..., bytes]
) -> tuple[pa.ChunkedArray, dict[str, list[str]]]:
    """What can be read of named cells, null elsewhere, and the names of the others by what is wrong."""
    found: list[bytes | None] = []
    lost: dict[str, list[str]] = defaultdict(list)
    for name, cell in cells:
        try:
            found.append(None if cell is None else read(cell))
        except UnreadableError as error:
            found.append(None)
            lost[str(error)].append(name)
    pieces = [pa.array(found[start : start + PIECE], pa.binary()) for start in range(0, len(found), PIECE)]
    return pa.chunked_array(pieces, pa.binary()), lost


def _judged(lost: dict[str, list[str]], count: int, media: str, where: str) -> str:
    """What should be known of media that cannot be used. Raises DataError if they are too many."""
    total = sum(map(len, lost.values()))
    if total > MOST_LOST * count:
        told = "; ".join(_told(what, names, named=True) for what, names in _sorted(lost))
        what = f"{total:,} of {count:,} {media} cannot be used: {told}"
        raise DataError(what, where=where, fix="Mend or remove these files, or drop the column")
    told = "; ".join(_told(what, names, named=False) for what, names in _sorted(lost))
    return f"{where}: {total:,} of {count:,} {media} cannot be used and count as missing: {told}"


def _sorted(lost: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """The most frequent trouble first."""
    return sorted(lost.items(), key=lambda item: -len(item[1]))


def _told(what: str, names: list[str], *, named: bool) -> str:
    """
    >>> _told("empty", ["a.png", "b.png"], named=True)
    '2 are empty (a.png, b.png)'
    """
    listed = ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
    found = f"{len(names):,} {'is' if len(names) == 1 else 'are'} {what}"
    return f"{found} ({listed})" if named else found
