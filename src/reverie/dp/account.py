"""The account of a fit under formal privacy: what it may spend, and what each question has cost.

Every question is answered by a mechanism that is mu-Gaussian differentially private, so that squares of mu
add up, whatever was asked because of earlier answers; steps on sampled rows are composed numerically
(privacy loss distributions, by dp-accounting). Neighbours differ in one row, or in all rows of one entity,
that is added or removed. Sources: Dong, Roth & Su (2022), Gaussian Differential Privacy; Balle & Wang (2018),
Improving the Gaussian Mechanism; Koskela et al. (2020).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

from scipy.optimize import brentq
from scipy.stats import norm

from reverie.core.errors import ConfigError

MOST_DELTA = 1e-3
THRESHOLDS = 0.1
"""Share of delta for thresholds over which a value that was not known before is told."""
HALF = 0.5
"""By how much a noisy count is rounded up at most."""
ROUNDING = 1e-6
"""By how much shares may add up to more than one."""
REQUIRES = ("dp_accounting", "mbi")


@dataclass(frozen=True)
class Privacy:
    """(epsilon, delta)-differential privacy of each row or, with `unit`, of each entity named in that column,
    of which at most `most` rows are learned from. With a `cap`, a fit is refused by which all promises about
    the same data would pass that epsilon.

    Raises ConfigError for a promise that means nothing.
    """

    epsilon: float
    delta: float = 1e-5
    unit: str | None = None
    most: int = 1
    cap: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.epsilon) and self.epsilon > 0):
            fix = "Give a number above 0: 1 is strong, 8 is weak"
            raise ConfigError(f"{self.epsilon} is no epsilon", where="--epsilon", fix=fix)
        if not 0 < self.delta <= MOST_DELTA:
            fix = "Give a number above 0 and far below one over the number of rows, such as 1e-5"
            raise ConfigError(f"{self.delta} is no delta", where="--delta", fix=fix)
        if self.most < 1:
            fix = "Give a whole number from 1"
            raise ConfigError(f"{self.most} rows of an entity are none", where="--unit-rows", fix=fix)
        if self.cap is not None and not self.cap > 0:
            raise ConfigError(f"{self.cap} is no cap", where="--epsilon-cap", fix="Give a number above 0")

    @classmethod
    def of(cls, value: "Privacy | float | None") -> "Privacy | None":
        """A promise as it is, or one of that epsilon; None is none."""
        return value if value is None or isinstance(value, Privacy) else cls(float(value))


@dataclass(frozen=True)
class Event:
    """A question and the mechanism that answered it.

    A `gaussian` has its `mu`; `sampled` steps have the chance `rate` of each row, `noise` as a multiple of
    the bound, and their number. `delta` is what it adds to delta.
    """

    what: str
    mechanism: str
    mu: float = 0.0
    rate: float = 0.0
    noise: float = 0.0
    steps: int = 0
    delta: float = 0.0


@dataclass
class Account:
    """Spends `promise` in shares of the square of mu; `questions` is into how many parts the thresholds'
    delta is divided.
    """

    promise: Privacy
    questions: int = 1
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mu = mu_of(self.promise.epsilon, self.promise.delta * (1 - THRESHOLDS))
        self._left = 1.0

    @property
    def left(self) -> float:
        """The share of the square of mu that nothing has been asked for yet."""
        return self._left

    def deviation(self, share: float) -> float:
        """The noise that `gaussian` would give for a share, which is not spent."""
        return self._most / (self._mu * math.sqrt(share))

    def gaussian(self, what: str, share: float) -> float:
        """The standard deviation of the noise on an answer of which a single row changes the 2-norm by 1.

        With entities of several rows it is as many times larger. Raises ValueError if the share is spent.
        """
        mu = self._take(share)
        self.events.append(Event(what, "gaussian", mu))
        return self._most / mu

    def threshold(self, what: str, share: float) -> tuple[float, float]:
        """As `gaussian`, for counts of values that are not known beforehand: the noise, and what a noisy
        count must be above for its value to be told.

        A value that is there because of one entity is told with a probability of no more than delta's part.
        """
        mu, delta, most = self._take(share), self.promise.delta * THRESHOLDS / self.questions, self._most
        if sum(event.delta for event in self.events) + delta > self.promise.delta * THRESHOLDS + 1e-18:
            raise ValueError("more thresholds than questions were told of")
        self.events.append(Event(what, "gaussian", mu, delta=delta))
        noise = most / mu
        return noise, most + HALF + noise * float(norm.isf(delta / most))

    def choice(self, what: str, share: float) -> float:
        """The epsilon of one choice by the exponential mechanism, for a score that one row changes by 1."""
        mu = self._take(share)
        self.events.append(Event(what, "gaussian", mu))
        return math.log(norm.cdf(mu / 2) / norm.sf(mu / 2)) / self._most

    def sampled(self, what: str, rate: float, steps: int) -> float:
        """The noise of each of `steps` steps, each on rows taken with chance `rate`, as a multiple of the
        bound of a row (or an entity): all that is left is spent on them. Raises ConfigError if none is.
        """

        def excess(log_noise: float) -> float:
            event = Event(what, "sampled", rate=rate, noise=math.exp(log_noise), steps=steps)
            return epsilon_of([*self.events, event], self.promise.delta) - self.promise.epsilon

        low, high = math.log(0.3), math.log(200.0)
        if self._left <= 0 or excess(high) > 0:
            fix = "Use a larger --epsilon"
            raise ConfigError("leaves nothing to train with", where="--epsilon", fix=fix)
        found = low if excess(low) <= 0 else _root(excess, low, high, 2e-3) + 4e-3
        self._left = 0.0
        noise = math.exp(found)
        self.events.append(Event(what, "sampled", rate=rate, noise=noise, steps=steps))
        return noise

    def spent(self) -> float:
        """Epsilon of all that was asked, at the delta of the promise."""
        return epsilon_of(self.events, self.promise.delta)

    def statement(self) -> dict[str, Any]:
        """The promise, what was spent, and every question, JSON-able."""
        spent = {"spent": self.spent(), "events": [asdict(event) for event in self.events]}
        return {**asdict(self.promise), **spent}

    @property
    def _most(self) -> int:
        return self.promise.most

    def _take(self, share: float) -> float:
        if not 0 < share <= self._left + ROUNDING:
            raise ValueError(f"a share of {share:.3g} is asked for, and {self._left:.3g} is left")
        self._left = max(self._left - share, 0.0)
        return self._mu * math.sqrt(share)


def delta_of(epsilon: float, mu: float) -> float:
    """The least delta for which a mu-Gaussian mechanism keeps epsilon (Balle & Wang 2018, theorem 8)."""
    late = float(norm.logcdf(-epsilon / mu - mu / 2))
    return float(norm.cdf(-epsilon / mu + mu / 2)) - math.exp(min(epsilon + late, 0.0))


def mu_of(epsilon: float, delta: float) -> float:
    """The largest mu of a Gaussian mechanism that keeps (epsilon, delta)."""
    # Less by more than the root may be wrong, on the side of privacy.
    return _root(lambda mu: delta_of(epsilon, mu) - delta, 1e-6, 50.0, 1e-10) - 1e-9


def epsilon_of(events: Sequence[Event], delta: float) -> float:
    """Epsilon of all events together at `delta`; infinite if their own deltas take that up."""
    left = delta - sum(event.delta for event in events)
    if left <= 0:
        return math.inf
    mu = math.sqrt(sum(event.mu**2 for event in events))
    steps = [event for event in events if event.mechanism == "sampled"]
    if not steps:
        return _search(mu, left)
    from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent
    from dp_accounting.pld import PLDAccountant

    accountant: Any = PLDAccountant()
    if mu:
        accountant.compose(GaussianDpEvent(1 / mu))
    for event in steps:
        accountant.compose(PoissonSampledDpEvent(event.rate, GaussianDpEvent(event.noise)), event.steps)
    return float(accountant.get_epsilon(left))


def _search(mu: float, delta: float) -> float:
    if not mu or delta_of(0.0, mu) <= delta:
        return 0.0
    high = 1.0
    while delta_of(high, mu) > delta:
        high *= 2
    return _root(lambda epsilon: delta_of(epsilon, mu) - delta, 0.0, high, 1e-9)


def _root(function: Callable[[float], float], low: float, high: float, error: float) -> float:
    found: Any = brentq(function, low, high, xtol=error)
    return float(found)


def check_installed() -> None:
    """Raise ConfigError, with what to install, if a library of formal privacy is not there."""
    if any(find_spec(name) is None for name in REQUIRES):
        fix = "pip install 'reverie[dp]', or leave --epsilon out"
        raise ConfigError("formal privacy needs more than is installed", where="--epsilon", fix=fix)
