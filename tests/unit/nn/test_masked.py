"""A network for all orders: what is revealed, what it costs, and that it learns a known distribution."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch.nn import functional

from reverie.models.masked import Masked, log_proba
from reverie.nn.masked import AnyOrder, MaskedNet, Ordered
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


def _seen(net: MaskedNet, codes: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Costs, (rows, variables), of codes when the variables `known`, (rows, variables), are."""
    return net.costs(net(codes, known[:, None]), codes, [0] * codes.shape[1])


def _codes(sizes: tuple[int, ...], rows: int = 50) -> torch.Tensor:
    random = np.random.default_rng(2)
    return torch.from_numpy(np.stack([random.integers(-1, size, rows) for size in sizes], 1))


def test_orders_are_drawn_for_each_row_and_a_share_keeps_its_own() -> None:
    for ordered in (0.0, 0.5, 1.0):
        task = AnyOrder(_net((2,) * 6), COLUMNS, ordered)
        rank = task.ranks(20_000, torch.Generator().manual_seed(1)).numpy()
        assert (np.sort(rank, 1) == np.arange(3)).all()
        names = rank @ [9, 3, 1]
        assert np.unique(names).size == (1 if ordered == 1 else 6)
        # One of the six orders is the own one.
        assert (names == 5).mean() == pytest.approx(ordered + (1 - ordered) / 6, abs=0.015)


def test_a_row_costs_its_likelihood_in_its_order_and_late_columns_count_more() -> None:
    task = AnyOrder(_shaken(_net(PARTED, PARENTS)), COLUMNS, 0.5)
    codes = _codes(PARTED, 40)
    found = task.losses("net", {"codes": codes}, torch.Generator().manual_seed(3))
    rank = task.ranks(40, torch.Generator().manual_seed(3))
    late = torch.tensor([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 1]).sqrt()
    wanted = torch.zeros(40)
    for column in range(3):
        before = (rank < rank[:, [column]])[:, COLUMNS]
        own = torch.from_numpy(column == COLUMNS)
        costs = _seen(task.net, codes, before) * own
        wanted += costs.sum(1) * (late / late.mean())[rank[:, column]]
    assert torch.allclose(found, wanted, atol=1e-4)


def test_of_many_columns_some_are_asked_for_in_a_step_and_count_for_all() -> None:
    task = AnyOrder(_shaken(_net((2,) * 6)), np.arange(6), 1.0, most=2)
    codes, noise = _codes((2,) * 6, 30), torch.Generator().manual_seed(0)
    batch, found, seen = {"codes": codes}, [], set()
    for _ in range(400):
        task.begin("net", noise)
        seen.add(tuple(task.asked))
        found.append(task.losses("net", batch, noise).detach())
    assert len(seen) == 15
    assert all(len(pair) == 2 for pair in seen)
    whole = task.held_out(batch, noise).detach()
    assert torch.stack(found).mean(0).numpy() == pytest.approx(whole.numpy(), rel=0.15)


def test_a_basis_is_shared_by_the_codes() -> None:
    basis = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    table = Ordered(basis, 4, spread=0.5, own=0.1)
    smooth, rest = table.smooth.detach(), table.rest.detach()
    wanted = torch.stack([smooth[0] + 0.1 * rest[0], 2 * smooth[1] + 0.1 * rest[1], rest[2]])
    assert torch.allclose(table().detach(), wanted, atol=1e-6)


def test_what_else_is_known_is_added_to_what_columns_tell() -> None:
    net, codes = _shaken(_net(depth=0)), _codes(SIZES, 6)
    known, told = torch.zeros(6, 2, 3), torch.randn(6, 1, 24)
    layers, net.layers = net.layers, torch.nn.ModuleList()
    sums = net.embedding()[net.starts].sum(0)
    torch.testing.assert_close(net(codes, known, told), functional.hardswish(sums + told).expand(6, 2, 24))
    net.layers = layers
    task = AnyOrder(net, np.arange(3), 0.5)
    plain, other = (
        task.row_costs({"codes": codes}, torch.Generator().manual_seed(0), [0, 1, 2], vector)
        for vector in (0 * told, told)
    )
    assert torch.equal(plain, task.held_out({"codes": codes}, torch.Generator().manual_seed(0)))
    assert (plain - other).abs().min() > 1e-3


