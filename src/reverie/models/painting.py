"""Grids (pictures, spectrograms or their latents) painted for finished rows by an adversarial pair.

A family that makes rows without their grids makes them as ever; a painter, which learned from real rows with
their grids, makes the grids that go with them. So conditions on the row hold for whole rows too, while a grid
cannot be given: a painter does not tell which rows it may go with. See `nn.contest`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from reverie.core.errors import ConditionError, ConfigError
from reverie.models import grids, neural, onehot
from reverie.models.base import Budget, Discerning, Fitted, OnProgress, State
from reverie.models.conditioning import check
from reverie.schema.blocks import Blocks, Category, Evidence, Real, RealEvidence, Spec

if TYPE_CHECKING:
    from reverie.nn.contest import Contest

CHUNK = 128
"""Rows whose grids are made, or looked at, at a time."""
UPDATES = 2_000
"""Steps of training without a budget of time."""
COURSE = {
    "batch": 64, "least_batch": 32, "rate": 2e-3, "decay": 0.0, "cosine": True, "average": 0.995,
    "clip": 5.0, "judged": 256,
}  # fmt: skip
"""How a painter learns."""
SEEN = 512
"""Most rows by which it is judged afterwards."""
ALIKE = 0.25
"""Grids are alike if their standard deviation is less than this part of the real ones'."""
LEAST = 50
"""Fewest grids of which that is told."""
SURE = 1e-9
MOST_WAVES = 1 << 10
"""Waves by which a stored painter may be shown a number."""
PREFIXES = ("grids.net.", "grids.critic.")


@dataclass(frozen=True)
class Options:
    """How a painter is built and learns: `channels` of its networks at each size of the grid, and steps of
    training, if they are told; the `penalty`, in one of `lazy` steps, keeps its critic from being steep; it
    is shown a number as so many `waves`.
    """

    channels: tuple[int, ...] | None
    updates: int | None
    penalty: float
    lazy: int
    waves: int


@dataclass(frozen=True)
class Painter:
    """What paints the grids among the blocks `whole`: a trained pair, and the middle and the spread of what
    its critic says of real rows.
    """

    whole: tuple[Spec, ...]
    task: "Contest"
    looks: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def learn(
        cls,
        blocks: Blocks,
        options: Options,
        *,
        rng: np.random.Generator,
        weights: np.ndarray | None,
        budget: Budget,
        on_progress: OnProgress,
    ) -> tuple["Painter", tuple[str, ...]]:
        """From rows with their grids; and what a user should know of it."""
        steps = grids.updates(options.updates, UPDATES, budget)
        with neural.seeded(rng) as seed:
            task = _build(blocks.specs, options)
            history = neural.train(
                task, {**onehot.matrices(grids.rows_of(blocks)), **grids.arrays_of(blocks)}, weights,
                {**COURSE, "steps": steps, "epochs": steps}, seed=seed, budget=budget,
                on_progress=on_progress,
            )  # fmt: skip
        mass = np.ones(blocks.rows) if weights is None else np.asarray(weights, float)
        some = blocks.take(rng.choice(blocks.rows, min(SEEN, blocks.rows), p=mass / mass.sum()))
        made = cls(blocks.specs, task)
        if (there := made.there(some)).any():
            made = cls(blocks.specs, task, scale(made.looked(some)[there]))
        return made, history.notes + alike(some, made.paint(grids.rows_of(some), rng))

    @property
    def specs(self) -> tuple[Real, ...]:
        """The grids."""
        return grids.grids_of(self.whole)

    def paint(self, rows: Blocks, rng: np.random.Generator) -> Blocks:
        """The rows with their grids, NaN where the gate is closed."""
        import torch

        from reverie.nn.contest import LATENT

        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        made = {spec.name: np.full((rows.rows, spec.n, spec.d), np.nan, np.float32) for spec in self.specs}
        with torch.inference_mode():
            for part, told, there in self._parts(rows):
                drawn = torch.randn(len(told), LATENT, generator=noise)
                for at, spec in enumerate(self.specs):
                    places = part[there[:, at].numpy()]
                    found = self.task.net.makers[at](told[there[:, at]], drawn[there[:, at]])
                    made[spec.name][places] = grids.spread(found.numpy())
        return Blocks(self.whole, {**rows.arrays, **made}, rows.rows)

    def looked(self, blocks: Blocks) -> np.ndarray:
        """What the critic says of whole rows, (rows,), on a scale of its own."""
        import torch

        found = [np.zeros(0)]
        with torch.inference_mode():
            for part, told, there in self._parts(grids.rows_of(blocks)):
                shown = [torch.from_numpy(grids.placed(blocks[spec.name][part], spec)) for spec in self.specs]
                looks = self.task.critic(told, self.task.critic.look(shown), there)
                found.append(looks.numpy().astype(float))
        return np.concatenate(found)

    def standing(self, blocks: Blocks) -> np.ndarray:
        """The same, (rows,), on the scale of real rows: 0 is their middle, and rows without grids."""
        middle, spread = self.looks
        return np.where(self.there(blocks), (self.looked(blocks) - middle) / spread, 0.0)

    def there(self, blocks: Blocks) -> np.ndarray:
        """Which rows have a grid at all, (rows,) bool."""
        return np.any([~np.isnan(blocks[spec.name][:, 0, 0]) for spec in self.specs], axis=0)

    def state(self) -> State:
        """What `restored` takes."""
        task = self.task
        arrays = {
            name: array
            for module, prefix in zip((task.net, task.critic), PREFIXES, strict=True)
            for name, array in neural.arrays_of(module, prefix).items()
        }
        json = {"channels": list(task.widths), "waves": task.features.waves, "looks": list(self.looks)}
        return State(json, arrays)

    @classmethod
    def restored(cls, specs: tuple[Spec, ...], state: State) -> "Painter":
        """Rebuild what `state` gave. Raises KeyError, TypeError, ValueError or ArtifactError if it makes no
        sense.
        """
        json = state.json
        widths, waves = tuple(json["channels"]), int(json["waves"])
        if not grids.able(widths) or not widths or not 0 < waves < MOST_WAVES:
            raise ValueError("no such networks")
        task = _build(specs, Options(widths, None, 0.0, 1, waves))
        for module, prefix in zip((task.net, task.critic), PREFIXES, strict=True):
            neural.load_arrays(module, state.arrays, prefix)
        return cls(specs, task, scale_of(json["looks"]))

    def _parts(self, rows: Blocks) -> Iterator[tuple[np.ndarray, Any, Any]]:
        """Rows at a time: their places, what is told of them, and which grids are there."""
        import torch

        arrays = onehot.matrices(rows)
        for start in range(0, rows.rows, CHUNK):
            part = np.arange(start, min(start + CHUNK, rows.rows))
            batch = {name: torch.from_numpy(array[part]) for name, array in arrays.items()}
            yield part, self.task.told(batch), self.task.there(batch)


