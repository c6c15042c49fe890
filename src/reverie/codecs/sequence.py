"""Running numbers: 1, 2, 3 or INV-0001, INV-0002, with or without a fixed head and tail."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

_NUMBERED = r"^(?P<head>\D*)(?P<digits>\d{1,18})(?P<tail>\D*)$"


DENSE = 0.3
"""Share of the places between their bounds that running numbers take at least."""


@dataclass(frozen=True)
class Run:
    """What is known of numbers that might run: bounds, common step, count; bounds never leave the sketch."""

    count: int
    low: int
    high: int
    step: int
    head: str = ""
    tail: str = ""
    width: int = 0

    @property
    def density(self) -> float:
        """Share of the places between the bounds that are taken."""
        return self.count / ((self.high - self.low) // max(self.step, 1) + 1)


def runs(values: pa.Array) -> bool:
    """Whether the values are running numbers, each there once: new ones coincide with them by design."""
    if pt.is_integer(values.type):
        run = measure_integers(values)
    else:
        run = measure_strings(values) if pt.is_string(values.type) else None
    once = run is not None and pc.count_distinct(values).as_py() == run.count
    return run is not None and once and run.density >= DENSE


def measure_integers(values: pa.Array) -> Run | None:
    """The run of the non-null numbers; None if there are none or some are not whole."""
    present = values.drop_null()
    if not len(present):
        return None
    try:
        whole = present.cast(pa.int64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    step = int(np.gcd.reduce(np.abs(whole - whole[0])))
    return Run(len(whole), int(whole.min()), int(whole.max()), step)


def measure_strings(values: pa.Array) -> Run | None:
    """The run of strings made of one head, a number and one tail; None if they are not."""
    present = values.drop_null().cast(pa.string())
    parts = pc.extract_regex(present, _NUMBERED)
    if not len(present) or parts.null_count:
        return None
    heads, digits, tails = (pc.struct_field(parts, name) for name in ("head", "digits", "tail"))
    if len(pc.unique(heads)) > 1 or len(pc.unique(tails)) > 1:
        return None
    widths = pc.min_max(pc.binary_length(digits)).as_py()
    padded = bool(pc.any(pc.starts_with(digits, "0")).as_py()) and widths["min"] > 1
    if padded and widths["min"] != widths["max"]:
        return None
    run = measure_integers(digits.cast(pa.int64()))
    if run is None:
        return None
    width = widths["max"] if padded else 0
    return Run(run.count, run.low, run.high, run.step, heads[0].as_py(), tails[0].as_py(), width)


def join_runs(left: Run | None, right: Run | None) -> Run | None:
    """The run of two partitions together; None if they do not go together."""
    if left is None or right is None or (left.head, left.tail) != (right.head, right.tail):
        return None
    if left.width and right.width and left.width != right.width:
        return None
    step = math.gcd(left.step, right.step, abs(left.low - right.low))
    low, high = min(left.low, right.low), max(left.high, right.high)
    return Run(left.count + right.count, low, high, step, left.head, left.tail, max(left.width, right.width))


@dataclass(frozen=True)
class Sequence:
    """Numbers from `start` on, `step` apart."""

    start: int
    step: int
    head: str = ""
    tail: str = ""
    width: int = 0

    @classmethod
    def following(cls, run: Run) -> "Sequence":
        """A fresh sequence of the same form, from a round number on, so the first real one is not told."""
        step = max(run.step, 1)
        if 0 <= run.low <= step:
            start = run.low
        else:
            unit = 10 ** len(str(run.high - run.low))
            start = run.low // unit * unit
            start = start if start or run.low < 0 else step
        return cls(start, step, run.head, run.tail, run.width)

    def numbers(self, index: np.ndarray) -> pa.Array:
        """The number of each row, int64."""
        return pa.array(self.start + index.astype(np.int64) * self.step)

    def strings(self, index: np.ndarray) -> pa.Array:
        """The number of each row between head and tail, padded with zeros to its width."""
        digits = pc.utf8_lpad(self.numbers(index).cast(pa.string()), max(self.width, 1), "0")
        return pc.binary_join_element_wise(self.head, digits, self.tail, "")

    def state(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Sequence":
        """Rebuild what `state` gave."""
        return cls(**state)