def test_costs_are_cross_entropies() -> None:
    net, codes = _shaken(_net()), _codes(SIZES)
    refined = torch.randn(50, 24)
    logits = functional.linear(refined, net.out(), net.base)
    wanted = [
        functional.cross_entropy(part, codes[:, i], ignore_index=-1, reduction="none")
        for i, part in enumerate(logits.split(list(SIZES), 1))
    ]
    assert torch.allclose(net.costs(refined[:, None], codes, [0] * 3), torch.stack(wanted, 1), atol=1e-5)
    two = torch.stack([torch.randn(50, 24), refined], 1)
    some = net.costs(two, codes, [1, -1, 1])
    assert torch.allclose(some[:, [0, 2]], torch.stack(wanted, 1)[:, [0, 2]], atol=1e-5)
    assert (some[:, 1] == 0).all()


def test_probabilities_of_parts_sum_to_one_in_every_bin() -> None:
    net = _shaken(_net(PARTED, PARENTS))
    refined = torch.randn(1, 24)
    for part, parent in ((2, 1), (5, 4)):
        for over in range(PARTED[parent]):
            codes = torch.zeros(PARTED[part], 6, dtype=torch.long)
            codes[:, parent], codes[:, part] = over, torch.arange(PARTED[part])
            costs = net.costs(refined.expand(len(codes), 1, -1), codes, [0] * 6).detach()
            assert float(torch.exp(-costs[:, part]).sum()) == pytest.approx(1.0, abs=1e-5)
            assert costs[:, parent].std() < 1e-5


def test_a_part_depends_on_its_bin_alone_of_what_is_asked_for() -> None:
    net, codes = _shaken(_net(PARTED, PARENTS)), torch.zeros(2, 6, dtype=torch.long)
    refined = torch.randn(1, 1, 24).expand(2, 1, -1)
    codes[1] = torch.tensor([1, 0, 0, 1, 3, 0])
    one, other = net.costs(refined, codes, [0] * 6).detach()
    assert one[2] == pytest.approx(float(other[2]), abs=1e-6)
    assert abs(float(one[5] - other[5])) > 1e-3


def test_it_starts_from_the_frequencies() -> None:
    net = _net((3, 2, 4), (-1, -1, 1))
    codes = np.array([[0, 1, -1]] * 60 + [[2, 0, 3]] * 40)
    net.start_from(codes)
    grid = torch.cartesian_prod(torch.arange(3), torch.arange(2), torch.arange(4))
    shares = torch.exp(-_seen(net, grid, torch.zeros(len(grid), 3))).detach().numpy()
    assert shares[::8, 0] == pytest.approx(np.array([60.5, 0.5, 40.5]) / 101.5)
    assert shares[:8:4, 1] == pytest.approx(np.array([40.5, 60.5]) / 101)
    assert shares[:4, 2] == pytest.approx(np.array([0.5, 0.5, 0.5, 40.5]) / 42)


def test_hidden_values_are_not_seen_and_absent_ones_cost_nothing() -> None:
    net = _shaken(_net())
    codes = torch.tensor([[-1, 1, 3], [-1, 0, 3], [-1, 1, 0], [2, 1, 3]])
    known = torch.tensor([[True, False, False]]).expand(4, 3)
    costs = _seen(net, codes, known).detach()
    assert (costs[:3, 0] == 0).all()
    # Rows that differ in hidden variables are told alike; whether the known one is absent is seen.
    assert costs[0, 1] == pytest.approx(float(costs[2, 1]), abs=1e-6)
    assert costs[0, 2] == pytest.approx(float(costs[1, 2]), abs=1e-6)
    assert abs(float(costs[0, 2] - costs[3, 2])) > 1e-3
    nothing = {"codes": torch.full((30, 3), -1)}
    assert AnyOrder(net, np.arange(3), 1.0).losses("net", nothing, torch.Generator()).abs().sum() == 0


@pytest.mark.parametrize("depth", [0, 2])
def test_its_arrays_say_the_same_without_torch(depth: int) -> None:
    net = _shaken(_net(PARTED, PARENTS, depth=depth))
    plain = Masked.from_arrays(PARTED, PARENTS, net.arrays())
    codes = torch.tensor([[2, 3, 1, 0, 5, 2], [0, -1, -1, 1, 4, 0]])
    sums = plain.begin(2)
    plain.tell(sums, 0, codes[:, 0].numpy())
    known = torch.zeros(2, 6)
    known[:, 0] = 1
    wanted = _seen(net, codes, known).detach().numpy()
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
    known, total = torch.zeros(codes.shape), torch.zeros(len(codes))
    for variable in order:
        total += _seen(net, codes, known)[:, variable]
        known[:, variable] = 1
    return total.double().numpy()
