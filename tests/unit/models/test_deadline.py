"""Work in time: as many rows as there is time for, all of them without a limit."""

import math
from types import SimpleNamespace

import pytest

from reverie.models import deadline
from reverie.models.deadline import NEVER, Deadline, OutOfTimeError, work_in_time


class Clock:
    """A clock that moves only when work is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def run(clock: Clock, seconds: float, *, rows: int = 100_000, cost: float = 1e-3, power: float = 1.0):
    """Work that takes `cost` a row, to the `power`; what it made, and the rows of each attempt."""
    asked = []

    def work(count: int, limit: Deadline) -> str:
        asked.append(count)
        for _ in range(100):
            clock.now += cost * count**power / 100
            limit.check()
        return f"of {count}"

    made, done = work_in_time(work, rows, Deadline.after(seconds))
    return made, done, asked


def test_without_a_limit_all_is_done_at_once(clock: Clock) -> None:
    assert work_in_time(lambda rows, limit: (rows, limit), 9_000, NEVER) == ((9_000, NEVER), 9_000)
    assert Deadline.after(None) == NEVER
    NEVER.check()
    assert NEVER.part(0.5) == NEVER


def test_time_enough_is_for_all_rows(clock: Clock) -> None:
    made, done, asked = run(clock, 1_000, rows=30_000)
    assert (made, done) == ("of 30000", 30_000)
    assert asked == [300, 2_400, 19_200, 30_000]


@pytest.mark.parametrize("seconds", [1, 5, 20, 60])
def test_short_time_is_kept_and_used(clock: Clock, seconds: float) -> None:
    start = clock.now
    made, done, _ = run(clock, seconds)
    assert made == f"of {done}"
    assert clock.now - start <= 1.1 * seconds
    assert done * 1e-3 > 0.2 * seconds


def test_what_is_cut_short_counts_for_nothing(clock: Clock) -> None:
    made, done, asked = run(clock, 6, cost=1e-6, power=2.2)
    assert made == f"of {done}"
    assert done < asked[-1]


def test_some_rows_are_always_worked_on(clock: Clock) -> None:
    assert run(clock, 0)[:2] == ("of 300", 300)
    assert run(clock, 0, rows=20)[:2] == ("of 20", 20)


def test_deadlines(clock: Clock) -> None:
    limit = Deadline.after(10)
    assert limit.part(0.6).left == pytest.approx(6)
    clock.now += 11
    assert limit.left == -1
    with pytest.raises(OutOfTimeError):
        limit.check()
    assert math.isinf(NEVER.left)
