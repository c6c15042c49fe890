"""Seconds of the steps of a task."""

import time
from collections.abc import Callable
from typing import TypeVar

from reverie.models.base import OnProgress, Progress

Made = TypeVar("Made")


class Clock:
    """Times steps, each told of as it begins; `seconds` holds them by name."""

    def __init__(self, on_progress: OnProgress) -> None:
        self.seconds: dict[str, float] = {}
        self._tell, self._start = on_progress, time.perf_counter()

    @property
    def passed(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._start

    def time(self, step: str, work: Callable[[], Made]) -> Made:
        """What `work` gives."""
        self._tell(Progress(step, 0, 1))
        start = time.perf_counter()
        result = work()
        self.seconds[step] = round(time.perf_counter() - start, 4)
        return result
