"""What formal privacy asks of the loop: per-row gradients of every task, and steps by them when clipped."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.func import functional_call, grad, vmap

from reverie.models.mixture import Mixture
from reverie.nn.gan import Form, build
from reverie.nn.masked import AnyOrder, MaskedNet
from reverie.nn.rows import Batch, Rows
from reverie.nn.task import Task
from reverie.nn.train import Training, _Loop
from reverie.nn.vae import Autoencoder, Bound, Decoder, Encoder, Normals

# A bag of embeddings is asked for row by row, which is slow but right.
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
ROWS = 7
Gradients = dict[str, torch.Tensor]


def row_gradients(
    task: Task, turn: str, batch: Batch, noise: torch.Generator, *, fresh: bool = True
) -> Gradients:
    """The gradient of each row's cost, (rows, ...) by weight, with noise of its own or the same for all."""
    own = {name: each.detach() for name, each in task.named_parameters() if name.startswith(f"{turn}.")}

    def cost(weights: Gradients, row: Batch) -> torch.Tensor:
        single = {name: value[None] for name, value in row.items()}
        return functional_call(task, weights, (turn, single, noise)).sum()

    mapped = vmap(grad(cost), in_dims=(None, 0), randomness="different" if fresh else "same")
    return mapped(own, dict(batch))


class Private(_Loop):
    """Steps by row gradients of norm `bound` at most, added up, with normal noise of `spread` bounds."""

    bound, spread = 1.0, 0.0

    def _slopes(self, turn: str, batch: Batch, weights: torch.Tensor) -> torch.Tensor:
        rows = row_gradients(self.task, turn, batch, self.noise)
        norms = torch.stack([each.flatten(1).norm(dim=1) for each in rows.values()]).norm(dim=0)
        for name, each in rows.items():
            whole = torch.tensordot((self.bound / norms).clamp(max=1), each, dims=1)
            whole += self.spread * self.bound * torch.randn(whole.shape, generator=self.noise)
            self.task.get_parameter(name).grad = whole / len(weights)
        with torch.no_grad():
            return self.task.losses(turn, batch, self.noise).mean()


def _codes(sizes: tuple[int, ...], least: int = 0) -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(np.stack([random.integers(least, size, ROWS) for size in sizes], axis=1))


def _masked() -> tuple[Task, Batch]:
    sizes, parents = (3, 5, 4, 2), (-1, -1, 1, -1)
    bases = [np.linspace(-1, 1, size)[:, None] for size in sizes]
    net = MaskedNet(sizes, parents, bases, width=8, depth=1, narrow=4, dropout=0.0)
    return AnyOrder(net, np.array([0, 1, 1, 2]), 0.5), {"codes": _codes(sizes, -1)}


def _vae(prior: bool) -> tuple[Task, Batch]:
    net = Autoencoder(
        Encoder((3, 4, 3), 1, 2, 8, 1), Decoder((3, 4), [np.arange(12.0).reshape(4, 3)], 2, 8, 1, (-6.0, 3.0))
    )
    net.prior = Normals(**Mixture.standard(2).arrays()) if prior else None
    return Bound(net, [0, 1], [2], [1], beta=1.0, anneal=3), {
        "codes": _codes((3, 4, 3)), "scores": torch.randn(ROWS, 1)
    }  # fmt: skip


def _gan(penalty: float) -> tuple[Task, Batch]:
    form = Form((2, 3), np.zeros((5, 2)), np.ones(2), np.full((5, 2), np.nan))
    task = build(form, latent=3, width=8, depth=2, waves=2, penalty=penalty, lazy=1)
    return task, {"codes": _codes((2, 3)), "numbers": torch.randn(ROWS, 2)}


TASKS: dict[str, Callable[[], tuple[Task, Batch]]] = {
    "masked": _masked,
    "vae": lambda: _vae(prior=False),
    "vae with its prior": lambda: _vae(prior=True),
    "gan": lambda: _gan(0.0),
    "gan with steep steps": lambda: _gan(2.0),
}


