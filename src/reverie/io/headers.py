"""Whether the first line of a file, read as names, may be a row of values."""

import itertools
import re

import pyarrow as pa
import pyarrow.types as pt

_NUMBER = re.compile(r"[-(]?(?:[0-9][0-9.,' ]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\)?")
_DATE = re.compile(r"[0-9]{1,4}([-./])[0-9]{1,2}\1[0-9]{2,4}(?:[ T][0-9:., APMZ+-]+)?")
_YEARS = range(1800, 2201)


def doubt_header(table: pa.Table) -> str:
    """What to tell a user whose file seems to have no line of names, "" if it seems to have one.

    It seems to have none if all names are numbers or dates, or if above each column of numbers or dates, of
    which there are some, stands another one. Years and counted columns are names.
    """
    labels = [_label(name) for name in table.column_names]
    kinds = [_kind(field.type) for field in table.schema]
    numbers = [name for name, label in zip(table.column_names, labels, strict=True) if label == "number"]
    pairs = [(label, kind) for label, kind in zip(labels, kinds, strict=True) if kind]
    alike = bool(pairs) and all(label == kind for label, kind in pairs)
    if not (all(labels) or alike) or (numbers and _are_counted(numbers)):
        return ""
    return (
        "the first line was read as column names, though it looks like a row of values: "
        "if it is one, put a line of names above it"
    )


def _label(name: str) -> str:
    return "date" if _DATE.fullmatch(name.strip()) else "number" if _NUMBER.fullmatch(name.strip()) else ""


def _kind(kind: pa.DataType) -> str:
    number = pt.is_integer(kind) or pt.is_floating(kind)
    return "number" if number else "date" if pt.is_date(kind) or pt.is_timestamp(kind) else ""


def _are_counted(names: list[str]) -> bool:
    """Whether all names are years, or whole numbers that go up by one."""
    if not all(name.strip().isdecimal() for name in names):
        return False
    numbers = [int(name) for name in names]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return steps == {1} or all(number in _YEARS for number in numbers)
