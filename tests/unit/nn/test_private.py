import numpy as np
import pytest
import torch

from reverie.nn.masked import AnyOrder, MaskedNet
from reverie.nn.private import Steps, summed, train, updates
from reverie.nn.task import Task, Turn

ROWS = 400
BOUND = 0.05


def task(seed=0):
    torch.manual_seed(seed)
    net = MaskedNet((3, 3), (-1, -1), [np.zeros((3, 0))] * 2, width=8, depth=1, narrow=2, dropout=0.0)
    return AnyOrder(net, np.array([0, 1]), 1.0)


def codes(rows=ROWS):
    """The second column is the first."""
    first = np.random.default_rng(0).integers(0, 3, rows)
    return {"codes": np.column_stack([first, first]).astype(np.int32)}


def gradients(taken, owners=None, rows=ROWS):
    owners = np.arange(rows) if owners is None else owners
    return summed(
        task(), "net", codes(rows), owners, np.asarray(taken, int), BOUND, torch.Generator().manual_seed(0)
    )


def norm(found):
    return float(torch.stack([each.norm() for each in found.values()]).norm())


def test_one_row_moves_the_sum_by_no_more_than_the_bound():
    whole, without = gradients(range(ROWS)), gradients(range(1, ROWS))
    assert norm({name: whole[name] - without[name] for name in whole}) <= BOUND * (1 + 1e-4)
    assert norm(gradients([0])) == pytest.approx(BOUND, rel=1e-4)


def test_all_rows_of_an_owner_move_it_by_no_more_than_that():
    owners = np.arange(ROWS) // 4
    whole, without = gradients(range(ROWS), owners), gradients(range(4, ROWS), owners)
    assert norm({name: whole[name] - without[name] for name in whole}) <= BOUND * (1 + 1e-4)


def test_a_row_without_a_finite_gradient_adds_nothing():
    one, rows = Pair(), {"x": np.array([[1.0], [np.inf], [1e30], [2.0]])}
    found = summed(one, "looks", rows, np.arange(4), np.arange(4), BOUND, torch.Generator())
    assert norm(found) <= 4 * BOUND
    alone = summed(one, "looks", rows, np.arange(4), np.array([1]), BOUND, torch.Generator())
    assert norm(alone) == 0.0


def test_no_rows_taken_is_no_gradient():
    assert norm(gradients([])) == 0.0


def loss(learned):
    batch = {name: torch.from_numpy(array) for name, array in codes().items()}
    with torch.no_grad():
        return float(learned.losses("net", batch, torch.Generator().manual_seed(1)).mean())


@pytest.mark.parametrize(("noise", "learns"), [(0.0, True), (1e4, False)])
def test_the_dependence_is_learned_but_for_noise(noise, learns):
    one, steps = task(), Steps(count=60, batch=100, rate=2e-2)
    before = loss(one)
    told = []
    train(
        one, codes(), steps, chance=100 / ROWS, noise=noise, rng=np.random.default_rng(0),
        on_step=told.append,
    )  # fmt: skip
    assert (loss(one) < 0.7 * before) == learns
    assert told == list(range(1, 61))
    assert not one.training


def test_noise_is_of_the_size_told(monkeypatch):
    one = task()
    steps = Steps(count=1, batch=10, rate=0.0)
    train(one, codes(), steps, chance=1e-9, noise=3.0, rng=np.random.default_rng(0))
    found = torch.cat([weight.grad.flatten() for weight in one.net.parameters()])
    assert float(found.std()) == pytest.approx(3.0 * steps.bound / steps.batch, rel=0.1)


class Pair(Task):
    """A module that looks at the rows, and one that follows the first without a look."""

    turns = (Turn("looks", times=2), Turn("net", blind=True))

    def __init__(self):
        super().__init__()
        self.looks, self.net = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
        self.seen = []

    def losses(self, turn, batch, noise):
        if turn == "looks":
            return (self.looks(batch["x"].float()) - 3 * batch["x"].float()).square()[:, 0]
        self.seen.append(
            {name: float(array.abs().sum()) for name, array in batch.items()} | {"rows": len(batch["x"])}
        )
        return (self.net.weight - self.looks.weight.detach()).square()[0].expand(len(batch["x"]))


def test_a_blind_turn_sees_no_row_and_follows():
    torch.manual_seed(0)
    one, rows = Pair(), np.random.default_rng(0).normal(2, 0.1, (ROWS, 1))
    steps = Steps(count=200, batch=100, rate=0.1, average=0.9)
    assert updates(one, steps) == 400
    train(one, {"x": rows}, steps, chance=100 / ROWS, noise=0.0, rng=np.random.default_rng(0))
    assert one.seen == [{"x": 0.0, "rows": 100}] * 200
    assert float(one.looks.weight.detach()) == pytest.approx(3, abs=0.1)
    assert float(one.net.weight.detach()) == pytest.approx(3, abs=0.3)


def test_noise_is_on_every_turn_that_looks(monkeypatch):
    one, steps = Pair(), Steps(count=1, batch=10, rate=1.0)
    train(one, {"x": np.ones((ROWS, 1))}, steps, chance=1e-9, noise=1e6, rng=np.random.default_rng(0))
    assert abs(float(one.looks.weight.grad)) > 100
    assert abs(float(one.net.weight.grad)) < 100
