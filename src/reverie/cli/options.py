"""What is written after the options: numbers of rows, tables, places to write to."""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from reverie.core.errors import ConfigError, OutputError
from reverie.core.quantities import parse_count

if TYPE_CHECKING:
    from reverie.core.dataset import Dataset


def count_rows(rows: str | None, scale: float | None, learned: int) -> int:
    """How many rows to make: `rows`, or `scale` times those learned from, or as many. Raises ConfigError."""
    if rows is not None and scale is not None:
        raise ConfigError("given together with --scale", where="-n", fix="Give one of the two")
    if rows is not None:
        return parse_count(rows, "-n")
    if scale is None:
        return learned
    if not 0 < scale < 1e12:
        raise ConfigError(f"{scale:g} is no scale", where="--scale", fix="Give a number above 0")
    return max(1, round(scale * learned))


def read_table(data: str, table: str | None) -> "Dataset":
    """The dataset of one table that `data` names; `table` chooses among several, or a sheet of a workbook.

    Raises DataError or ConfigError.
    """
    from reverie.core.dataset import Dataset
    from reverie.io.files import has_sheets, read

    if table is not None and has_sheets(data):
        return read(data, sheet=table)
    found = read(data)
    if table is None and len(found.tables) == 1:
        return found
    names = ", ".join(sorted(found.tables))
    if table is None:
        what = f"holds {len(found.tables)} tables, and several at once cannot be learned yet"
        raise ConfigError(what, where=data, fix=f"Choose one with --table: {names}")
    if table not in found.tables:
        raise ConfigError(f"no table '{table}'", where=data, fix=f"Choose one of: {names}")
    return Dataset({table: found.tables[table]}, found.source, found.notes, found.named)


def check_places(inputs: Iterable[str | None], *outputs: tuple[str | None, Collection[str]]) -> None:
    """Find out before any work that the outputs of a command would not do; those that are None are left out.

    Each comes with the suffixes it may have, where not all will do. Raises OutputError: another suffix, a
    place that cannot be written, one that is written twice, or that is among the `inputs`.
    """
    from reverie.io.outputs import check_suffix
    from reverie.io.sources import files

    read = [str(file) for data in inputs if data is not None for file in files(data)]
    places = [(place, suffixes) for place, suffixes in outputs if place is not None]
    for place, suffixes in places:
        if any(_is_same(place, file) for file in read):
            fix = "Choose another place to write to"
            raise OutputError("is read by this command, so it is not overwritten", where=place, fix=fix)
        if suffixes:
            check_suffix(place, suffixes)
    for (place, _), (other, _) in combinations(places, 2):
        if _is_same(place, other):
            where = "the standard output" if place == "-" else place
            raise OutputError("two results cannot go there", where=where, fix="Write one of them elsewhere")
    for place, _ in places:
        _try(place)


def _is_same(left: str, right: str) -> bool:
    """Whether two paths mean one file; devices and pipes, which nothing replaces, are never the same."""
    if "-" in (left, right):
        return left == right
    one, other = Path(left).expanduser(), Path(right).expanduser()
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _try(path: str) -> None:
    from reverie.io.outputs import replacing

    with suppress(_Leave), replacing(path):
        raise _Leave


class _Leave(BaseException):
    """Leaves a file unwritten."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
