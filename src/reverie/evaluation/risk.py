"""The risk of an attack: what it does better on rows the generator learned from than on rows it never saw.

An attack that succeeds alike on both tells what synthetic data is for: the population. Source: Giomi,
Boenisch, Wehmeyer and Tasnadi (2023), A Unified Framework for Quantifying Privacy Risk in Synthetic Data.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.evaluation.base import Measurement
from reverie.evaluation.intervals import Estimate, newcombe
from reverie.evaluation.view import Side, View

TARGETS, REFERENCES, FEWEST = 2000, 25_000, 50
"""People attacked of each kind, synthetic rows looked at, and rows of each without which nothing is tried."""


@dataclass(frozen=True)
class Rate:
    """So many of so many guesses were right; neither needs to be whole."""

    hits: float
    tries: float

    @classmethod
    def of(cls, right: np.ndarray) -> "Rate":
        """The mean of shares in [0, 1], (people,), as one of as many guesses as are as sure as it."""
        share = float(right.mean())
        variance = float(right.var()) / max(len(right) - 1, 1)
        tries = share * (1 - share) / variance if variance > 0 else float(len(right))
        return cls(share * tries, tries)

    @property
    def share(self) -> float:
        """Right guesses by guesses; 0 if there were none."""
        return self.hits / self.tries if self.tries else 0.0


@dataclass(frozen=True)
class Attack:
    """The same attack on training rows, on unseen rows, and by chance alone."""

    attack: Rate
    control: Rate
    baseline: float
    among: int = 1
    """It is the worst of so many attacks, which the interval allows for."""

    def risk(self) -> tuple[float, float, float]:
        """(attack - control) / (1 - control) with its 95 % interval, in [-1, 1]; below 0 is chance."""
        attack, control = self.attack, self.control
        low, high = newcombe(attack.share, attack.tries, control.share, control.tries, self.among)
        rest = max(1.0 - self.control.share, 1e-9)
        value, low, high = (
            min(1.0, max(-1.0, part / rest)) for part in (attack.share - control.share, low, high)
        )
        return value, low, high

    def to_dict(self) -> dict[str, Any]:
        """The rates, as the report shows them."""
        return {
            "attack": float(self.attack.share),
            "control": float(self.control.share),
            "baseline": float(self.baseline),
            "tries": self.attack.tries,
            "among": self.among,
            "weak": bool(self.attack.share <= self.baseline),
        }


def draw(view: View, rng: np.random.Generator) -> tuple[Side, Side, Side] | None:
    """Synthetic rows, and as many training as unseen rows to attack by them.

    None without a holdout, with fewer than two columns or with too few rows.
    """
    if view.holdout is None or len(view.fields) < 2:
        return None
    size = min(view.real.rows, view.holdout.rows, TARGETS)
    if size < FEWEST or view.fake.rows < FEWEST:
        return None
    fake = view.fake.some(REFERENCES, rng)
    return fake, view.real.some(size, rng), view.holdout.some(size, rng)


def area(name: str, estimate: Estimate, n: int, explanation: str) -> Measurement:
    """An AUC of telling people learned from from others, as a measurement; 0.5 is no risk."""
    low, high = estimate.interval(0.0, 1.0)
    return Measurement(name, estimate.value, low, high, 0.5, n, "lower", 0.5, explanation)


def figure(name: str, attack: Attack, explanation: str, **detail: Any) -> Measurement:
    """The risk as a measurement; `detail` is added to the rates."""
    value, low, high = attack.risk()
    return Measurement(
        name=name,
        value=value,
        low=low,
        high=high,
        floor=0.0,
        n=round(attack.attack.tries),
        better="lower",
        ideal=0.0,
        explanation=explanation,
        detail={**attack.to_dict(), **detail},
    )
