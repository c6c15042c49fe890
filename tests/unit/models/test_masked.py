"""A network in arrays against the network that was trained."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from reverie.models.masked import Masked, log_proba
from reverie.nn.masked import MaskedNet

SIZES, PARENTS, WIDTH, ROWS = (5, 1, 12, 3, 4, 6), (-1, -1, -1, 2, -1, 4), 16, 40
NAMES = sorted(
    ["embedding", "layers", "shifts", "out", "base", "narrow", "narrow_shift", "inside", "fine", "fine_base"]
)


def network(depth: int) -> MaskedNet:
    """Weights of all kinds, not those that training starts from."""
    torch.manual_seed(depth)
    bases = [np.zeros((size, i % 3)) for i, size in enumerate(SIZES)]
    net = MaskedNet(SIZES, PARENTS, bases, width=WIDTH, depth=depth, narrow=7, dropout=0.3).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.5 * torch.randn_like(weight))
    return net


def masked(depth: int) -> Masked:
    return Masked.from_arrays(SIZES, PARENTS, network(depth).arrays())


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
    with torch.no_grad():
        net = network(depth)
        refined = net(torch.from_numpy(codes).long(), torch.from_numpy(where)[:, None])
        costs = net.costs(refined, torch.from_numpy(np.maximum(codes, 0)).long(), [0] * len(PARENTS)).numpy()
    plain = masked(depth)
    refined = plain.refine(told(plain, codes, where))
    for variable, parent in enumerate(PARENTS):
        own = np.maximum(codes[:, variable], 0)
        if parent < 0:
            found = plain.logits(refined, variable)
        else:
            found = plain.part_logits(plain.narrowed(refined), variable, np.maximum(codes[:, parent], 0))
        assert -log_proba(found)[np.arange(ROWS), own] == pytest.approx(costs[:, variable], abs=1e-4)
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


def test_what_all_rows_are_told_is_added() -> None:
    net = masked(1)
    vector = np.arange(WIDTH, dtype=np.float32)
    np.testing.assert_allclose(replace(net, told_of_all=vector).begin(3), net.begin(3) + vector, rtol=1e-6)


def test_nothing_to_be_told_from() -> None:
    net = MaskedNet((), (), [], width=WIDTH, depth=1, narrow=7, dropout=0.0)
    plain = Masked.from_arrays((), (), net.arrays())
    assert plain.refine(plain.begin(2) + np.float32(1)).shape == (2, WIDTH)


def test_no_rows() -> None:
    net = masked(1)
    sums = net.begin(0)
    net.tell(sums, 2, np.zeros(0, int))
    assert net.logits(net.refine(sums), 2).shape == (0, 12)
    assert net.part_logits(net.narrowed(net.refine(sums)), 3, np.zeros(0, int)).shape == (0, 3)


def test_large_sums_do_not_overflow() -> None:
    net = masked(1)
    assert np.isfinite(net.refine(net.begin(2) - np.float32(1000))).all()


def test_weights_come_back() -> None:
    net = masked(2)
    again = Masked.from_arrays(SIZES, PARENTS, net.arrays())
    assert all(np.array_equal(again.arrays()[name], array) for name, array in net.arrays().items())


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("name", NAMES)
def test_weights_that_do_not_belong_together_are_refused(name: str, depth: int) -> None:
    arrays = masked(depth).arrays()
    for axis in range(arrays[name].ndim):
        more = np.concatenate([arrays[name], np.take(arrays[name], [0], axis)], axis) if depth else None
        wrong = np.zeros([n + (axis == at) for at, n in enumerate(arrays[name].shape)]) if not depth else more
        with pytest.raises(ValueError, match="belong together"):
            Masked.from_arrays(SIZES, PARENTS, arrays | {name: wrong})
    with pytest.raises(ValueError):
        Masked.from_arrays(SIZES, PARENTS, arrays | {name: np.float32(1)})
    with pytest.raises(KeyError):
        Masked.from_arrays(SIZES, PARENTS, {other: array for other, array in arrays.items() if other != name})


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("name", NAMES)
def test_weights_that_are_not_finite_are_refused(name: str, bad: float) -> None:
    arrays = masked(1).arrays()
    arrays[name] = arrays[name].astype(float)
    arrays[name].flat[-1] = bad
    with pytest.raises(ValueError, match="belong together"):
        Masked.from_arrays(SIZES, PARENTS, arrays)


def test_sizes_that_do_not_belong_are_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Masked.from_arrays((5, 1, 12), (-1, -1, -1), masked(1).arrays())


def test_the_training_library_is_not_needed() -> None:
    script = "import sys, reverie.models.masked, reverie.models.histogram, reverie.models.variables\n"
    subprocess.run([sys.executable, "-c", script + "assert 'torch' not in sys.modules"], check=True)
