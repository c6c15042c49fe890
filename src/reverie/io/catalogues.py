"""Folders of rows with media: an index.csv and a file for each picture; all of it appears, or nothing."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.types as pt

from reverie.core.errors import OutputError
from reverie.io.outputs import writing
from reverie.io.writing import writer

INDEX = "index.csv"
SUFFIX = ".png"
DIGITS = 6
"""Digits of a file's number."""


def is_folder(place: str) -> bool:
    """Whether a place to write to can be meant as a folder: it is one, or no suffix says a format."""
    if place == "-" or place.startswith("/dev/"):
        return False
    return not Path(place).suffix or Path(place).expanduser().is_dir()


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
        for name in media:
            (folder / _safe(name)).mkdir()
        with writer(folder / INDEX, index) as sink:
            for part in _chain(first, parts):
                sink.write(_filed(part, media, folder, sink.rows))
        finish(folder)
    return sink.rows


def _filed(part: pa.Table, media: list[str], folder: Path, offset: int) -> pa.Table:
    """The rows with the paths of their media, which are written."""
    for name in media:
        paths: list[str | None] = []
        for row, cell in enumerate(part.column(name).to_pylist(), offset + 1):
            paths.append(None if cell is None else f"{_safe(name)}/{row:0{DIGITS}}{SUFFIX}")
            if cell is not None:
                (folder / str(paths[-1])).write_bytes(cell)
        place = part.column_names.index(name)
        part = part.set_column(place, name, pa.array(paths, pa.string()))
    return part


def _chain(first: pa.Table, parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from parts


def _safe(name: str) -> str:
    """A name of a folder for a column of any name."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:80] or "_"


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
