"""Weights of networks as arrays."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError
from reverie.nn import weights


def test_weights_come_back() -> None:
    net, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    weights.load_arrays(other, weights.arrays_of(net))
    assert torch.equal(net.weight, other.weight)
    assert not other.training


@pytest.mark.parametrize(
    "change",
    [{"net.bias": np.zeros(3)}, {"net.bias": np.full(2, np.nan)}, {"net.bias": np.zeros((2, 1))}],
    ids=["size", "not finite", "shape"],
)
def test_weights_of_another_network_are_refused(change: dict[str, np.ndarray]) -> None:
    arrays = weights.arrays_of(torch.nn.Linear(3, 2))
    with pytest.raises(ArtifactError):
        weights.load_arrays(torch.nn.Linear(3, 2), arrays | change)
    with pytest.raises(ArtifactError):
        weights.load_arrays(torch.nn.Linear(3, 2), {"net.weight": arrays["net.weight"]})


def test_weights_are_of_the_generator_alone() -> None:
    def made() -> torch.Tensor:
        with weights.seeded(np.random.default_rng(3)):
            return torch.nn.Linear(2, 2).weight

    first = made()
    torch.rand(5)
    state = torch.get_rng_state()
    assert torch.equal(first, made())
    assert torch.equal(state, torch.get_rng_state())


def test_torch_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, reverie.nn.weights; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
