"""Data however a caller gives it: a path, a frame, or a dataset that was read before."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reverie.core.dataset import Dataset
from reverie.io.files import read
from reverie.io.frames import read_frame


def dataset(data: Any) -> Dataset:
    """The tables of `data`. Raises DataError if it cannot be read."""
    if isinstance(data, Dataset):
        return data
    return read(data) if isinstance(data, str | Path) else read_frame(data)


def named(sources: Mapping[str, Any]) -> dict[str, str]:
    """Those of the sources that are paths, as text, by their roles."""
    return {role: str(data) for role, data in sources.items() if isinstance(data, str | Path)}
