"""Networks that others trained, in a folder or on the Hugging Face hub: what all kinds of them share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoCheckpointError(ValueError):
    """There is no network that can be used, and why."""


@dataclass(frozen=True)
class Limits:
    """The largest number in a stored config, the most layers, and the most items of a list."""

    number: int
    layers: int
    items: int

    def allow(self, name: str, value: Any) -> bool:
        """Whether a part of a stored config is of a sane size."""
        if isinstance(value, list | tuple):
            return len(value) <= self.items and all(self.allow(name, one) for one in value)
        most = self.layers if "layer" in name or name.startswith("num_") else self.number
        return not isinstance(value, int | float) or -most <= value <= most


def is_folder(source: str) -> bool:
    """Whether a source is a folder here, and not a name on the hub. Raises NoCheckpointError if neither."""
    here = Path(source).is_dir()
    if not here and Path(source).is_absolute():
        raise NoCheckpointError("there is no such folder")
    return here


def unusable(error: Exception) -> NoCheckpointError:
    """What an error of a library says, in one line."""
    return NoCheckpointError(" ".join(str(error).strip().split("\n")[0].split()))
