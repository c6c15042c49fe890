"""A network for all orders: what is revealed, what it costs, and that it learns a known distribution."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch.nn import functional

from reverie.models.masked import Masked, log_proba
from reverie.nn.masked import ABSENT, HIDDEN, AnyOrder, MaskedNet, Ordered
from reverie.nn.rows import Rows
from reverie.nn.train import Training, train

COLUMNS = np.array([0, 0, 0, 1, 2, 2])
SIZES = (3, 2, 4)
PARTED, PARENTS = (3, 5, 4, 2, 6, 3), (-1, -1, 1, -1, -1, 4)


def _net(
    sizes: tuple[int, ...] = SIZES, parents: tuple[int, ...] | None = None, *, depth: int = 2
) -> MaskedNet:
    torch.manual_seed(0)
    parents = (-1,) * len(sizes) if parents is None else parents
    bases = [
        np.linspace(-1, 1, size)[:, None] if i % 2 else np.zeros((size, 0)) for i, size in enumerate(sizes)
    ]
    return MaskedNet(sizes, parents, bases, width=24, depth=depth, narrow=8, dropout=0.0)


def _shaken(net: MaskedNet) -> MaskedNet:
    """The net with weights of all kinds, not those that training starts from."""
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.5 * torch.randn_like(weight))
    return net.eval()


def _reveal(ordered: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    task = AnyOrder(_net((2,) * 6), COLUMNS, ordered)
    known, weight = task.reveal(rows, torch.Generator().manual_seed(1))
    return known.numpy(), weight.numpy()


def _codes(sizes: tuple[int, ...], rows: int = 50) -> torch.Tensor:
    random = np.random.default_rng(2)
    return torch.from_numpy(np.stack([random.integers(-1, size, rows) for size in sizes], 1))


@pytest.mark.parametrize("ordered", [0.0, 0.5, 1.0])
def test_columns_are_known_or_asked_for_as_a_whole(ordered: float) -> None:
    known, weight = _reveal(ordered)
    assert np.array_equal(known, weight == 0)
    for column in range(3):
        own = known[:, column == COLUMNS]
        assert (own == own[:, :1]).all()


def test_every_number_of_known_columns_is_as_likely_and_counts_alike() -> None:
    known, weight = _reveal(0.0)
    passed = known[:, [0, 3, 4]].sum(1)
    assert np.bincount(passed) / len(passed) == pytest.approx([1 / 3] * 3, abs=0.015)
    assert weight == pytest.approx(~known * (3 / (3 - passed))[:, None])
    # In the mean each variable counts once: losses are nats a row.
    assert weight.mean(0) == pytest.approx([1.0] * 6, abs=0.03)
    assert known.mean(0) == pytest.approx([1 / 3] * 6, abs=0.015)


def test_a_share_of_the_rows_keeps_the_own_order() -> None:
    def suffixes(ordered: float) -> float:
        known = _reveal(ordered)[0][:, [0, 3, 4]].astype(int)
        return float((np.diff(known, axis=1) <= 0).all(1).mean())

    assert suffixes(1.0) == 1.0
    # In a random order, what is known is the beginning of the own order in 5 of 9 cases.
    assert suffixes(0.0) == pytest.approx(5 / 9, abs=0.015)
    assert suffixes(0.5) == pytest.approx((1 + 5 / 9) / 2, abs=0.015)


def test_in_the_own_order_a_column_counts_most_when_it_is_next() -> None:
    known, weight = _reveal(1.0)
    known, weight = known[:, [0, 3, 4]], weight[:, [0, 3, 4]]
    assert weight.mean(0) == pytest.approx([2 / 3, 11 / 12, 17 / 12], abs=0.05)
    last = [weight[known.sum(1) == passed, 2].mean() for passed in range(3)]
    assert last == pytest.approx([(3 / 7 + 1) / 2, (6 / 7 + 3 / 2) / 2, (12 / 7 + 3) / 2])


def test_a_basis_is_shared_by_the_codes() -> None:
    basis = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    table = Ordered(basis, 4, spread=0.5, own=0.1)
    smooth, rest = table.smooth.detach(), table.rest.detach()
    wanted = torch.stack([smooth[0] + 0.1 * rest[0], 2 * smooth[1] + 0.1 * rest[1], rest[2]])
    assert torch.allclose(table().detach(), wanted, atol=1e-6)


def test_costs_are_cross_entropies() -> None:
    net, codes = _shaken(_net()), _codes(SIZES)
    refined = torch.randn(50, 24)
    logits = functional.linear(refined, net.out(), net.base)
    wanted = [
        functional.cross_entropy(part, codes[:, i], ignore_index=-1, reduction="none")
        for i, part in enumerate(logits.split(list(SIZES), 1))
    ]
    assert torch.allclose(net.costs(refined, codes), torch.stack(wanted, 1), atol=1e-5)


def test_probabilities_of_parts_sum_to_one_in_every_bin() -> None:
    net = _shaken(_net(PARTED, PARENTS))
    refined = torch.randn(1, 24)
    for part, parent in ((2, 1), (5, 4)):
        for over in range(PARTED[parent]):
            codes = torch.zeros(PARTED[part], 6, dtype=torch.long)
            codes[:, parent], codes[:, part] = over, torch.arange(PARTED[part])
            costs = net.costs(refined.expand(len(codes), -1), codes).detach()
            assert float(torch.exp(-costs[:, part]).sum()) == pytest.approx(1.0, abs=1e-5)
            assert costs[:, parent].std() < 1e-5


def test_a_part_depends_on_its_bin_alone_of_what_is_asked_for() -> None:
    net, codes = _shaken(_net(PARTED, PARENTS)), torch.zeros(2, 6, dtype=torch.long)
    refined = torch.randn(1, 24).expand(2, -1)
    codes[1] = torch.tensor([1, 0, 0, 1, 3, 0])
    one, other = net.costs(refined, codes).detach()
    assert one[2] == pytest.approx(float(other[2]), abs=1e-6)
    assert abs(float(one[5] - other[5])) > 1e-3


def test_it_starts_from_the_frequencies() -> None:
    net = _net((3, 2, 4), (-1, -1, 1))
    codes = np.array([[0, 1, -1]] * 60 + [[2, 0, 3]] * 40)
    net.start_from(codes)
    grid = torch.cartesian_prod(torch.arange(3), torch.arange(2), torch.arange(4))
    refined = net(torch.full((1, 3), HIDDEN)).expand(len(grid), -1)
    shares = torch.exp(-net.costs(refined, grid)).detach().numpy()
    assert shares[::8, 0] == pytest.approx(np.array([60.5, 0.5, 40.5]) / 101.5)
    assert shares[:8:4, 1] == pytest.approx(np.array([40.5, 60.5]) / 101)
    assert shares[:4, 2] == pytest.approx(np.array([0.5, 0.5, 0.5, 40.5]) / 42)


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
    net = _shaken(_net(PARTED, PARENTS, depth=depth))
    plain = Masked.from_arrays(PARTED, PARENTS, net.arrays())
    codes = torch.tensor([[2, 3, 1, 0, 5, 2], [0, -1, -1, 1, 4, 0]])
    sums = plain.begin(2)
    plain.tell(sums, 0, codes[:, 0].numpy())
    inputs = torch.full((2, 6), HIDDEN)
    inputs[:, 0] = codes[:, 0] + 2
    wanted = net.costs(net(inputs), codes).detach().numpy()
    refined = plain.refine(sums)
    top = log_proba(plain.logits(refined, 4))[[0, 1], codes[:, 4]]
    part = log_proba(plain.part_logits(plain.narrowed(refined), 5, codes[:, 4].numpy()))[[0, 1], codes[:, 5]]
    assert -top == pytest.approx(wanted[:, 4], abs=1e-4)
    assert -part == pytest.approx(wanted[:, 5], abs=1e-4)


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
