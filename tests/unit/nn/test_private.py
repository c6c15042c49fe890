import numpy as np
import pytest
import torch

from reverie.nn.masked import AnyOrder, MaskedNet
from reverie.nn.private import Steps, summed, train
from reverie.nn.task import Turn

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


def test_several_turns_are_refused():
    one = task()
    one.turns = (Turn("net"), Turn("net"))
    with pytest.raises(ValueError, match="several turns"):
        train(one, codes(), Steps(), chance=0.1, noise=1.0, rng=np.random.default_rng(0))
