"""Drafts: draws by their chances, a chooser that sees each draft alone, and what choosing does in theory."""

import math

import numpy as np
import pytest
import torch

from reverie.nn.drafts import SURE, Chooser, Discrimination, draw
from reverie.nn.gan import Form

NONE = np.zeros((0, 0))
PAIR = Form((2, 2), np.zeros((4, 0)), np.zeros(0), np.zeros((4, 0)))
GATED = Form((2, 3), np.eye(5)[:, [3]], np.zeros(1), np.full((5, 1), np.nan))


@pytest.fixture
def noise():
    return torch.Generator().manual_seed(0)


def chooser(form, seed=0):
    torch.manual_seed(seed)
    net = Chooser(form, waves=3, width=16, depth=1).eval()
    torch.nn.init.normal_(net.out.weight)
    return net


def test_draws_have_their_chances(noise):
    chances = torch.tensor([0.2, 0.5, 0.3, 0.9, 0.1])
    codes = draw(chances.log().repeat(5_000, 1), [3, 2], 4, noise)
    assert codes.shape == (5_000, 4, 2)
    for i, wanted in enumerate(chances.split([3, 2])):
        found = torch.bincount(codes[..., i].flatten(), minlength=len(wanted)) / 20_000
        torch.testing.assert_close(found, wanted, atol=0.015, rtol=0)
    first, second = codes[:, 0, 0].float(), codes[:, 1, 0].float()
    assert abs(float(torch.corrcoef(torch.stack([first, second]))[0, 1])) < 0.05


@pytest.mark.parametrize("muted", [0, 1, 2])
def test_a_muted_code_is_never_drawn_whatever_the_point(monkeypatch, noise, muted):
    points = torch.tensor([[0.0, 1e-9, 0.5, 1 - 1e-7]])
    monkeypatch.setattr(torch, "rand", lambda *_, **__: points.clone())
    logits = torch.zeros(1, 3)
    logits[0, muted] = -60.0
    assert muted not in draw(logits, [3], 4, noise)


def test_without_categories_there_is_nothing_to_draw(noise):
    assert draw(torch.zeros(7, 0), [], 3, noise).shape == (7, 3, 0)


def test_a_draft_is_judged_alone(noise):
    net = chooser(GATED)
    codes = torch.stack(
        [torch.randint(2, (9, 4), generator=noise), torch.randint(3, (9, 4), generator=noise)], 2
    )
    numbers = torch.randn(9, 1, generator=noise)
    whole = net(codes, numbers)
    for i in range(4):
        torch.testing.assert_close(whole[:, [i]], net(codes[:, [i]], numbers))


def test_a_number_counts_only_where_its_gate_is_open():
    net = chooser(GATED)
    codes = torch.tensor([[[0, 0], [0, 1]]])
    before, after = net(codes, torch.tensor([[0.3]])), net(codes, torch.tensor([[1.7]]))
    assert before[0, 0] == after[0, 0]
    assert before[0, 1] != after[0, 1]


def test_numbers_alone_are_judged_too():
    net = chooser(Form((), NONE[:, :0].reshape(0, 2), np.ones(2), np.zeros((0, 2))))
    assert net(torch.zeros(5, 1, 0).long(), torch.randn(5, 2)).shape == (5, 1)


def test_chooser_learns_the_ratio_of_densities_and_choosing_comes_near_the_truth(noise):
    """Real pairs agree in 9 of 10 rows, made ones in half: the ratios are 1.8 and .2. Of many drafts, one
    taken by them agrees in nearly 9 of 10.
    """
    real = torch.randint(2, (4_000, 1), generator=noise).repeat(1, 2)
    real[:, 1] ^= (torch.rand(4_000, generator=noise) < 0.1).long()
    made = torch.randint(2, (4_000, 2), generator=noise)
    task = Discrimination(chooser(PAIR))
    batch = {
        "codes": torch.cat([real, made]),
        "numbers": torch.zeros(8_000, 0),
        "real": torch.arange(8_000) < 4_000,
    }
    optimizer = torch.optim.Adam(task.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        task.losses("net", batch, noise).mean().backward()
        optimizer.step()
    drafts = draw(torch.zeros(4_000, 4), [2, 2], 16, noise)
    with torch.no_grad():
        looks = task.net(drafts, torch.zeros(4_000, 0))
    agree = drafts[..., 0] == drafts[..., 1]
    assert float(looks[agree].mean()) == pytest.approx(math.log(1.8), abs=0.12)
    assert float(looks[~agree].mean()) == pytest.approx(math.log(0.2), abs=0.2)
    taken = draw(looks.clamp(-SURE, SURE), [16], 1, noise)[:, 0]
    assert float(agree.take_along_dim(taken, 1).float().mean()) == pytest.approx(0.88, abs=0.03)
