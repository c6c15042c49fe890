"""The contract of a model family: fit on blocks, then sample, condition, score and save the same way.

A family is a module in `families/` with `CAPABILITIES`, a frozen `Config` dataclass whose every field has a
default, and `fit(...)` as typed by `Family`. What `fit` returns is a `Fitted`. `families` finds the modules.
One more function is optional: `seconds(specs, rows, budget) -> float`, the time that an unhurried `fit`
takes, as far as that can be told beforehand; `models/cost.py` asks for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from reverie.core import registry
from reverie.core.errors import ConfigError
from reverie.schema.blocks import Blocks, Evidence, Spec

if TYPE_CHECKING:
    from reverie.models.secret import Secret

PACKAGE = "reverie.models.families"


@dataclass(frozen=True)
class Progress:
    """One step of a long task: `done` of `total` units of `step`."""

    step: str
    done: float
    total: float


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class Budget:
    """What a fit may spend; None is no limit. Seconds are of wall-clock time.

    `device` is where networks learn: auto (a GPU if there is one), cpu or cuda. `checkpoint` is a folder for
    what they need to go on if they are killed; it is cleared by who gave it. With a `secret`, formal privacy
    is promised: the blocks that are fitted are made up, and the real rows are asked through it.
    """

    seconds: float | None = None
    threads: int = 2
    device: str = "auto"
    checkpoint: Path | None = None
    secret: "Secret | None" = None

    def less(self, passed: float) -> "Budget":
        """What is left of it after so many seconds."""
        return self if self.seconds is None else replace(self, seconds=max(self.seconds - passed, 0.0))


@dataclass(frozen=True)
class Capabilities:
    """What a family can do, shown by `reverie models` and checked before fitting.

    `cost` says in words how long fitting takes, `advice` when to choose the family; `requires` are the
    modules that it cannot do without.
    """

    summary: str
    log_prob: bool = False
    given: bool = False
    context: bool = False
    dp: bool = False
    modalities: tuple[str, ...] = ("category", "real")
    requires: tuple[str, ...] = ()
    cost: str = ""
    advice: str = ""


@dataclass(frozen=True)
class State:
    """A fitted model as plain data: `json` is JSON-able, `arrays` are arrays without Python objects."""

    json: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


class Fitted(ABC):
    """A fitted model over `specs`."""

    family: str
    specs: tuple[Spec, ...]
    notes: tuple[str, ...] = ()
    """What a user should know of how it was learned."""

    @abstractmethod
    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, from the distribution conditional on it.

        Evidence with per-row arrays must have `n` rows, and row i of the result answers row i of the
        evidence. Raises ConditionError if the model holds the evidence to be impossible.
        """

    @abstractmethod
    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,) float64.

        A category counts with its probability, a real with its density.
        """

    def guided(self, strength: float) -> "Fitted":  # noqa: ARG002
        """The model that is guided so strongly by what is given. Raises ConfigError if it cannot be."""
        what = f"family '{self.family}' is not guided by what is given"
        raise ConfigError(what, where="guidance", fix="Leave it out, or use diffusion")

    @abstractmethod
    def state(self) -> State:
        """Everything needed to rebuild the model, without any training row."""


@runtime_checkable
class Discerning(Protocol):
    """A model with a critic of its own."""

    def realism(self, blocks: Blocks) -> np.ndarray:
        """How real each row looks to the critic, (rows,) in [0, 1]."""
        ...


@runtime_checkable
class Bare(Protocol):
    """A model of rows with grids or texts, which can leave these out: they take far longer."""

    def bare(self, n: int, rng: np.random.Generator) -> Blocks:
        """`n` rows without their grids and texts."""
        ...


@runtime_checkable
class Varying(Protocol):
    """A model that knows which rows are near to a given one, and which lie between two."""

    def vary(self, blocks: Blocks, strength: float, rng: np.random.Generator) -> Blocks:
        """A variation of each row: of strength 0 it is the row as the model knows it, of 1 any row."""
        ...

    def interpolate(self, a: Blocks, b: Blocks, steps: int, rng: np.random.Generator) -> Blocks:
        """`steps` rows on the way from each row of `a` to that of `b`, both ends among them, pair by pair."""
        ...


class Family(Protocol):
    """What a module in `families/` offers."""

    CAPABILITIES: Capabilities
    Config: type

    def fit(
        self,
        blocks: Blocks,
        *,
        config: Any,
        rng: np.random.Generator,
        weights: np.ndarray | None = None,
        budget: Budget = Budget(),
        on_progress: OnProgress = silent,
    ) -> Fitted:
        """Learn P(blocks); `weights` (rows,) are relative frequencies of the rows."""
        ...

    def from_state(self, specs: tuple[Spec, ...], state: State) -> Fitted:
        """Rebuild what `Fitted.state` gave. Raises ArtifactError on a state that makes no sense."""
        ...


def families() -> tuple[str, ...]:
    """Names of all families, sorted."""
    return registry.names(PACKAGE)


def family(name: str) -> Family:
    """The family called `name`. Raises ConfigError, naming the families there are, if unknown."""
    try:
        return registry.load(PACKAGE, name)  # type: ignore[return-value]
    except KeyError:
        raise ConfigError(
            f"no model family '{name}'", where="--model", fix=f"Choose one of: auto, {', '.join(families())}"
        ) from None
