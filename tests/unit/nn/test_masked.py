"""A network for all orders: what is revealed, what it costs, and that it learns a known distribution."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch.nn import functional

from reverie.models.masked import Masked
from reverie.nn.masked import ABSENT, HIDDEN, AnyOrder, MaskedNet
from reverie.nn.rows import Rows
from reverie.nn.train import Training, train

COLUMNS = np.array([0, 0, 0, 1, 2, 2])
PLACE = np.array([0, 1, 2, 0, 0, 1])
COUNTS = np.bincount(COLUMNS)
STARTS = np.array([0, 3, 4])
SIZES = (3, 2, 4)


def _net(sizes: tuple[int, ...] = SIZES, dropout: float = 0.0) -> MaskedNet:
    torch.manual_seed(0)
    return MaskedNet(sizes, width=24, depth=2, dropout=dropout)


def _reveal(ordered: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    task = AnyOrder(_net((2,) * 6), COLUMNS, ordered)
    known, weight = task.reveal(rows, torch.Generator().manual_seed(1))
    return known.numpy(), weight.numpy()


def _by_column(values: np.ndarray) -> np.ndarray:
    return np.add.reduceat(values.astype(int), STARTS, axis=1)


@pytest.mark.parametrize("ordered", [0.0, 0.5, 1.0])
def test_variables_of_a_column_become_known_in_order(ordered: float) -> None:
    known, weight = _reveal(ordered)
    told = _by_column(known)
    assert np.array_equal(known, told[:, COLUMNS] > PLACE)
    # A column is known altogether, or its next variable is asked for; only one is known in part.
    asked = _by_column(weight > 0)
    assert np.array_equal(asked, (told < COUNTS).astype(int))
    assert np.array_equal(weight > 0, told[:, COLUMNS] == PLACE)
    assert ((told > 0) & (told < COUNTS)).sum(1).max() == 1


def test_every_number_of_known_columns_is_as_likely_and_counts_alike() -> None:
    known, weight = _reveal(0.0)
    passed = (_by_column(known) == COUNTS).sum(1)
    assert np.bincount(passed) / len(passed) == pytest.approx([1 / 3] * 3, abs=0.015)
    assert weight == pytest.approx((weight > 0) * (3 / (3 - passed))[:, None])
    assert weight.sum(1) == pytest.approx(3)
    full = (_by_column(known) == COUNTS).mean(0)
    assert full == pytest.approx([1 / 3] * 3, abs=0.015)


def test_a_share_of_the_rows_keeps_the_own_order() -> None:
    def suffixes(ordered: float) -> float:
        asked = _by_column(_reveal(ordered)[1] > 0)
        return float((np.diff(asked, axis=1) >= 0).all(1).mean())

    assert suffixes(1.0) == 1.0
    # In a random order, what is asked for is an end of the own order in 5 of 9 cases.
    assert suffixes(0.0) == pytest.approx(5 / 9, abs=0.015)
    assert suffixes(0.5) == pytest.approx((1 + 5 / 9) / 2, abs=0.015)


def test_each_number_of_known_variables_of_the_next_column_is_as_likely() -> None:
    told = _by_column(_reveal(1.0)[0])
    first = told[told[:, 0] < 3, 0]
    # The first column is next in a third of the rows.
    assert np.bincount(first) / len(told) == pytest.approx([1 / 9] * 3, abs=0.01)
    assert (told[told[:, 0] < 3, 1:] == 0).all()


def test_costs_are_cross_entropies() -> None:
    net, random = _net(), np.random.default_rng(2)
    codes = torch.from_numpy(np.stack([random.integers(-1, size, 50) for size in SIZES], 1))
    logits = torch.from_numpy(random.normal(size=(50, sum(SIZES)))).float()
    wanted = [
        functional.cross_entropy(part, codes[:, i], ignore_index=-1, reduction="none")
        for i, part in enumerate(logits.split(list(SIZES), 1))
    ]
    assert torch.allclose(net.costs(logits, codes), torch.stack(wanted, 1), atol=1e-6)


def test_it_starts_from_the_frequencies() -> None:
    net = _net()
    codes = np.array([[0, 1, -1]] * 60 + [[2, 0, 3]] * 40)
    net.start_from(codes)
    parts = net(torch.full((1, 3), HIDDEN)).split(list(SIZES), 1)
    shares = [part.softmax(1)[0].tolist() for part in parts]
    assert shares[0] == pytest.approx([60.5 / 101.5, 0.5 / 101.5, 40.5 / 101.5])
    assert shares[1] == pytest.approx([40.5 / 101, 60.5 / 101])
    assert shares[2] == pytest.approx([0.5 / 42, 0.5 / 42, 0.5 / 42, 40.5 / 42])


def test_hidden_values_are_not_seen_and_absent_ones_cost_nothing() -> None:
    task = AnyOrder(_net(), np.arange(3), 1.0)
    seen: list[torch.Tensor] = []
    task.net.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    codes = torch.tensor([[-1, 1, 3]]).repeat(300, 1)
    task.losses("net", {"codes": codes.to(torch.int16)}, torch.Generator().manual_seed(3))
    known, weight = task.reveal(300, torch.Generator().manual_seed(3))
    inputs = seen[0]
    assert torch.equal(inputs != HIDDEN, known)
    assert (inputs[known[:, 0], 0] == ABSENT).all()
    assert (inputs[known[:, 1], 1] == 3).all()
    nothing = {"codes": torch.full((300, 3), -1)}
    assert task.losses("net", nothing, torch.Generator().manual_seed(3)).abs().sum() == 0
    assert (weight[:, 0] > 0).any()


@pytest.mark.parametrize("depth", [0, 2])
def test_its_arrays_say_the_same_without_torch(depth: int) -> None:
    torch.manual_seed(5)
    net = MaskedNet(SIZES, width=16, depth=depth, dropout=0.3).eval()
    torch.nn.init.normal_(net.out.weight)
    plain = Masked.from_arrays(SIZES, net.arrays())
    sums = plain.begin(4)
    plain.tell(sums, 1, np.array([0, 1, -1, 0]))
    inputs = torch.tensor([[HIDDEN, code, HIDDEN] for code in (2, 3, ABSENT, 2)])
    wanted = net(inputs).split(list(SIZES), 1)[2].log_softmax(1)
    assert plain.log_proba(plain.refine(sums), 2) == pytest.approx(wanted.detach().numpy(), abs=1e-5)


def test_it_learns_a_known_distribution_in_every_order() -> None:
    random = np.random.default_rng(6)
    cells = np.stack([axis.ravel() for axis in np.indices(SIZES)], 1)
    shares = random.dirichlet(np.full(len(cells), 0.7))
    codes = cells[random.choice(len(cells), 4_000, p=shares)].astype(np.int16)
    task = AnyOrder(_net(), np.arange(3), 0.0)
    task.net.start_from(codes)
    training = Training(batch=512, least_batch=512, rate=1e-2, epochs=12, average=0.98)
    train(task, Rows({"codes": codes}), training, seed=0)
    entropy = -float(shares[shares > 0] @ np.log(shares[shares > 0]))
    for order in permutations(range(3)):
        cost = float(shares @ _chain(task.net, torch.from_numpy(cells), order))
        assert -1e-5 < cost - entropy < 0.03, order


@torch.no_grad()
def _chain(net: MaskedNet, codes: torch.Tensor, order: tuple[int, ...]) -> np.ndarray:
    """-log probability of each row by the chain rule in an order of the variables."""
    inputs, total = torch.full_like(codes, HIDDEN), torch.zeros(len(codes))
    for variable in order:
        total += net.costs(net(inputs), codes)[:, variable]
        inputs[:, variable] = codes[:, variable] + 2
    return total.double().numpy()
