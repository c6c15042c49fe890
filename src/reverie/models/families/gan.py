"""A generative adversarial network: rows that a critic learning against it cannot tell from real ones.

The critic compares real rows with generated ones in pairs, which keeps the generator from leaving out kinds
of rows. Margins are put right after training. The critic stays with the model and tells how real a row looks.

Sources: Goodfellow et al. 2014; Xu et al. 2019 (CTGAN); Huang et al. 2024 (R3GAN).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models import neural, rejection
from reverie.models.base import Budget, Capabilities, Fitted, OnProgress, State, silent
from reverie.models.calibration import Map, shifts
from reverie.models.collapse import collapse
from reverie.models.density import Residuals
from reverie.schema.blocks import Blocks, Category, Evidence, Real, Spec

if TYPE_CHECKING:
    import torch

    from reverie.nn.gan import Adversaries, Form
    from reverie.nn.task import Task
    from reverie.nn.train import History

CAPABILITIES = Capabilities(
    summary="Generative adversarial network: a generator against a critic that compares pairs of rows",
    given=True,
    cost="minutes",
    advice="a second opinion on how real rows look; comparison",
    requires=neural.REQUIRES,
)
CHUNK = 1 << 14
"""Rows that are generated at a time."""
SEEN = 1 << 14
"""Most rows, real and generated, by which margins are put right and collapse is looked for."""

LEAST_STEPS = 10
"""Steps of an epoch at least: rows that are few are passed over as often as that takes."""
CONTEST, LESSONS = 0.85, 0.1
"""Shares of a budget of time: of both networks in turns, then of the critic alone."""


@dataclass(frozen=True)
class Config:
    """Options of the GAN: `latent` normals are the generator's noise; both networks have `depth` layers of
    `width`; the critic sees each number as so many `waves`, and `penalty`, applied in one of `lazy` steps,
    keeps it from being steep. `heat` is the softness of codes' gradients. In `lessons` steps after the
    contest the critic learns to judge any row. The rest is of the training, of at least `least_steps`.
    """

    latent: int = 64
    width: int = 256
    depth: int = 2
    waves: int = 6
    penalty: float = 5.0
    lazy: int = 2
    heat: float = 1.0
    batch: int = 512
    rate: float = 1e-3
    average: float = 0.995
    epochs: int = 60
    least_steps: int = 1_500
    steps: int = 5_000
    lessons: int = 300


class Gan(Fitted):
    """A fitted pair: `task` holds both networks, `shift` (codes,) and `maps` put margins right, `looks` are
    the middle and the spread of what the critic says of real rows.
    """

    family = "gan"

    def __init__(
        self,
        specs: tuple[Spec, ...],
        task: "Adversaries",
        shift: np.ndarray,
        maps: tuple[Map, ...],
        looks: tuple[float, float],
        notes: tuple[str, ...] = (),
    ) -> None:
        self.specs, self.task, self.shift, self.maps = specs, task, shift, maps
        self.looks, self.notes = looks, notes

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

        arrays, found = _arrays(blocks), []
        with torch.inference_mode():
            for start in range(0, max(blocks.rows, 1), CHUNK):
                part = {name: torch.from_numpy(of[start : start + CHUNK]) for name, of in arrays.items()}
                found.append(self.task.critic(self.task.real(part)).numpy().astype(float))
        return np.concatenate(found)

    def state(self) -> State:
        arrays = neural.arrays_of(self.task.net) | neural.arrays_of(self.task.critic, "critic.")
        for i, each in enumerate(self.maps):
            for side, scale in (("made", each.made), ("wanted", each.wanted)):
                arrays |= {f"{side}.{i}": scale.knots, f"{side}.{i}.tails": scale.tails}
        fine = [[each.made.fine, each.wanted.fine] for each in self.maps]
        json = {"waves": self.task.features.waves, "looks": list(self.looks), "fine": fine}
        return State(json | {"notes": list(self.notes)}, arrays | {"shift": self.shift})

    def _draw(self, n: int, rng: np.random.Generator) -> Blocks:
        import torch

        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        parts = [self._part(min(CHUNK, n - start), noise) for start in range(0, max(n, 1), CHUNK)]
        arrays = {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in self.specs}
        return Blocks(self.specs, arrays, n)

    def _part(self, n: int, noise: "torch.Generator") -> dict[str, np.ndarray]:
        import torch

        net = self.task.net
        with torch.inference_mode():
            logits, numbers = net.generate(n, noise)
            codes = net.pick(logits + torch.from_numpy(self.shift).float(), noise)
        return _placed(self.specs, codes, numbers, self.maps)


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:
    """Roughly what `fit` takes: told from fits of one table (Adult)."""
    return neural.seconds(specs, rows, budget, epochs=60, least=1_500, most=5_000, unit=8e-05)


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Gan:
    """Train both networks in turns, then put margins right. Raises ConfigError for vectors and tokens."""
    neural.require("gan")
    from reverie.nn.gan import Expertise, build

    form = _form(blocks.specs)
    mass = np.ones(blocks.rows) if weights is None else np.asarray(weights, float)
    shares = _shares(blocks, mass)
    with neural.seeded(rng) as seed:
        options = {name: getattr(config, name) for name in ("latent", "width", "depth", "waves")}
        task = build(form, **options, penalty=config.penalty, lazy=config.lazy, heat=config.heat)
        task.net.start_from(shares)
        train = partial(_train, blocks=blocks, weights=weights, config=config, seed=seed, budget=budget)
        epoch = max(blocks.rows // config.batch, LEAST_STEPS)
        epochs = max(config.epochs, -(-config.least_steps // epoch))
        course = {"epochs": epochs, "steps": config.steps, "average": config.average, "decay": 0.0}
        history = train(task, course, share=CONTEST, on_progress=on_progress)
        course = {"epochs": max(config.lessons // LEAST_STEPS, 1), "steps": max(config.lessons, 1)}
        train(Expertise(task), course, share=LESSONS, on_progress=silent)
    return _calibrated(blocks, task, mass, shares, history.notes, rng)


def _train(
    task: "Task",
    course: dict[str, Any],
    *,
    share: float,
    blocks: Blocks,
    weights: np.ndarray | None,
    config: Config,
    seed: int,
    budget: Budget,
    on_progress: OnProgress,
) -> "History":
    """Train by the loop, within a share of the budget's time."""
    some = budget if budget.seconds is None else replace(budget, seconds=share * budget.seconds)
    alike = {"batch": config.batch, "rate": config.rate, "least_steps": LEAST_STEPS, "cosine": True}
    return neural.train(
        task, _arrays(blocks), weights, alike | course, seed=seed, budget=some, on_progress=on_progress
    )


