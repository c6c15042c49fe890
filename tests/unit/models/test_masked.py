"""A network in arrays against the network that was trained."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from reverie.models.masked import Masked
from reverie.nn.masked import ABSENT, HIDDEN, MaskedNet

SIZES, WIDTH, ROWS = (5, 1, 12, 3), 16, 40


def network(depth: int) -> MaskedNet:
    """Weights of all kinds, not those that training starts from."""
    torch.manual_seed(depth)
    net = MaskedNet(SIZES, WIDTH, depth, 0.3).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.5 * torch.randn_like(weight))
    return net


def masked(depth: int) -> Masked:
    return Masked.from_arrays(SIZES, network(depth).arrays())


def known(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (ROWS, variables), -1 absent, and which are told."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(-1, size, ROWS) for size in SIZES], axis=1)
    return codes, rng.random(codes.shape) < 0.6


def told(net: Masked, codes: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Sums of what is told, one variable after the other."""
    sums = net.begin(ROWS)
    for variable in range(len(SIZES)):
        rows = np.flatnonzero(where[:, variable])
        some = sums[rows]
        net.tell(some, variable, codes[rows, variable])
        sums[rows] = some
    return sums


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_says_what_the_network_says(depth: int, seed: int) -> None:
    codes, where = known(seed)
    inputs = np.where(where, np.where(codes < 0, ABSENT, codes + 2), HIDDEN)
    with torch.no_grad():
        logits = network(depth)(torch.from_numpy(inputs)).split(list(SIZES), dim=1)
    net = masked(depth)
    refined = net.refine(told(net, codes, where))
    for variable, wanted in enumerate(logits):
        found = net.log_proba(refined, variable)
        assert found == pytest.approx(torch.log_softmax(wanted, dim=1).numpy(), rel=1e-6, abs=1e-5)
        assert found.dtype == np.float32


def test_telling_changes_the_given_sums_only() -> None:
    net = masked(1)
    sums = net.begin(2)
    kept = sums.copy()
    net.refine(sums)
    assert np.array_equal(sums, kept)
    net.tell(sums, 0, np.array([3, -1]))
    assert not np.array_equal(sums, kept)
    assert np.array_equal(net.begin(2), kept)


def test_no_rows() -> None:
    net = masked(1)
    sums = net.begin(0)
    net.tell(sums, 2, np.zeros(0, int))
    assert net.log_proba(net.refine(sums), 2).shape == (0, 12)


def test_large_sums_do_not_overflow() -> None:
    net = masked(1)
    assert np.isfinite(net.refine(net.begin(2) - np.float32(1000))).all()


def test_weights_come_back() -> None:
    net = masked(2)
    again = Masked.from_arrays(SIZES, net.arrays())
    assert all(np.array_equal(again.arrays()[name], array) for name, array in net.arrays().items())


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("name", ["embedding", "norms", "layers", "shifts", "out", "base"])
def test_weights_that_do_not_belong_together_are_refused(name: str, depth: int) -> None:
    arrays = masked(depth).arrays()
    for axis in range(arrays[name].ndim):
        more = np.concatenate([arrays[name], np.take(arrays[name], [0], axis)], axis) if depth else None
        wrong = np.zeros([n + (axis == at) for at, n in enumerate(arrays[name].shape)]) if not depth else more
        with pytest.raises(ValueError, match="belong together"):
            Masked.from_arrays(SIZES, arrays | {name: wrong})
    with pytest.raises(ValueError):
        Masked.from_arrays(SIZES, arrays | {name: np.float32(1)})
    with pytest.raises(KeyError):
        Masked.from_arrays(SIZES, {other: array for other, array in arrays.items() if other != name})


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("name", ["embedding", "norms", "layers", "shifts", "out", "base"])
def test_weights_that_are_not_finite_are_refused(name: str, bad: float) -> None:
    arrays = masked(1).arrays()
    arrays[name] = arrays[name].astype(float)
    arrays[name].flat[-1] = bad
    with pytest.raises(ValueError, match="belong together"):
        Masked.from_arrays(SIZES, arrays)


def test_sizes_that_do_not_belong_are_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Masked.from_arrays((5, 1, 12), masked(1).arrays())


def test_the_training_library_is_not_needed() -> None:
    script = "import sys, reverie.models.masked, reverie.models.histogram, reverie.models.variables\n"
    subprocess.run([sys.executable, "-c", script + "assert 'torch' not in sys.modules"], check=True)
