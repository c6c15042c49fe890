"""Weights of networks as plain arrays, and networks whose first weights a seed decides.

Nothing here imports torch before it is needed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from reverie.core.errors import ArtifactError

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[int]:
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
            raise ArtifactError("holds weights of another network", where="model", fix="Fit it again")
        state[name] = torch.from_numpy(np.array(array)).to(weight.dtype)
    module.load_state_dict(state)
    module.eval()