class Painted(Fitted):
    """A model of rows with grids: `rows` makes the rows, if they hold anything else, a painter the grids."""

    def __init__(self, family: str, rows: Fitted | None, painter: Painter, notes: tuple[str, ...]) -> None:
        self.family, self.rows, self.painter, self.notes = family, rows, painter, notes
        self.specs = painter.whole

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, those that meet it. Raises ConditionError if a grid is given."""
        own = {spec.name for spec in self.painter.specs}
        told = given or {}
        for name in own & told.keys():
            refuse(name, told[name])
        rest = {name: evidence for name, evidence in told.items() if name not in own}
        if self.rows is None:
            check((), n, rest)
            return self.painter.paint(Blocks((), {}, n), rng)
        return self.painter.paint(self.rows.sample(n, rng=rng, given=rest or None), rng)

    def bare(self, n: int, rng: np.random.Generator) -> Blocks:
        """`n` rows without their grids."""
        return Blocks((), {}, n) if self.rows is None else self.rows.sample(n, rng=rng)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Raises ConfigError: a painter has no density."""
        what, fix = "an adversarial network has no density", "Use a table without pictures and sounds"
        raise ConfigError(what, where=f"{blocks.rows:,} rows", fix=fix)

    def realism(self, blocks: Blocks) -> np.ndarray:
        """How real each row looks to the critics, (rows,) in [0, 1]: the odds of the row and of its grids
        multiply.
        """
        standing = self.painter.standing(blocks)
        if isinstance(self.rows, Discerning):
            standing += logit(np.clip(self.rows.realism(grids.rows_of(blocks)), SURE, 1 - SURE))
        return expit(standing)

    def state(self) -> State:
        rows, painted = None if self.rows is None else self.rows.state(), self.painter.state()
        json = {"rows": None if rows is None else rows.json, "grids": painted.json, "notes": list(self.notes)}
        return State(json, {**({} if rows is None else rows.arrays), **painted.arrays})


def refuse(name: str, evidence: Any) -> None:
    """Raise ConditionError if a grid is given for any row."""
    values = evidence.values if isinstance(evidence, RealEvidence) else None
    if values is not None and not np.isnan(values).any(axis=(1, 2)).all():
        raise ConditionError(
            "is given, and this family does not tell what goes with a picture or sound",
            where=name,
            fix="Fit with --model diffusion, or leave it out",
        )


def scale(looked: np.ndarray) -> tuple[float, float]:
    """Middle and spread of what a critic says of rows."""
    low, middle, high = np.quantile(looked, [0.1, 0.5, 0.9])
    return float(middle), max(float(high - low) / 2, 1e-6)


def scale_of(stored: Any) -> tuple[float, float]:
    """The same, as it was stored. Raises TypeError or ValueError if it is none."""
    middle, spread = (float(of) for of in stored)
    if not np.isfinite([middle, spread]).all() or spread <= 0:
        raise ValueError("the critic has no scale")
    return middle, spread


def alike(real: Blocks, made: Blocks) -> tuple[str, ...]:
    """A note if the grids made are much more alike than real ones."""
    found = []
    for spec in grids.grids_of(real.specs):
        parts = [array[~np.isnan(array).any(axis=(1, 2))] for array in (real[spec.name], made[spec.name])]
        before, after = (float(np.sqrt(part.var(axis=0).mean())) if len(part) else 0.0 for part in parts)
        if min(map(len, parts)) >= LEAST and after < ALIKE * before:
            found.append(f"'{spec.name}' vary {after / before:.0%} as much as they should")
    fix = "fit again with another seed or a longer budget, or use --model diffusion"
    return (f"the generator has collapsed: {'; '.join(found)}; {fix}",) if found else ()


def _build(specs: tuple[Spec, ...], options: Options) -> "Contest":
    from reverie.nn.contest import Contest
    from reverie.nn.gan import Features

    names = tuple(spec.name for spec in specs if isinstance(spec, Category))
    features = Features(onehot.form_of(grids.rest_of(specs)), options.waves)
    widths = tuple(options.channels or grids.usual(specs))
    forms = grids.forms(specs, names)
    return Contest(features, forms, widths, penalty=options.penalty, lazy=options.lazy)