def _calibrated(
    blocks: Blocks,
    task: "Adversaries",
    mass: np.ndarray,
    shares: list[np.ndarray],
    notes: tuple[str, ...],
    rng: np.random.Generator,
) -> Gan:
    import torch

    real = blocks.take(rng.choice(blocks.rows, min(SEEN, 4 * blocks.rows), p=mass / mass.sum()))
    with torch.inference_mode():
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        logits, numbers = task.net.generate(SEEN, noise)
    shift = shifts(logits.numpy().astype(float), task.form.sizes, shares)
    chance = _softmax(logits.numpy() + shift, task.form.sizes) @ task.form.gates + task.form.always
    maps = []
    for i, spec in enumerate(_numbers(blocks.specs)):
        there = real[spec.name].reshape(-1)
        there = there[~np.isnan(there)].astype(float)
        maps.append(Map.learn(numbers[:, i].numpy().astype(float), np.clip(chance[:, i], 0, 1), there))
    made = Gan(blocks.specs, task, shift, tuple(maps), (0.0, 1.0), notes)
    low, middle, high = np.quantile(made.looked(real), [0.1, 0.5, 0.9])
    made.looks = float(middle), max(float(high - low) / 2, 1e-6)
    some = blocks.take(rng.permutation(blocks.rows)[:SEEN])
    made.notes += collapse(some, made.sample(SEEN, rng=rng))
    return made


def _placed(
    specs: tuple[Spec, ...], codes: "torch.Tensor", numbers: "torch.Tensor", maps: tuple[Map, ...]
) -> dict[str, np.ndarray]:
    """Blocks' arrays of what the generator picked, numbers mapped and where their gates are open."""
    arrays: dict[str, np.ndarray] = {}
    for i, spec in enumerate(_categories(specs)):
        arrays[spec.name] = codes[:, i].numpy().astype(np.int32)
    for i, spec in enumerate(_numbers(specs)):
        values = maps[i](numbers[:, i].numpy().astype(float))
        if spec.gate is not None:
            values[arrays[spec.gate.block] != spec.gate.code] = np.nan
        arrays[spec.name] = values.reshape(-1, 1, 1)
    return arrays


