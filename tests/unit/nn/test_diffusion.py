"""The network and its training: what rows show, what counts, and known distributions learned."""

import numpy as np
import pytest
import torch

from reverie.nn.diffusion import Denoising, RowNet
from reverie.nn.plan import Form, Plan
from reverie.nn.rows import Rows
from reverie.nn.schedules import NOISE, noised
from reverie.nn.train import Training, train

FORM = Form((3, 2), np.array([0, 1]), np.array([-1, 1]), np.array([0, 1]))


def _task(form: Form = FORM, ordered: float = 0.5, width: int = 32) -> Denoising:
    torch.manual_seed(0)
    net = RowNet(form.sizes, len(form.owner), width, 2, 8, 0.0)
    return Denoising(net, form, Plan.of(form, 6, 1.5), ordered)


def _codes(rows: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.stack([torch.randint(size, (rows,), generator=generator) for size in FORM.sizes], dim=1)


@pytest.mark.parametrize("ordered", [0.0, 1.0])
def test_a_number_is_asked_for_only_where_its_gate_is_known_and_open(ordered: float) -> None:
    codes = _codes(5000)
    shown = _task(ordered=ordered).show(codes, torch.Generator().manual_seed(2))
    ready = shown.known[:, 1] & (codes[:, 1] == 1)
    assert not (shown.wrongs[:, 1] > 0)[~ready].any()
    assert (shown.wrongs[:, 1] > 0)[ready].any()
    assert torch.allclose(shown.angles[:, 1][~ready], torch.tensor(NOISE))
    # What is known has no noise and is not asked for.
    assert not (shown.wrongs > 0)[shown.angles == 0].any()


def test_rows_of_the_plan_are_as_in_its_steps() -> None:
    task = _task(ordered=1.0)
    shown = task.show(_codes(3000), torch.Generator().manual_seed(3))
    seen = {
        (tuple(known), round(float(angle), 4))
        for known, angle in zip(shown.known.tolist(), shown.angles[:, 0], strict=True)
    }
    steps = zip(task.told.tolist(), task.angles[:-1, 0], strict=True)
    assert seen == {(tuple(known), round(float(angle), 4)) for known, angle in steps}


def test_each_block_counts_alike_on_average() -> None:
    shown = _task(ordered=0.0).show(_codes(100_000), torch.Generator().manual_seed(4))
    counts = (shown.costs * ~shown.known).mean(0)
    assert torch.allclose(counts, torch.ones(2), atol=0.03)
    assert abs(float(shown.wrongs[:, 0].mean()) - 1) < 0.03


def test_a_new_network_knows_frequencies_and_expects_nothing_of_numbers() -> None:
    task, codes = _task(), np.array([[0, 1], [0, 1], [1, 1], [0, 0]])
    task.net.start_from(codes)
    logits, slopes = task.net(torch.zeros(2, 2, dtype=torch.long), torch.randn(2, 2), torch.full((2, 2), 0.5))
    share = logits[:, :3].softmax(1)[0].detach().numpy()
    np.testing.assert_allclose(share, np.array([3.5, 1.5, 0.5]) / 5.5, atol=1e-5)
    assert (slopes == 0).all()
    single = task.net.refine(torch.zeros(2, 2, dtype=torch.long), torch.zeros(2, 2), torch.zeros(2, 2))[0]
    torch.testing.assert_close(task.net.logits(single, 1), task.net.heads(single)[:, 3:])


def test_noise_alone_tells_the_network_nothing() -> None:
    net = _task().net
    torch.nn.init.normal_(net.rises.weight)
    codes, full = torch.zeros(1, 2, dtype=torch.long), torch.full((1, 2), NOISE)
    left, right = (net(codes, torch.full((1, 2), value), full)[1] for value in (-1.0, 2.0))
    torch.testing.assert_close(left, right)


def test_the_best_denoiser_of_a_gaussian_is_learned() -> None:
    """Two numbers of correlation r: E[x2 - slope | state] is linear, as known in closed form."""
    rng, r = np.random.default_rng(0), 0.8
    form = Form((), np.array([0, 1]), np.full(2, -1), np.zeros(2, int))
    covariance = np.array([[1, r], [r, 1]])
    numbers = rng.multivariate_normal(np.zeros(2), covariance, 8000).astype(np.float32)
    task = _task(form)
    rows = Rows({"codes": np.zeros((8000, 0), np.int32), "numbers": numbers})
    settings = Training(epochs=12, rate=5e-3, batch=256, cosine=True, average=0.98, clip=10.0)
    train(task, rows, settings, seed=0, device="cpu", threads=1)
    fresh = torch.from_numpy(rng.multivariate_normal(np.zeros(2), covariance, 2000)).float()
    for angle in (0.3, 0.9):
        t = torch.full((2000, 2), angle)
        state = noised(fresh, torch.randn(fresh.shape, generator=torch.Generator().manual_seed(5)), t)
        total = np.cos(angle) ** 2 * covariance + np.sin(angle) ** 2 * np.eye(2)
        known = np.sin(angle) * np.cos(angle) * (np.eye(2) - covariance) @ np.linalg.inv(total)
        with torch.no_grad():
            _, slopes = task.net(torch.zeros(2000, 0, dtype=torch.long), state, t)
        wanted = state.numpy() @ known.T
        assert np.mean((slopes.numpy() - wanted) ** 2) < 0.03 * np.mean(wanted**2) + 0.002
