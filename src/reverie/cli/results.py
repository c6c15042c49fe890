"""Rows that commands write: into a file, or with their media into a folder that has a page to see them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reverie.cli import options

if TYPE_CHECKING:
    import pyarrow as pa

    from reverie.synthesizer import Synthesizer


def write(output: str, parts: Iterator["pa.Table"], *, folder: bool) -> int:
    """Write the tables one after another; the number of rows."""
    return _write_folder(output, parts) if folder else write_file(output, parts)


def opened(model: str, output: str, data: str | None) -> tuple["Synthesizer", bool]:
    """The model, and whether its rows go into a folder. Raises OutputError before any work if they cannot."""
    from reverie.io import catalogues
    from reverie.io.writing import SUFFIXES
    from reverie.synthesizer import load

    folder = catalogues.is_folder(output)
    options.check_places((model, data), *([] if folder else [(output, SUFFIXES)]))
    synthesizer = load(model)
    check(synthesizer, output, folder=folder)
    return synthesizer, folder


def check(synthesizer: "Synthesizer", output: str, *, folder: bool) -> None:
    """Raise OutputError before any work if the rows cannot be written there, a folder or a file."""
    from reverie.codecs.base import modalities
    from reverie.core.errors import OutputError
    from reverie.io import catalogues
    from reverie.io.writing import SUFFIXES

    media = "grid" in modalities(synthesizer.schema_.columns)
    if folder and not media:
        options.check_places((), (output, SUFFIXES))
    if media and not folder and not output.endswith(".parquet"):
        fix = "Give a folder, such as 'new/', or a .parquet file"
        raise OutputError("cannot hold the pictures or sounds of these rows", where=output, fix=fix)
    if folder:
        catalogues.check_folder(output)


def _write_folder(output: str, parts: Iterator["pa.Table"]) -> int:
    """Write rows and media into a folder, with a page that shows them."""
    from pathlib import Path

    import pyarrow as pa

    from reverie.io import catalogues
    from reverie.reports.gallery import MOST, gallery

    seen: list[pa.Table] = []
    total = 0

    def kept() -> Iterator[pa.Table]:
        nonlocal total
        for part in parts:
            if total < MOST:
                seen.append(part.slice(0, MOST - total))
            total += part.num_rows
            yield part

    def finish(folder: Path) -> None:
        (folder / "gallery.html").write_text(gallery(pa.concat_tables(seen), total), "utf-8")

    return catalogues.write(output, kept(), finish)


def write_file(output: str, parts: Iterator["pa.Table"]) -> int:
    """Write the tables one after another; nothing is written if the first cannot be made. The number of
    rows.
    """
    from reverie.io.writing import writer

    first = next(parts)
    with writer(output, first.schema) as sink:
        sink.write(first)
        for part in parts:
            sink.write(part)
    return sink.rows
