"""Plans: every category is drawn once, gates come first, and numbers reach zero noise at the end."""

import numpy as np
import pytest

from reverie.nn.plan import Form, Plan
from reverie.nn.schedules import NOISE


def form(sizes=(3, 4, 2, 5), gate=(-1, 2, 2, -1)):
    gates = np.array(gate, int)
    return Form(sizes, np.arange(len(gates)), gates, np.zeros(len(gates), int))


@pytest.mark.parametrize("steps", [2, 4, 9])
def test_every_category_is_drawn_once_and_gates_first(steps):
    plan = Plan.of(form(), steps, 1.5)
    drawn = [at for share in plan.reveals for at in share]
    assert len(plan.reveals) == steps
    assert sorted(drawn) == [0, 1, 2, 3]
    assert drawn[0] == 2


def test_numbers_fall_to_no_noise_from_their_gates_on():
    angles = Plan.of(form(), 9, 1.5).angles.numpy()
    assert angles.shape == (10, 4)
    np.testing.assert_allclose(angles[0], NOISE)
    np.testing.assert_array_equal(angles[-1], 0)
    np.testing.assert_allclose(angles[1, 1:3], NOISE)  # the gate is drawn in the first step
    assert (angles[1, [0, 3]] < NOISE).all()
    assert (np.diff(angles, axis=0) <= 0).all()


def test_what_is_known_before_each_step():
    plan = Plan.of(form(), 4, 1.0)
    np.testing.assert_array_equal(plan.known(4).sum(1), [0, 1, 2, 3])
    assert plan.known(4)[1, 2]


def test_only_what_is_wanted():
    plan = Plan.of(form(), 9, 1.5, [3, 2], numbers=False)
    assert plan.reveals == ((2,), (3,))
    np.testing.assert_allclose(plan.angles, NOISE)
    plan = Plan.of(form(), 9, 1.5, [])
    assert len(plan.reveals) == 9
    assert not any(plan.reveals)
    assert (plan.angles[-1] == 0).all()


def test_no_numbers_need_no_more_steps_than_categories():
    assert Plan.of(form(gate=()), 16, 1.5).reveals == ((0,), (1,), (2,), (3,))


def test_blocks_of_numbers():
    assert Form((), np.array([0, 0, 1]), np.full(3, -1), np.zeros(3, int)).reals == 2
    assert Form((2,), *(np.zeros(0, int) for _ in range(3))).reals == 0
