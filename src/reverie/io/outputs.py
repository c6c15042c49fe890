"""Where bytes go: a file appears whole or not at all."""

import errno
import os
import secrets
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from reverie.core.errors import OutputError, PipeError


@contextmanager
def replacing(path: str | Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """A stream for the new content of `path`, which takes its place when the block ends well.

    Until then it is a hidden file beside it, removed on any error or interrupt. '-' is the standard output;
    that, and devices and pipes, are written at once. Raises OutputError at the start if the place is not
    writable.
    """
    target = Path(os.path.realpath(Path(path).expanduser()))
    if str(path) == "-":
        with writing("standard output"):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
    elif _is_special(target, str(path)):
        with writing(str(path)), target.open("wb") as sink:
            yield sink
    else:
        yield from _replace(target, str(path), overwrite)


def remove_unfinished() -> None:
    """Remove what a signal left, between two instructions that belong together, of files under way."""
    for part in _UNFINISHED:
        with suppress(OSError):
            part.unlink(missing_ok=True)


_UNFINISHED: set[Path] = set()
"""Hidden files that may be there."""


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Turn what the system says of a failed write into one clear line."""
    try:
        yield
    except OSError as error:
        raise explain(error, where) from None


def explain(error: OSError, where: str) -> OutputError:
    """The OutputError that tells a user what `error` means."""
    what, fix = _MEANINGS.get(error.errno or 0, ("cannot be written", "Check the path and the disk"))
    kind = PipeError if error.errno == errno.EPIPE else OutputError
    return kind(what, where=where, fix=fix)


def check_suffix(where: str, suffixes: Collection[str]) -> None:
    """Raise OutputError unless the path ends in one of `suffixes`; '-' and devices need none."""
    suffix = Path(where).suffix.lower()
    if suffix not in suffixes and where != "-" and not where.startswith("/dev/"):
        what = f"unsupported suffix '{suffix}'" if suffix else "no suffix says the format"
        fix = f"Use one of: {', '.join(suffixes)}" if len(suffixes) > 1 else f"Use {', '.join(suffixes)}"
        raise OutputError(what, where=where, fix=fix)


_MEANINGS = {
    errno.ENOSPC: ("no space left on the disk", "Free some space, or choose another disk"),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, or choose another disk"),
    errno.EFBIG: ("the file grew larger than the system allows", "Write to another disk, or fewer rows"),
    errno.EACCES: ("may not be written", "Check the permissions of the folder"),
    errno.EPERM: ("may not be written", "Check the permissions of the folder"),
    errno.EROFS: ("the disk is read-only", "Choose another disk"),
    errno.ENOENT: ("the folder does not exist", "Create it first, or choose another"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Correct the path"),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one"),
    errno.EPIPE: ("the program that reads the output has ended", "Nothing more is written"),
}


def _is_special(target: Path, where: str) -> bool:
    """Whether the path is a device or a pipe, which must not be replaced by a file."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explain(error, where) from None
    if stat.S_ISDIR(mode):
        raise OutputError("is a folder", where=where, fix="Name a file in it")
    return not stat.S_ISREG(mode)


def _replace(target: Path, where: str, overwrite: bool) -> Iterator[BinaryIO]:
    if not overwrite and target.exists():
        raise OutputError("exists already", where=where, fix="Remove it, or choose another name")
    part = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")
    _UNFINISHED.add(part)
    with writing(where):
        sink = part.open("xb")
    try:
        yield sink
        with writing(where):
            sink.close()
            part.replace(target)
    except BaseException:
        with suppress(Exception):
            sink.close()
        part.unlink(missing_ok=True)
        _UNFINISHED.discard(part)  # not if that was interrupted
        raise
    _UNFINISHED.discard(part)
