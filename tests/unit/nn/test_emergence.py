"""Rows emerge with the joint distribution of an exactly known network, and what is known of them stays."""

import numpy as np
import torch

from reverie.nn.diffusion import Denoising, RowNet
from reverie.nn.emergence import Rows, emerge
from reverie.nn.plan import Form, Plan

JOINT = np.array([[0.1, 0.3], [0.2, 0.05], [0.05, 0.3]])
FORM = Form((3, 2), np.array([0]), np.array([1]), np.array([1]))
ROWS = 40_000
EVERY = [torch.ones(size, dtype=torch.bool) for size in FORM.sizes]
NONE = [~every for every in EVERY]


class Known(RowNet):
    """Says the conditionals of `JOINT`; the number is normal around the first code less 1, of scale 0.5."""

    def refine(self, codes, numbers, angles, told=0.0):
        joint = torch.from_numpy(JOINT).float()
        first = torch.where(codes[:, 1:] > 0, joint.T[(codes[:, 1] - 1).clamp(min=0)], joint.sum(1))
        second = torch.where(codes[:, :1] > 0, joint[(codes[:, 0] - 1).clamp(min=0)], joint.sum(0))
        mean, cos, sin = (codes[:, :1] - 1).float() - 1, angles.cos(), angles.sin()
        mean = torch.where(codes[:, :1] > 0, mean, 0.0)
        centred = (numbers - cos * mean) / (0.25 * cos**2 + sin**2)
        slopes = cos * sin * centred - sin * (mean + 0.25 * cos * centred)
        return torch.cat([first, second], dim=1).log(), slopes[:, :, None]

    def logits(self, refined, category):
        return refined[:, :3] if category == 0 else refined[:, 3:]

    def slopes(self, refined, cells):
        return cells[:, :, 0]


def task():
    return Denoising(Known(FORM.sizes, 1, 8, 1, 8, 0.0), FORM, Plan.of(FORM, 16, 1.5), 0.5)


def start(codes=(-1, -1), number=np.nan, rows=ROWS):
    numbers = torch.full((rows, 1), number)
    codes = torch.tensor(codes).repeat(rows, 1)
    return Rows(codes, numbers.nan_to_num(), ~numbers.isnan(), torch.zeros(rows))


def last(rows, plan=None, muted=NONE, allowed=EVERY, guidance=0.0):
    plan = plan or Plan.of(FORM, 16, 1.5)
    noise = torch.Generator().manual_seed(0)
    *_, found = emerge(task(), plan, rows, muted, allowed, noise, guidance=guidance)
    return found


def shares(rows):
    return np.bincount(rows.codes[:, 0] * 2 + rows.codes[:, 1], minlength=6).reshape(3, 2) / len(rows.codes)


def test_codes_have_the_known_joint_and_numbers_follow():
    rows = last(start())
    np.testing.assert_allclose(shares(rows), JOINT, atol=0.01)
    for code in range(3):
        some = rows.numbers[(rows.codes[:, 0] == code) & (rows.codes[:, 1] == 1), 0]
        assert abs(float(some.mean()) - (code - 1)) < 0.05
        assert abs(float(some.std()) - 0.5) < 0.05


def test_what_is_known_stays_and_the_rest_follows():
    rows = last(start((2, -1), 0.7))
    assert (rows.codes[:, 0] == 2).all()
    assert (rows.numbers == torch.tensor(0.7)).all()
    np.testing.assert_allclose(rows.codes[:, 1].double().mean(), 6 / 7, atol=0.01)


def test_muted_codes_are_not_drawn_and_allowed_ones_are_weighed():
    muted = [torch.tensor([True, False, False]), NONE[1]]
    allowed = [torch.tensor([True, True, False]), EVERY[1]]
    rows = last(start(), muted=muted, allowed=allowed)
    assert (rows.codes[:, 0] == 1).all()
    # Given the second code, the probability that the first is allowed, of what is not muted.
    for code in range(2):
        merit = rows.merit[rows.codes[:, 1] == code].exp()
        np.testing.assert_allclose(merit, JOINT[1, code] / JOINT[1:, code].sum(), rtol=1e-4)


def test_there_is_a_state_for_each_step():
    plan = Plan.of(FORM, 5, 1.0)
    states = list(emerge(task(), plan, start(rows=3), NONE, EVERY, torch.Generator().manual_seed(0)))
    assert len(states) == 5
    assert [(state.codes >= 0).sum(1).tolist() for state in states[:2]] == [[1] * 3, [2] * 3]


def test_guidance_favours_what_goes_with_what_is_given():
    """With strength w, chances are p(code | given) (p(code | given) / p(code))^w."""
    rows = last(start((0, -1)), guidance=1.0)
    given, plain = JOINT[0] / JOINT[0].sum(), JOINT.sum(0)
    wanted = given**2 / plain
    np.testing.assert_allclose(rows.codes[:, 1].double().mean(), wanted[1] / wanted.sum(), atol=0.01)
