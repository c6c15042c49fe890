"""What is written after the options: numbers of rows, times, tables, places to write to."""

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from reverie.core.errors import ConfigError

if TYPE_CHECKING:
    from reverie.core.dataset import Dataset

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_count(text: str, option: str = "-n") -> int:
    """A number of rows: 1000000, 1_000_000, 1,000,000 or 1e6. Raises ConfigError unless it is whole and at
    least 1.

    >>> parse_count("1e6")
    1000000
    """
    try:
        value = float(text.replace("_", "").replace(",", ""))
    except ValueError:
        value = float("nan")
    if not (1 <= value < 2**53 and value.is_integer()):
        fix = "Give a whole number of at least 1, such as 1000000 or 1e6"
        raise ConfigError(f"'{text[:40]}' is no number of rows", where=option, fix=fix)
    return int(value)


def parse_seconds(text: str, option: str = "--budget") -> float:
    """A time: 90, 90s, 5m or 1h. Raises ConfigError.

    >>> parse_seconds("5m")
    300.0
    """
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(s|m|min|h|)\s*", text.lower())
    if not found or float(found[1]) <= 0:
        raise ConfigError(f"'{text[:40]}' is no time", where=option, fix="Write for example 60s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def count_rows(rows: str | None, scale: float | None, learned: int) -> int:
    """How many rows to make: `rows`, or `scale` times those learned from, or as many. Raises ConfigError."""
    if rows is not None and scale is not None:
        raise ConfigError("given together with --scale", where="-n", fix="Give one of the two")
    if rows is not None:
        return parse_count(rows)
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
    return Dataset({table: found.tables[table]}, found.source, found.notes)


def check_place(path: str) -> None:
    """Find out before a long step that its result could not be written. Raises OutputError."""
    from reverie.io.outputs import replacing

    with suppress(_Leave), replacing(path):
        raise _Leave


class _Leave(BaseException):
    """Leaves a file unwritten."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
