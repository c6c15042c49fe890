"""What families of neural networks share: training on the one loop, and weights as plain arrays.

Nothing here imports torch before it is needed, so that the families can be listed without it.
"""

import hashlib
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.core.errors import ArtifactError, ConfigError, OutputError
from reverie.models.base import Budget, OnProgress, Progress
from reverie.schema.blocks import Category, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from reverie.nn.task import Task
    from reverie.nn.train import History

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


@contextmanager
def seeded(rng: np.random.Generator) -> "Iterator[int]":
    """Weights made inside are drawn from `rng` alone; gives a seed for training."""
    import torch

    first, second = (int(seed) for seed in rng.integers(2**31, size=2))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(first)
        yield second


def arrays_of(module: "nn.Module", prefix: str = "net.") -> dict[str, np.ndarray]:
    """All weights and buffers by name."""
    found = module.state_dict().items()
    return {prefix + name: weight.detach().cpu().numpy() for name, weight in found}


def load_arrays(module: "nn.Module", arrays: Mapping[str, np.ndarray], prefix: str = "net.") -> None:
    """Put back what `arrays_of` gave, for evaluation. Raises ArtifactError if it is of another network."""
    import torch

    state = {}
    for name, weight in module.state_dict().items():
        array = np.asarray(arrays.get(prefix + name, np.zeros(0)))
        if array.shape != tuple(weight.shape) or not np.isfinite(array).all():
            raise ArtifactError("is not a model of this family", where="model", fix="Fit it again")
        state[name] = torch.from_numpy(np.array(array)).to(weight.dtype)
    module.load_state_dict(state)
    module.eval()
