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


def is_large(shape: Sequence[int], dtype: Any) -> bool:
    """Whether an array of that shape should be kept in a file."""
    return int(np.prod(shape)) * np.dtype(dtype).itemsize > LIMIT


def roomy(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An array of zeros to be filled. Raises OutputError if the disk has no space for it."""
    return mapped(shape, dtype) if is_large(shape, dtype) else np.zeros(shape, dtype)


def mapped(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An array of zeros in a file. Raises OutputError if the disk has no space for it."""
    if not np.prod(shape):
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile(prefix="reverie-") as file, space():
        if hasattr(os, "posix_fallocate"):  # a full disk shows here, not when pages are written
            os.posix_fallocate(file.fileno(), 0, int(np.prod(shape)) * np.dtype(dtype).itemsize)
        return np.memmap(file, dtype, "w+", shape=tuple(shape)).view(np.ndarray)


def moved(array: np.ndarray) -> np.ndarray:
    """A copy that is in a file. Raises OutputError if the disk has no space for it."""
    held = mapped(array.shape, array.dtype)
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