def _softmax(logits: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Probabilities (rows, codes) of each category's codes."""
    parts = np.split(logits, np.cumsum(sizes)[:-1], axis=1) if sizes else []
    parts = [np.exp(part - part.max(axis=1, keepdims=True)) for part in parts]
    return np.concatenate([part / part.sum(axis=1, keepdims=True) for part in parts] or [logits], axis=1)


def from_state(specs: tuple[Spec, ...], state: State) -> Gan:
    """Rebuild what `Gan.state` gave. Raises ArtifactError on a state that makes no sense."""
    neural.require("gan")
    try:
        return _restored(specs, state)
    except (KeyError, ValueError, TypeError, IndexError):
        raise ArtifactError("the GAN's state is damaged", fix="Fit the model again") from None


def _restored(specs: tuple[Spec, ...], state: State) -> Gan:
    from reverie.nn.gan import build

    arrays, waves = state.arrays, int(state.json["waves"])
    width, latent = arrays["net.first.weight"].shape
    depth = sum(name.startswith("net.layers.") and name.endswith(".weight") for name in arrays)
    if not 0 < waves < 1 << 10:
        raise ValueError("no such features")
    task = build(_form(specs), latent=latent, width=width, depth=depth, waves=waves)
    neural.load_arrays(task.net, arrays)
    neural.load_arrays(task.critic, arrays, "critic.")
    shift = np.asarray(arrays["shift"], float)
    middle, spread = (float(of) for of in state.json["looks"])
    if shift.shape != (task.form.codes,) or not np.isfinite([*shift, middle, spread]).all() or spread <= 0:
        raise ValueError("shifts are of other codes")
    maps = [
        Map(_scale(arrays, f"made.{i}", int(made)), _scale(arrays, f"wanted.{i}", int(wanted)))
        for i, (made, wanted) in enumerate(state.json["fine"])
    ]
    if len(maps) != task.form.numbers:
        raise ValueError("maps are of other numbers")
    return Gan(specs, task, shift, tuple(maps), (middle, spread), tuple(map(str, state.json["notes"])))


def _scale(arrays: Any, name: str, fine: int) -> Residuals:
    return Residuals.restored(arrays[name], fine, arrays[f"{name}.tails"])


def _categories(specs: tuple[Spec, ...]) -> list[Category]:
    return [spec for spec in specs if isinstance(spec, Category)]


def _numbers(specs: tuple[Spec, ...]) -> list[Real]:
    return [spec for spec in specs if isinstance(spec, Real)]


def _arrays(blocks: Blocks) -> dict[str, np.ndarray]:
    """Rows for the networks: `codes` (rows, categories) and `numbers` (rows, numbers), NaN where absent."""
    categories, numbers = _categories(blocks.specs), _numbers(blocks.specs)
    arrays = {
        "codes": np.empty((blocks.rows, len(categories)), np.int32),
        "numbers": np.empty((blocks.rows, len(numbers)), np.float32),
    }
    for name, specs in (("codes", categories), ("numbers", numbers)):
        for i, spec in enumerate(specs):
            arrays[name][:, i] = blocks[spec.name].reshape(-1)
    return arrays


def _shares(blocks: Blocks, mass: np.ndarray) -> list[np.ndarray]:
    """Frequencies of each category's codes, 0 for those that are never generated."""
    found = []
    for spec in _categories(blocks.specs):
        counts = np.bincount(blocks[spec.name], mass, minlength=spec.k)
        counts[list(spec.muted)] = 0.0
        found.append(counts / counts.sum() if counts.sum() > 0 else np.ones(spec.k) / spec.k)
    return found


def _form(specs: tuple[Spec, ...]) -> "Form":
    from reverie.nn.gan import Form

    for spec in specs:
        if not isinstance(spec, Category | Real) or (isinstance(spec, Real) and spec.n * spec.d != 1):
            raise ConfigError(
                "holds vectors or tokens, which this family does not model",
                where=spec.name,
                fix="Choose another --model, or leave it out",
            )
    categories, numbers = _categories(specs), _numbers(specs)
    starts = np.cumsum([0, *(spec.k for spec in categories)])
    first = {spec.name: int(start) for spec, start in zip(categories, starts, strict=False)}
    gates = np.zeros((starts[-1], len(numbers)))
    places, always = np.full(gates.shape, np.nan), np.ones(len(numbers))
    for i, spec in enumerate(numbers):
        if spec.gate is None:
            continue
        gate = next(each for each in categories if each.name == spec.gate.block)
        gates[first[gate.name] + spec.gate.code, i], always[i] = 1.0, 0.0
        for code, place in enumerate(gate.positions or ()):
            if place is not None and code != spec.gate.code:
                places[first[gate.name] + code, i] = place
    return Form(tuple(spec.k for spec in categories), gates, always, places)
