"""Folders of rows with media: an index.csv and a file for each of them; all of it appears, or nothing."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.types as pt

from reverie.core.errors import OutputError
from reverie.io import sounds
from reverie.io.outputs import writing
from reverie.io.writing import writer

INDEX = "index.csv"
PICTURE, SOUND = ".png", ".wav"
"""Suffixes of the files that are written."""
DIGITS = 6
"""Digits of a file's number."""


def is_folder(place: str) -> bool:
    """Whether a place to write to can be meant as a folder: it ends in a slash, is one, or no suffix says a
    format.
    """
    if place == "-" or place.startswith("/dev/"):
        return False
    return place.endswith(("/", os.sep)) or not Path(place).suffix or Path(place).expanduser().is_dir()


def media_columns(schema: pa.Schema) -> list[str]:
    """The columns whose cells are files of their own."""
    return [field.name for field in schema if pt.is_binary(field.type)]


def check_folder(place: str) -> None:
    """Raise OutputError if a folder of results cannot be written there."""
    folder = Path(place).expanduser()
    with writing(place):
        if folder.is_file():
            raise OutputError("is a file", where=place, fix="Name a folder")
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputError("is not empty", where=place, fix="Remove it, or choose another folder")
        if not folder.parent.is_dir():
            raise OutputError("the folder does not exist", where=str(folder.parent), fix="Create it first")


def write(place: str, parts: Iterator[pa.Table], finish: Callable[[Path], None] = lambda _: None) -> int:
    """Write rows with their media into a new folder; how many rows. `finish` may add to the folder.

    Raises OutputError.
    """
    check_folder(place)
    first = next(parts)
    media = media_columns(first.schema)
    index = pa.schema([(f.name, pa.string() if f.name in media else f.type) for f in first.schema])
    with _replacing(place) as folder, writing(place):
        places = _safe(media)
        for inner in places.values():
            (folder / inner).mkdir()
        with writer(folder / INDEX, index) as sink:
            for part in chain([first], parts):
                sink.write(_filed(part, places, folder, sink.rows))
        finish(folder)
    return sink.rows


def _filed(part: pa.Table, places: Mapping[str, str], folder: Path, offset: int) -> pa.Table:
    """The rows with the paths of their media, which are written; `places` are the columns' folders."""
    for name, inner in places.items():
        paths: list[str | None] = []
        for row, cell in enumerate(part.column(name).to_pylist(), offset + 1):
            if cell is None:
                paths.append(None)
                continue
            paths.append(f"{inner}/{row:0{DIGITS}}{SOUND if sounds.is_sound(cell) else PICTURE}")
            (folder / str(paths[-1])).write_bytes(cell)
        place = part.column_names.index(name)
        part = part.set_column(place, name, pa.array(paths, pa.string()))
    return part


def _safe(names: list[str]) -> dict[str, str]:
    """Names of folders for columns of any names, no two alike.

    >>> _safe(["a b", "a_b"])
    {'a b': 'a_b', 'a_b': 'a_b_2'}
    """
    found: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:80] or "_"
        found[name] = f"{plain}_{place}" if plain in found.values() else plain
    return found


@contextmanager
def _replacing(place: str) -> Iterator[Path]:
    """A hidden folder that takes its place when the block ends well."""
    target = Path(place).expanduser().resolve()
    part = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")
    with writing(place):
        part.mkdir()
    try:
        yield part
        with writing(place):
            with suppress(FileNotFoundError):
                target.rmdir()
            part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
