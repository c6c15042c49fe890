"""The table that comes with Reverie: two halves of UCI Adult, to try everything on (see SOURCE.md)."""

from importlib.resources import files
from pathlib import Path

TARGET = "income"


def train_path() -> Path:
    """The half to learn from: 24,421 rows, 15 columns."""
    return _path("adult_train.parquet")


def holdout_path() -> Path:
    """The half that no model has seen, to judge with: 24,421 rows, 15 columns."""
    return _path("adult_holdout.parquet")


def _path(name: str) -> Path:
    return Path(str(files(__name__).joinpath(name)))
