"""Days of the week that never occur: only the others are counted, so that weekends stay free."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

DAYS = 7
_ENOUGH = 60


@dataclass(frozen=True)
class Week:
    """The days of a week that occur, as remainders of days since the origin by 7, ascending."""

    days: tuple[int, ...] = tuple(range(DAYS))

    @classmethod
    def of(cls, days: np.ndarray) -> "Week":
        """Of distinct days (int64), if there are at least 60: absence from fewer may be chance."""
        return cls(tuple(np.unique(days % DAYS).tolist())) if len(days) >= _ENOUGH else cls()

    def count(self, days: np.ndarray) -> np.ndarray:
        """The running number of each day among those that occur; one that never does takes the one before."""
        if len(self.days) == DAYS:
            return days
        before = np.searchsorted(np.array(self.days), np.arange(DAYS), side="right") - 1
        return days // DAYS * len(self.days) + before[days % DAYS]

    def restore(self, numbers: np.ndarray) -> np.ndarray:
        """The days of running numbers."""
        if len(self.days) == DAYS:
            return numbers
        return numbers // len(self.days) * DAYS + np.array(self.days)[numbers % len(self.days)]

    def place(self, day: Fraction) -> Fraction:
        """The running number of a day; between two numbers if the moment is no day that occurs."""
        whole = day // 1
        number = int(self.count(np.array([whole], dtype=np.int64))[0])
        exact = whole == day and whole % DAYS in self.days
        return Fraction(number) if exact else Fraction(2 * number + 1, 2)
