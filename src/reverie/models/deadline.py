"""Work that must end in time: on few rows first, then on as many as those tell that there is time for."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

FIRST_ROWS = 300
"""Rows that are always worked on, however short the time."""
MOST_GROWTH = 8
"""Times as many rows that the time of some is taken to tell of."""
LEAST_GROWTH = 1.5
"""Times as many rows that are worth another run."""
SHARE = 0.8
"""Share of the time left that is planned for."""
COLD = 0.5
"""Share of the first run's time that tells of others: compiled code is loaded in it."""

Made = TypeVar("Made")


class OutOfTimeError(Exception):
    """A deadline has passed."""


@dataclass(frozen=True)
class Deadline:
    """A moment, `at`, in seconds of the monotonic clock; infinity is never."""

    at: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Self:
        """The moment so many seconds from now; None is never."""
        return cls() if seconds is None else cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then, below 0 when it has passed."""
        return self.at - time.monotonic()

    def part(self, share: float) -> "Deadline":
        """The moment when so much of the time left will have passed."""
        return Deadline(self.at - (1 - share) * self.left) if math.isfinite(self.at) else self

    def check(self) -> None:
        """Raise OutOfTimeError if it has passed."""
        if self.left < 0:
            raise OutOfTimeError


NEVER = Deadline()


def seconds_of(deadline: Deadline) -> float | None:
    """Seconds that are left until then, at least 0; None if it is never."""
    return None if deadline == NEVER else max(deadline.left, 0.0)


def work_in_time(work: Callable[[int, Deadline], Made], rows: int, deadline: Deadline) -> tuple[Made, int]:
    """What `work` makes of as many of the `rows` as there is time for, and how many those are.

    What is cut short by OutOfTimeError counts for nothing, so the result depends on the number of rows alone.
    """
    if deadline == NEVER:
        return work(rows, NEVER), rows
    done, start, counts = min(FIRST_ROWS, rows), time.monotonic(), COLD
    made = work(done, NEVER)
    while done < rows:
        took = max((time.monotonic() - start) * counts, 1e-3)
        more = min(rows, int(done * min(SHARE * deadline.left / took, MOST_GROWTH)))
        if more < min(rows, LEAST_GROWTH * done):
            break
        start, counts = time.monotonic(), 1.0
        try:
            made, done = work(more, deadline), more
        except OutOfTimeError:
            break
    return made, done
