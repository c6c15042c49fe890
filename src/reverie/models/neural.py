"""What families of neural networks share: training on the one loop, and weights as plain arrays.

Nothing here imports torch before it is needed, so that the families can be listed without it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.core.errors import ConfigError, OutputError
from reverie.models.base import Budget, OnProgress, Progress
from reverie.nn.weights import arrays_of, load_arrays, seeded
from reverie.schema.blocks import Category, Spec

if TYPE_CHECKING:
    from reverie.nn.task import Task
    from reverie.nn.train import History

__all__ = ["arrays_of", "forget", "load_arrays", "require", "seconds", "seeded", "train"]
REQUIRES = ("torch", "lightning_fabric")
SUFFIX = ".checkpoint"


FIXED = 5e-3
"""Seconds of a step of training that do not depend on the table."""


def seconds(
    specs: tuple[Spec, ...], rows: int, budget: Budget, *, epochs: float, least: int, most: int, unit: float
) -> float:
    """About what training takes on a plain processor: `epochs` in batches of 512, `least` to `most` steps.

    A step takes `unit` seconds for each code of a Category, and as much as 80 codes for a number.
    """
    codes = sum(spec.k if isinstance(spec, Category) else 80 for spec in specs)
    steps = min(max(epochs * rows / 512, least), most)
    return steps * (FIXED + unit * codes / budget.threads**0.5)


def require(family: str) -> None:
    """Raise ConfigError, with what to install, if torch is not there."""
    try:
        import lightning_fabric  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        fix = "pip install 'reverie[neural]', or --model trees"
        raise ConfigError(f"{family} needs PyTorch", where="--model", fix=fix) from None


def train(
    task: "Task",
    arrays: Mapping[str, np.ndarray],
    weights: np.ndarray | None,
    training: Mapping[str, Any],
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress,
) -> "History":
    """Train the task in place on `arrays` (rows, ...); `training` are fields of `nn.train.Training`."""
    from reverie.nn.rows import Rows
    from reverie.nn.train import Training
    from reverie.nn.train import train as run

    def tell(epoch: Any) -> None:
        on_progress(Progress(f"training, held-out loss {epoch.held_out:.3f}", epoch.done, 1.0))

    return run(
        task, Rows(arrays, weights), Training(**training), seed=seed, seconds=budget.seconds,
        device=budget.device, threads=budget.threads, on_epoch=tell,
        checkpoint=budget.checkpoint and _place(budget.checkpoint, type(task).__name__, seed, training),
    )  # fmt: skip


def _place(folder: Path, *told: Any) -> Path:
    """A file in the folder for a training of these settings. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fix = "Choose another folder"
        raise OutputError(f"cannot be made: {error.strerror}", where=str(folder), fix=fix) from None
    return folder / (hashlib.sha256(repr(told).encode()).hexdigest()[:16] + SUFFIX)


def forget(folder: Path) -> None:
    """Remove the checkpoints in the folder, and the folder if it had nothing else."""
    if folder.is_dir():
        for file in folder.glob(f"*{SUFFIX}*"):
            file.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
