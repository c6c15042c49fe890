"""Large arrays outside of memory: in unnamed temporary files that are mapped, and gone with the last view."""

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from reverie.core.errors import OutputError

LIMIT = 1 << 28
"""Bytes above which an array is kept in a file."""


def roomy(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An array of zeros to be filled. Raises OutputError if the disk has no space for it."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    if size <= LIMIT:
        return np.zeros(shape, kind)
    with tempfile.TemporaryFile(prefix="reverie-") as file, space():
        if hasattr(os, "posix_fallocate"):  # a full disk shows here, not when pages are written
            os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(file, kind, "w+", shape=tuple(shape)).view(np.ndarray)


def moved(array: np.ndarray) -> np.ndarray:
    """The array itself if it is small, or a copy of it that is in a file."""
    if array.nbytes <= LIMIT:
        return array
    held = roomy(array.shape, array.dtype)
    held[...] = array
    return held


@contextmanager
def space() -> Iterator[None]:
    """Turns a full disk into an OutputError."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        fix = "Free some space, or set TMPDIR to a larger disk"
        raise OutputError("no space left for temporary data", where=tempfile.gettempdir(), fix=fix) from None
