"""The adversarial pair: features, hard codes, losses, and small contests whose answer is known."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from reverie.nn.gan import Expertise, Features, Form, blurred, build, gumbel, hard, one_hot
from reverie.nn.rows import Rows
from reverie.nn.train import Training, train

FORM = Form((2, 3), np.array([[0, 0], [0, 0], [0, 0], [0, 0], [0, 1.0]]), np.array([1.0, 0.0]),
            np.array([[math.nan, math.nan]] * 3 + [[math.nan, 1.5]] + [[math.nan, math.nan]]))  # fmt: skip


@pytest.fixture
def noise():
    return torch.Generator().manual_seed(0)


def batch(rows=8, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(2, size=rows), rng.integers(3, size=rows)], axis=1).astype(np.int32)
    numbers = rng.normal(size=(rows, 2)).astype(np.float32)
    numbers[codes[:, 1] != 2, 1] = np.nan
    return {"codes": torch.from_numpy(codes), "numbers": torch.from_numpy(numbers)}


def pair(**options):
    torch.manual_seed(0)
    return build(FORM, latent=4, width=16, depth=2, waves=3, **options)


def test_features_of_a_number_a_spike_and_an_absent_one():
    codes = torch.tensor([[1.0, 0, 0, 0, 1], [1, 0, 0, 1, 0], [1, 0, 1, 0, 0]])
    found = Features(FORM, 2)(codes, torch.tensor([[0.0, 0.7], [0.0, 9.0], [0.0, 9.0]]))
    torch.testing.assert_close(found[:, :5], codes)
    torch.testing.assert_close(found[:, 6], torch.tensor([0.7, 1.5, 0.0]))
    half = torch.special.ndtr(torch.tensor([0.7, 1.5])) * math.pi
    torch.testing.assert_close(found[:2, 9], torch.cos(half))
    torch.testing.assert_close(found[:2, 10], torch.cos(2 * half))
    assert not found[2, 9:].any()


def test_gates_by_category():
    assert FORM.gate_of.tolist() == [-1, 1]
    first = FORM.sizes[0]
    assert FORM.opening.tolist() == [-1, first + int(FORM.gates[first:, 1].argmax())]


def test_gumbel_noise_draws_by_the_logits(noise):
    logits = torch.log(torch.tensor([0.2, 0.5, 0.3])).repeat(20_000, 1)
    share = functional.one_hot((logits + gumbel(logits, noise)).argmax(1)).float().mean(0)
    torch.testing.assert_close(share, torch.tensor([0.2, 0.5, 0.3]), atol=0.015, rtol=0)


def test_hard_codes_are_whole_and_have_a_gradient(noise):
    logits = torch.randn(50, 5, generator=noise, requires_grad=True)
    codes = hard(logits, (2, 3), 1.0, noise)
    torch.testing.assert_close(codes.detach(), codes.detach().round(), atol=1e-6, rtol=0)
    torch.testing.assert_close(codes[:, 2:].sum(1), torch.ones(50))
    codes[:, 0].sum().backward()
    assert logits.grad is not None
    assert logits.grad[:, :2].abs().sum() > 0
    assert not logits.grad[:, 2:].any()


def test_generator_begins_with_the_shares_of_codes(noise):
    net = pair().net
    net.start_from([np.array([0.9, 0.1]), np.array([0.3, 0.7, 0.0])])
    torch.nn.init.zeros_(net.out.weight)
    logits, _ = net.generate(10, noise)
    torch.testing.assert_close(logits[:, :2].softmax(1)[0], torch.tensor([0.9, 0.1]))
    torch.testing.assert_close(logits[:, 2:].softmax(1)[0], torch.tensor([0.3, 0.7, 0.0]), atol=1e-3, rtol=0)


def test_losses_are_of_rows_and_of_one_network_at_a_time(noise):
    task = pair(penalty=1.0)
    for turn, other in (("critic", task.net), ("net", task.critic)):
        task.zero_grad(set_to_none=True)
        task.begin(turn, noise)
        losses = task.losses(turn, batch(), noise)
        assert losses.shape == (8,)
        losses.mean().backward()
        assert all(weight.grad is None for weight in other.parameters())
        assert all(weight.grad is not None for weight in getattr(task, turn).parameters())
    assert task.learned == 1


def test_penalty_is_half_the_squared_slopes(noise):
    """A linear critic of slope w pays |w|^2 / 2 at the real row and as much at the generated one."""
    task = pair(penalty=3.0)
    task.critic = torch.nn.Sequential(torch.nn.Linear(task.features.width, 1), torch.nn.Flatten(0))
    rows = torch.randn(6, task.features.width)
    steep, plain = task._doubt(rows, rows, 3.0), task._doubt(rows, rows, 0.0)
    slope = task.critic[0].weight.square().sum()
    torch.testing.assert_close(plain, torch.full((6,), math.log(2.0)))
    torch.testing.assert_close(steep - plain, (3.0 * slope).expand(6))


def test_one_of_so_many_steps_is_steep_and_that_much_the_more(noise):
    task = pair(penalty=1.0, lazy=4)
    found = []
    for _ in range(400):
        task.begin("critic", noise)
        found.append(task.steep)
    assert np.mean(found) == pytest.approx(1 / 4, abs=0.06)
    rows, losses = batch(), []
    for task.steep in (True, False):
        losses.append(task.losses("critic", rows, torch.Generator().manual_seed(3)))
    slopes = pair(penalty=4.0, lazy=1)
    slopes.begin("critic", noise)
    assert (losses[0] > losses[1]).all()
    torch.testing.assert_close(losses[0], slopes.losses("critic", rows, torch.Generator().manual_seed(3)))


def test_one_hot_codes():
    assert torch.equal(one_hot(torch.tensor([2, 0]), 3), torch.tensor([[0.0, 0, 1], [1, 0, 0]]))


def test_a_late_score_counts_less(noise):
    task = pair()
    first = task.held_out(batch(64), noise.manual_seed(1))
    task.learned += 1000
    late = task.held_out(batch(64), noise.manual_seed(1))
    torch.testing.assert_close(late, first * math.exp(-0.1))


def test_the_energy_score_is_less_for_the_true_distribution(noise):
    task, rows = pair(), batch(2000)
    right = task.real(batch(2000, seed=1)), task.real(batch(2000, seed=2))
    scores = []
    for made in (right, tuple(2 * part for part in right)):
        parts = iter(made)
        task.fake = lambda rows, noise, parts=parts: next(parts)
        scores.append(float(task.held_out(rows, noise).mean()))
    assert scores[0] < scores[1] - 0.1


def test_crossed_rows_keep_numbers_with_their_gates(noise):
    rows = batch(500)
    crossed = Expertise(pair())._crossed(rows, noise)
    assert torch.equal(crossed["numbers"][:, 1].isnan(), crossed["codes"][:, 1] != 2)
    changed = (crossed["numbers"][:, 0] != rows["numbers"][:, 0]).float().mean()
    assert changed == pytest.approx(1 / 3, abs=0.08)


def test_no_mode_of_a_ring_is_left_out(noise):
    """Eight equal modes around a circle, each found by a twentieth of the rows at least."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.integers(8, size=2000) / 8
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 1.4 + 0.05 * rng.normal(size=(2000, 2))
    form = Form((), np.zeros((0, 2)), np.ones(2), np.zeros((0, 2)))
    torch.manual_seed(0)
    task = build(form, latent=8, width=64, depth=2, waves=4, penalty=1.0, lazy=2)
    arrays = {"codes": np.zeros((2000, 0), np.int32), "numbers": ring.astype(np.float32)}
    course = Training(batch=128, epochs=1000, steps=400, rate=2e-3, cosine=True, decay=0.0, average=0.98)
    train(task, Rows(arrays), course, seed=0, device="cpu", threads=1)
    with torch.no_grad():
        _, made = task.net.generate(2000, noise)
    nearest = (torch.atan2(made[:, 1], made[:, 0]) / (2 * math.pi) * 8).round().long() % 8
    assert functional.one_hot(nearest, 8).float().mean(0).min() > 1 / 20


def test_numbers_are_blurred_in_training_alone(noise):
    rows = batch(2000)
    moved = blurred(rows, 0.3, noise)["numbers"] - rows["numbers"]
    assert moved[~moved.isnan()].std() == pytest.approx(0.3, abs=0.03)
    assert (moved.isnan() == rows["numbers"].isnan()).all()
    assert blurred(rows, 0.0, noise) is rows