@pytest.fixture(params=[(name, turn) for name in TASKS for turn in ("critic", "net")], ids=":".join)
def trial(request: pytest.FixtureRequest) -> tuple[Task, str, Batch]:
    """A task with weights of all kinds, a turn that was begun, and rows."""
    name, turn = request.param
    torch.manual_seed(0)
    task, batch = TASKS[name]()
    if turn not in {each.module for each in task.turns}:
        pytest.skip("has no such turn")
    with torch.no_grad():
        for weight in task.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    task.begin(turn, torch.Generator().manual_seed(1))
    return task, turn, batch


def _plain(task: Task, turn: str, batch: Batch) -> Gradients:
    """The gradient of the sum of what the rows cost, of one backward pass."""
    task.zero_grad(set_to_none=True)
    task.losses(turn, batch, torch.Generator().manual_seed(2)).sum().backward()
    return {name: each.grad for name, each in task.named_parameters() if each.grad is not None}


def test_row_gradients_are_those_of_single_rows(trial: tuple[Task, str, Batch]) -> None:
    task, turn, batch = trial
    found = row_gradients(task, turn, batch, torch.Generator().manual_seed(2), fresh=False)
    single = [
        _plain(task, turn, {name: each[i : i + 1] for name, each in batch.items()}) for i in range(ROWS)
    ]
    assert set(found) == set(single[0])
    for name, each in found.items():
        wanted = torch.stack([one[name] for one in single])
        torch.testing.assert_close(each, wanted, atol=1e-5, rtol=1e-4)


def test_row_gradients_with_noise_of_their_own_add_up_to_that_of_the_batch(
    trial: tuple[Task, str, Batch],
) -> None:
    task, turn, batch = trial
    found = row_gradients(task, turn, batch, torch.Generator().manual_seed(2))
    for name, wanted in _plain(task, turn, batch).items():
        torch.testing.assert_close(found[name].sum(0), wanted, atol=1e-4, rtol=1e-4)


def _loop(task: Task, batch: Batch) -> Private:
    rows = Rows({name: each.numpy() for name, each in batch.items()})
    training = Training(batch=ROWS, least_batch=ROWS, least_steps=1, holdout=0.0, epochs=2)
    return Private(task, rows, training, 0, None, "cpu", None, lambda: 0.0)


def test_a_row_moves_a_clipped_gradient_by_its_bound_at_most(trial: tuple[Task, str, Batch]) -> None:
    task, turn, batch = trial
    loop = _loop(task, batch)
    other = {name: torch.cat([each[:-1], each[:1]]) for name, each in batch.items()}

    def summed(bound: float, batch: Batch) -> torch.Tensor:
        loop.bound = bound
        loop.noise.manual_seed(2)
        loop._slopes(turn, batch, torch.ones(ROWS))
        return ROWS * torch.cat([each.grad.flatten() for each in getattr(task, turn).parameters()])

    bound = 0.05 * float((summed(1e9, batch) - summed(1e9, other)).norm())
    assert bound > 0
    assert float((summed(bound, batch) - summed(bound, other)).norm()) <= 2 * bound * (1 + 1e-4)
    assert float(summed(bound, batch).norm()) <= ROWS * bound * (1 + 1e-4)


def test_noise_is_of_the_spread_that_is_asked_for() -> None:
    task, batch = _masked()
    loop = _loop(task, batch)
    loop.bound, loop.spread = 1e-9, 1e9
    loop._slopes("net", batch, torch.ones(ROWS))
    drawn = torch.cat([each.grad.flatten() for each in task.parameters()]) * ROWS
    assert float(drawn.std()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", TASKS)
def test_the_loop_runs_on_clipped_gradients(name: str) -> None:
    torch.manual_seed(0)
    task, batch = TASKS[name]()
    loop = _loop(task, batch)
    loop.spread = 0.1
    history = loop.run(lambda _: None)
    assert (history.ended, history.notes) == ("all epochs done", ())
    assert np.isfinite(history.epochs[-1].loss)
