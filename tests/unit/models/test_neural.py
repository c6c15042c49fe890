"""What neural families share, without a family."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models import neural


def test_weights_come_back() -> None:
    net, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    neural.load_arrays(other, neural.arrays_of(net))
    assert torch.equal(net.weight, other.weight)
    assert not other.training


@pytest.mark.parametrize(
    "change",
    [{"net.bias": np.zeros(3)}, {"net.bias": np.full(2, np.nan)}, {"net.bias": np.zeros((2, 1))}],
    ids=["size", "not finite", "shape"],
)
def test_weights_of_another_network_are_refused(change: dict[str, np.ndarray]) -> None:
    arrays = neural.arrays_of(torch.nn.Linear(3, 2))
    with pytest.raises(ArtifactError):
        neural.load_arrays(torch.nn.Linear(3, 2), arrays | change)
    with pytest.raises(ArtifactError):
        neural.load_arrays(torch.nn.Linear(3, 2), {"net.weight": arrays["net.weight"]})


def test_weights_are_of_the_generator_alone() -> None:
    def made() -> torch.Tensor:
        with neural.seeded(np.random.default_rng(3)):
            return torch.nn.Linear(2, 2).weight

    first = made()
    torch.rand(5)
    state = torch.get_rng_state()
    assert torch.equal(first, made())
    assert torch.equal(state, torch.get_rng_state())


def test_without_torch_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    neural.require("vae")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError, match=r"reverie\[neural\]"):
        neural.require("vae")


def test_torch_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, reverie.models.neural; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
