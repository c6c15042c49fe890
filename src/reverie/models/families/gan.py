"""A generative adversarial network: rows that a critic learning against it cannot tell from real ones.

The critic compares real rows with generated ones in pairs, which keeps the generator from leaving out kinds
of rows. After training margins are put right, and of several drafts of a row's codes the likeliest to be real
is taken. The critic stays with the model and tells how real a row looks. Pictures and sounds are made for
finished rows by a pair of their own: see `models.painting`.

Sources: Goodfellow et al. 2014; Xu et al. 2019 (CTGAN); Huang et al. 2024 (R3GAN).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models import finishing, grids, neural, onehot, painting, rejection
from reverie.models.base import Budget, Capabilities, Fitted, OnProgress, State, silent
from reverie.models.clock import Clock
from reverie.models.collapse import collapse
from reverie.models.finishing import Finish, Margins
from reverie.models.lifting import Lifts
from reverie.models.painting import Painted, Painter
from reverie.schema.blocks import Blocks, Evidence, Spec

if TYPE_CHECKING:
    from reverie.nn.gan import Adversaries
    from reverie.nn.task import Task
    from reverie.nn.train import History

CAPABILITIES = Capabilities(
    summary="Generative adversarial network: a generator against a critic that compares pairs of rows",
    modalities=("category", "real", "grid"),
    given=True,
    dp=True,
    cost="minutes",
    advice="a second opinion on how real rows look; pictures at once, where none is given; comparison",
    requires=neural.REQUIRES,
)
CHUNK = 1 << 14
"""Rows that the critic looks at at a time."""
SEEN = 1 << 14
"""Most rows, real and generated, by which collapse is looked for."""

ROWS = 0.2
"""Share of a budget of time for the row, where there are pictures or sounds beside it."""
PAINTING = 0.95
"""Share of what is left of it after which these are learned."""

Rows = Mapping[str, np.ndarray]

LEAST_STEPS = 10
"""Steps of an epoch at least: rows that are few are passed over as often as that takes."""
PASSES = 3
"""Steps of the contest at most, for each row: more of them, and rows that are few are learned by heart."""
MOST_BLUR = 0.5
"""Most standard deviations by which numbers are blurred."""
PRIVATE = {"width": 64, "depth": 1}
"""The networks under formal privacy: noise grows with the number of weights."""
CONTEST, LESSONS, CHOICE = 0.8, 0.07, 0.08
"""Shares of a budget of time: of both networks in turns, then of the critic alone, then of the chooser."""


@dataclass(frozen=True)
class Config:
    """Options of the GAN: `latent` normals are the generator's noise; both networks have `depth` layers of
    `width`; the critic sees each number as so many `waves`, and `penalty`, applied in one of `lazy` steps,
    keeps it from being steep. `heat` is the softness of codes' gradients; numbers of n rows are learned with
    `blur` / n standard deviations of noise. In `lessons` steps after the
    contest the critic learns to judge any row, and then a network of width `chooser` to choose one of so many
    `drafts` of a row. The rest is of the training, of at least `least_steps`.

    Pictures and sounds are learned in `grid_updates` steps by networks of `channels`; `grid_penalty`, applied
    in one of `grid_lazy` steps, keeps their critic from being steep.

    Under formal privacy a small critic, the only one to look at rows, learns by `private`, fields of
    `nn.private.Steps`; there are no drafts.
    """

    latent: int = 64
    width: int = 256
    depth: int = 2
    waves: int = 6
    penalty: float = 5.0
    lazy: int = 2
    heat: float = 1.0
    blur: float = 50.0
    batch: int = 512
    rate: float = 1e-3
    average: float = 0.995
    epochs: int = 50
    least_steps: int = 1_500
    steps: int = 5_000
    lessons: int = 300
    drafts: int = 8
    chooser: int = 64
    channels: tuple[int, ...] | None = None
    grid_updates: int | None = None
    grid_penalty: float = 1.0
    grid_lazy: int = 4
    private: Mapping[str, Any] = field(default_factory=lambda: {"count": 400, "rate": 2e-3})


class Gan(Fitted):
    """A fitted pair: `task` holds both networks, `finish` makes rows of the generator's output, `looks` are
    the middle and the spread of what the critic says of real rows, `lifts` what it generates too often.
    """

    family = "gan"

    def __init__(
        self,
        specs: tuple[Spec, ...],
        task: "Adversaries",
        finish: Finish,
        looks: tuple[float, float],
        notes: tuple[str, ...] = (),
        lifts: Lifts = Lifts({}),  # noqa: B008
    ) -> None:
        self.specs, self.task, self.finish, self.looks, self.notes = specs, task, finish, looks, notes
        self.lifts = lifts

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, those of many that meet it. Raises ConditionError if too few do."""
        return rejection.answer(self._draw, n, rng, given) if given else self._draw(n, rng)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Raises ConfigError: an adversarial network has no density; `realism` ranks rows instead."""
        fix = "Use --model trees or autoregressive"
        raise ConfigError("a GAN has no density", where=f"{blocks.rows:,} rows", fix=fix)

    def realism(self, blocks: Blocks) -> np.ndarray:
        """How real each row looks to the critic, (rows,) in [0, 1]; .5 for a typical real row."""
        middle, spread = self.looks
        return expit((self.looked(blocks) - middle) / spread)

    def looked(self, blocks: Blocks) -> np.ndarray:
        """What the critic says of each row, (rows,), on a scale of its own."""
        import torch

        arrays, found = onehot.matrices(blocks), []
        with torch.inference_mode():
            for start in range(0, max(blocks.rows, 1), CHUNK):
                part = {name: torch.from_numpy(of[start : start + CHUNK]) for name, of in arrays.items()}
                found.append(self.task.critic(self.task.real(part)).numpy().astype(float))
        return np.concatenate(found)

    def state(self) -> State:
        arrays = neural.arrays_of(self.task.net) | neural.arrays_of(self.task.critic, "critic.")
        finish, more = self.finish.state()
        json = {"waves": self.task.features.waves, "looks": list(self.looks), "notes": list(self.notes)}
        return State(json | {"finish": finish}, arrays | more | self.lifts.arrays())

    def _draw(self, n: int, rng: np.random.Generator) -> Blocks:
        def lifted(rows: int) -> Blocks:
            return onehot.placed(self.specs, *self.finish.rows(self.task.net, rows, rng))

        return self.lifts.thinned(lifted, n, rng)


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:
    """Roughly what `fit` takes: told from fits of one table (Adult)."""
    return neural.seconds(specs, rows, budget, epochs=50, least=1_500, most=5_000, unit=8e-05)


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Gan | Painted:
    """Train both networks in turns, then put margins right; then a painter, if there are pictures or sounds.
    Raises ConfigError for tokens, and vectors that are no grids.
    """
    neural.require("gan")
    if budget.secret is not None:
        return _fit_privately(blocks, config, rng, budget, on_progress)
    if not grids.grids_of(blocks.specs):
        return _fit_rows(blocks, config, rng, weights, budget, on_progress)
    clock, rows, own = Clock(silent), None, grids.rows_of(blocks)
    if own.specs:
        some = replace(budget, seconds=None if budget.seconds is None else ROWS * budget.seconds)
        rows = _fit_rows(own, config, rng, weights, some, on_progress)
    left = budget.less(clock.passed)
    left = replace(left, seconds=None if left.seconds is None else PAINTING * left.seconds)
    sizes = config.channels, config.grid_updates, config.grid_penalty, config.grid_lazy, config.waves
    painter, notes = Painter.learn(
        blocks, painting.Options(*sizes), rng=rng, weights=weights, budget=left, on_progress=on_progress
    )
    return Painted(Gan.family, rows, painter, (*(rows.notes if rows else ()), *notes))


def _fit_rows(
    blocks: Blocks,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None,
    budget: Budget,
    on_progress: OnProgress,
) -> Gan:
    from reverie.nn.gan import Expertise, build

    clock, form = Clock(silent), onehot.form_of(blocks.specs)
    mass = np.ones(blocks.rows) if weights is None else np.asarray(weights, float)
    lifts = Lifts.learn(blocks, mass)
    lifted = mass * lifts.of(blocks)
    with neural.seeded(rng) as seed:
        options = {name: getattr(config, name) for name in ("latent", "width", "depth", "waves")}
        blur = min(config.blur / blocks.rows, MOST_BLUR)
        task = build(form, **options, penalty=config.penalty, lazy=config.lazy, heat=config.heat, blur=blur)
        task.net.start_from(onehot.shares(blocks, lifted))
        rows = onehot.matrices(blocks)
        course = _Course(config, seed, budget.less(clock.passed))
        notes = course.contest(task, rows, lifted, on_progress).notes
        course.lessons(Expertise(task), rows, lifted)
    finish = _finished(blocks, task, lifted, course, rng)
    made = Gan(blocks.specs, task, finish, (0.0, 1.0), notes, lifts)
    real = blocks.take(rng.choice(blocks.rows, min(SEEN, 4 * blocks.rows), p=mass / mass.sum()))
    made.looks = painting.scale(made.looked(real))
    made.notes += collapse(real, made.sample(SEEN, rng=rng))
    return made


def _fit_privately(
    blocks: Blocks, config: Config, rng: np.random.Generator, budget: Budget, on_progress: OnProgress
) -> Gan:
    """Put margins right by the made-up `blocks`, after a contest in which noise is added to the critic."""
    from reverie.nn.gan import build
    from reverie.nn.private import Steps

    assert budget.secret is not None
    form, mass = onehot.form_of(blocks.specs), np.ones(blocks.rows)
    with neural.seeded(rng):
        options = {"latent": config.latent, **PRIVATE, "waves": config.waves, "heat": config.heat}
        task = build(form, **options, guarded=True)
        task.net.start_from(onehot.shares(blocks, mass))
    budget.secret.train(
        task, onehot.matrices, Steps(**config.private), blocks.rows, threads=budget.threads,
        on_progress=on_progress,
    )  # fmt: skip
    finish = finishing.put_right(task.net, task.form, Margins.of(blocks, mass, rng), rng)
    made = Gan(blocks.specs, task, finish, (0.0, 1.0))
    made.looks = painting.scale(made.looked(made.sample(SEEN, rng=rng)))
    return made


@dataclass(frozen=True)
class _Course:
    """What is trained one after the other, each within a share of the budget's time."""

    config: Config
    seed: int
    budget: Budget

    def contest(self, task: "Task", rows: Rows, weights: np.ndarray, on_progress: OnProgress) -> "History":
        """Both networks in turns."""
        config = self.config
        epoch = max(len(rows["codes"]) // config.batch, LEAST_STEPS)
        least = min(config.least_steps, PASSES * len(rows["codes"]))
        epochs = max(config.epochs, -(-least // epoch))
        course = {"epochs": epochs, "steps": config.steps, "average": config.average, "decay": 0.0}
        return self._train(task, rows, weights, course, CONTEST, on_progress)

    def lessons(self, task: "Task", rows: Rows, weights: np.ndarray) -> None:
        """The critic, once the contest is over."""
        steps = max(self.config.lessons, 1)
        course = {"epochs": -(-steps // LEAST_STEPS), "steps": steps}
        self._train(task, rows, weights, course, LESSONS)

    def choice(self, task: "Task", rows: Rows, weights: np.ndarray) -> float:
        """The chooser of drafts; gives the least loss of rows held out."""
        course = {"batch": 1024, "rate": 3e-3, "epochs": 60, "cosine": False, "patience": 2}
        epochs = self._train(task, rows, weights, course, CHOICE).epochs
        return min((epoch.held_out for epoch in epochs), default=np.inf)

    def _train(
        self,
        task: "Task",
        rows: Rows,
        weights: np.ndarray,
        course: dict[str, Any],
        share: float,
        on_progress: OnProgress = silent,
    ) -> "History":
        time, config = self.budget.seconds, self.config
        some = replace(self.budget, seconds=None if time is None else share * time)
        alike = {"batch": config.batch, "rate": config.rate, "least_steps": LEAST_STEPS, "cosine": True}
        return neural.train(
            task, rows, weights, alike | course, seed=self.seed, budget=some, on_progress=on_progress
        )


def _finished(
    blocks: Blocks,
    task: "Adversaries",
    mass: np.ndarray,
    course: _Course,
    rng: np.random.Generator,
) -> Finish:
    """Margins put right, and a chooser of drafts if rows can be told from real ones."""
    from reverie.nn.drafts import Chooser

    config, margins = course.config, Margins.of(blocks, mass, rng)
    finish = finishing.put_right(task.net, task.form, margins, rng)
    if config.drafts < 2 or not task.form.sizes:
        return finish
    with neural.seeded(rng):
        chooser = Chooser(task.form, config.waves, config.chooser, 1)
    return finishing.with_chooser(
        finish, task.net, chooser, config.drafts, blocks=blocks, mass=mass, margins=margins,
        train=course.choice, rng=rng,
    )  # fmt: skip


def from_state(specs: tuple[Spec, ...], state: State) -> Gan | Painted:
    """Rebuild what `Gan.state` gave. Raises ArtifactError on a state that makes no sense."""
    neural.require("gan")
    try:
        return _repainted(specs, state) if grids.grids_of(specs) else _restored(specs, state)
    except (KeyError, ValueError, TypeError, IndexError):
        raise ArtifactError("the GAN's state is damaged", fix="Fit the model again") from None


def _repainted(specs: tuple[Spec, ...], state: State) -> Painted:
    own = grids.rest_of(specs)
    if bool(own) != (state.json["rows"] is not None):
        raise ValueError("the state is of other blocks")
    rows = _restored(own, State(state.json["rows"], state.arrays)) if own else None
    painter = Painter.restored(specs, State(state.json["grids"], state.arrays))
    return Painted(Gan.family, rows, painter, tuple(map(str, state.json["notes"])))


def _restored(specs: tuple[Spec, ...], state: State) -> Gan:
    from reverie.nn.gan import build

    arrays, waves = state.arrays, int(state.json["waves"])
    width, latent = arrays["net.first.weight"].shape
    depth = sum(name.startswith("net.layers.") and name.endswith(".weight") for name in arrays)
    if not 0 < waves < 1 << 10:
        raise ValueError("no such features")
    task = build(onehot.form_of(specs), latent=latent, width=width, depth=depth, waves=waves)
    neural.load_arrays(task.net, arrays)
    neural.load_arrays(task.critic, arrays, "critic.")
    finish = Finish.restored(task.form, state.json["finish"], arrays)
    looks, notes = painting.scale_of(state.json["looks"]), tuple(map(str, state.json["notes"]))
    return Gan(specs, task, finish, looks, notes, Lifts.restored(specs, arrays))
