"""The figures that Reverie set out to reach with its default settings on Adult, and whether it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memory import LargeSample
from results import Result

DATA = "adult"
HEAD = ("", "must", "aim", "measured", "reached")


@dataclass(frozen=True)
class Goal:
    """A bound that must be met and perhaps one that is aimed at, both in the unit of the measured value."""

    name: str
    value: float | None
    must: float
    aim: float | None = None
    better: str = "lower"
    decimals: int = 3

    def row(self) -> list[str]:
        """Name, both bounds, what was measured, and which bound was reached."""
        sign = "<=" if self.better == "lower" else ">="
        bounds = ["-" if one is None else f"{sign} {self.shown(one)}" for one in (self.must, self.aim)]
        return [self.name, *bounds, self.shown(self.value), self._reached()]

    def shown(self, value: float | None) -> str:
        """A figure with the decimals of this goal."""
        return "-" if value is None else f"{value:,.{self.decimals}f}"

    def _reached(self) -> str:
        if self.value is None:
            return "not measured"
        side = 1 if self.better == "lower" else -1
        bounds = {"aim": self.aim, "must": self.must}
        met = (name for name, one in bounds.items() if one is not None and side * (self.value - one) <= 0)
        return next(met, "**missed**")


def rows(runs: Mapping[str, Result], large: Sequence[LargeSample]) -> list[list[str]]:
    """One row a goal, from the runs on Adult; empty if Reverie did not run."""
    run, fast = runs.get("reverie"), runs.get("reverie-fast")
    if run is None:
        return []
    judged = run.outside or {}
    peak = next((one.cost.peak_mb for one in large if one.system == "Reverie" and one.cost), None)
    goals = [
        Goal("fit, whole command, s", run.fit_seconds, 10, 4, decimals=1),
        Goal("rows/s, default", run.rows_per_second, 40_000, 200_000, "higher", 0),
        Goal("rows/s, --fast", fast.rows_per_second if fast else None, 300_000, 1_000_000, "higher", 0),
        Goal("peak MB, 10 million rows", peak, 1_500, 1_500, decimals=0),
        Goal("shape error, %", judged.get("shape_err"), 0.60, 0.54),
        Goal("trend error, %", judged.get("trend_err"), 1.45, 1.37),
        Goal("c2st fresh", judged.get("c2st_fresh"), 0.56, 0.53),
        Goal("mle below real", below(judged.get("mle_real"), judged.get("mle")), 0.010, 0.004),
        Goal("dcr share, distance from .5", below(judged.get("dcr_share"), 0.5, absolute=True), 0.02, 0.01),
        Goal("exact copies", judged.get("exact"), judged.get("exact_holdout", 0.0), 0.0, decimals=4),
    ]
    return [goal.row() for goal in goals]


def below(high: float | None, low: float | None, *, absolute: bool = False) -> float | None:
    """What `low` lacks to `high`, or their distance; None if either is not known."""
    if high is None or low is None:
        return None
    return abs(high - low) if absolute else high - low
