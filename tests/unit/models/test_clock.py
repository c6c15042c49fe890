"""Seconds of steps."""

from reverie.models.base import Progress
from reverie.models.clock import Clock


def test_steps_are_told_of_and_timed() -> None:
    told: list[Progress] = []
    clock = Clock(told.append)
    assert clock.time("read", lambda: 5) == 5
    assert [one.step for one in told] == ["read"]
    assert 0 <= clock.seconds["read"] <= clock.passed
