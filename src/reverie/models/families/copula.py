"""The Gaussian copula: each block's own distribution, joined by the correlations of normal latents.

A plain, fast baseline. A number is a monotone map of its latent; a category shows in which interval of the
line its latent lies.

Source: Nelsen 2006, section 2; Genz 1992, Hajivassiliou & McFadden 1998 (the GHK simulator).
"""

from dataclasses import dataclass

import numpy as np

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import Budget, Capabilities, OnProgress, Progress, State, silent
from reverie.models.correlation import estimate, ordered_codes, refine
from reverie.models.margins import CategoryMargin, Margin, RealMargin
from reverie.models.particles import BlockEvidence, known_share
from reverie.models.sequential import Sequential
from reverie.models.strata import Source, Strata
from reverie.schema.blocks import Blocks, Category, Evidence, Real, RealEvidence, Spec

CAPABILITIES = Capabilities(
    summary="Gaussian copula: every column's own distribution, joined by correlations; the fast baseline",
    log_prob=True,
    given=True,
    cost="a second",
    advice="few rows (under 250), or a model to be explained in a sentence; a baseline for all others",
)
GHK = 32
"""Draws of the hidden latents over which `log_prob` averages a row with categories."""
SAMPLED_ROWS = 6_000
"""Most rows from which the order of codes and the hidden parts of latents are learned."""


@dataclass(frozen=True)
class Config:
    """Options of the copula: `shrinkage` is a number of rows of independence added to each pair of blocks,
    `smoothing` a number of rows shared out evenly among the codes of each category."""

    shrinkage: float = 5.0
    smoothing: float = 0.5


@dataclass
class Latents:
    """Partial rows: `noise` (latents, rows), the independent normals behind the blocks, `known` so far.

    `fresh` is the last drawn block and its noise, which `put` need not then draw anew; `ahead` the index,
    mean and scale of the last latent asked for, as `score` and `put` ask for the same.
    """

    noise: np.ndarray
    rng: Source
    known: int = 0
    fresh: tuple[np.ndarray, np.ndarray] | None = None
    ahead: tuple[int, np.ndarray, float] | None = None


class Copula(Sequential):
    """A fitted Gaussian copula: `margins` by block, one a latent; `correlation` of latents, as in `specs`."""

    family = "copula"
    chunk = 1 << 14

    def __init__(
        self,
        specs: tuple[Spec, ...],
        margins: dict[str, tuple[Margin, ...]],
        correlation: np.ndarray,
        order: tuple[str, ...],
    ) -> None:
        self.specs, self.order, self._margins, self._correlation = specs, order, margins, correlation
        ends = np.cumsum([0, *(len(margins[spec.name]) for spec in specs)])
        own = {spec.name: np.arange(ends[i], ends[i + 1]) for i, spec in enumerate(specs)}
        mixed = np.concatenate([own[name] for name in order])
        # Row j of the factor: the latent as a combination of the noise up to j.
        self._factor = np.linalg.cholesky(correlation[np.ix_(mixed, mixed)])
        starts = np.cumsum([0, *(len(margins[name]) for name in order)])
        self._start = dict(zip(order, starts.tolist(), strict=False))

    def begin(self, rows: int, rng: np.random.Generator) -> Latents:  # noqa: ARG002
        return Latents(np.empty((len(self._factor), rows)), Strata(np.random.default_rng(0), GHK))

    def take(self, partial: Latents, rows: np.ndarray) -> Latents:
        noise = np.empty((len(self._factor), len(rows)))
        np.take(partial.noise[: partial.known], rows, axis=1, out=noise[: partial.known])
        return Latents(noise, partial.rng, partial.known)

    def draw(
        self, partial: Latents, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        margins, noise = self._margins[name], np.empty((len(self._margins[name]), partial.noise.shape[1]))
        parts, logp = [], None
        for i, margin in enumerate(margins):
            mean, scale = self._conditional(partial, name, noise[:i])
            values, latent, logp = margin.draw(mean, scale, rng, evidence)  # type: ignore[arg-type]
            noise[i] = (latent - mean) / scale
            parts.append(values)
        values = self._shaped(name, parts)
        # Under evidence a gated number's latent may only be kept where its gate proves open.
        gated = isinstance(evidence, RealEvidence)
        partial.rng, partial.fresh = rng, None if gated else (values, noise)
        return values, logp

    def put(self, partial: Latents, name: str, values: np.ndarray) -> None:
        start, width = self._start[name], len(self._margins[name])
        if partial.fresh is not None and partial.fresh[0] is values:
            partial.noise[start : start + width] = partial.fresh[1]
        else:
            flat = values.reshape(len(values), -1).T
            for i, margin in enumerate(self._margins[name]):
                mean, scale = self._conditional(partial, name, partial.noise[start : start + i])
                latent = margin.latent(mean, scale, flat[i], partial.rng)
                partial.noise[start + i] = (latent - mean) / scale
        partial.known, partial.fresh = start + width, None

    def score(self, partial: Latents, name: str, values: np.ndarray) -> np.ndarray:
        total, flat, noise = (
            np.zeros(len(values)),
            values.reshape(len(values), -1).T,
            np.empty((len(self._margins[name]), len(values))),
        )
        for i, margin in enumerate(self._margins[name]):
            mean, scale = self._conditional(partial, name, noise[:i])
            total += margin.score(mean, scale, flat[i])
            if len(noise) > 1:
                noise[i] = (margin.latent(mean, scale, flat[i], partial.rng) - mean) / scale
        return total

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,), by the GHK simulator with a fixed seed.

        The density's estimate has no bias, and is exact where no category or absent number comes before.
        """
        total, step = np.empty(blocks.rows), max(self.chunk // GHK, 1)
        for start in range(0, blocks.rows, step):
            rows = np.arange(start, min(start + step, blocks.rows))
            scores = super().log_prob(blocks.take(np.repeat(rows, GHK))).reshape(-1, GHK)
            total[rows] = np.logaddexp.reduce(scores, axis=1) - np.log(GHK)
        return total

    def arranged(self, given: Evidence) -> "Copula":
        """The same copula drawing first what is known in the most rows, so that evidence comes early."""
        share = {name: known_share(evidence) for name, evidence in given.items()}
        ranked = sorted((spec.name for spec in self.specs), key=lambda name: -share.get(name, 0.0))
        return Copula(self.specs, self._margins, self._correlation, gates_first(self.specs, ranked))

    def state(self) -> State:
        arrays = {"correlation": self._correlation}
        for i, spec in enumerate(self.specs):
            for j, margin in enumerate(self._margins[spec.name]):
                if isinstance(margin, CategoryMargin):
                    arrays[f"codes.{i}"], arrays[f"edges.{i}"] = margin.codes.astype(np.int32), margin.edges
                elif margin.knots.size:
                    arrays[f"knots.{i}.{j}"] = margin.knots
        return State({"order": list(self.order)}, arrays)

    def _conditional(self, partial: Latents, name: str, noise: np.ndarray) -> tuple[np.ndarray, float]:
        """Mean (rows,) and scale of the block's next latent, given the noise before it and `noise` in it."""
        start = self._start[name]
        at = start + len(noise)
        if partial.ahead is not None and partial.ahead[0] == at and not len(noise):
            return partial.ahead[1:]
        row = self._factor[at]
        mean = row[:start] @ partial.noise[:start]
        if len(noise):
            mean = mean + row[start:at] @ noise
        partial.ahead = at, mean, float(row[at])
        return mean, float(row[at])

    def _shaped(self, name: str, parts: list[np.ndarray]) -> np.ndarray:
        spec = next(spec for spec in self.specs if spec.name == name)
        return np.stack(parts, axis=1).reshape(-1, spec.n, spec.d) if isinstance(spec, Real) else parts[0]


def gates_first(specs: tuple[Spec, ...], names: list[str]) -> tuple[str, ...]:
    """The names in their order, but each gate before what it gates."""
    gates = {spec.name: spec.gate.block for spec in specs if isinstance(spec, Real) and spec.gate is not None}
    return tuple(dict.fromkeys(place for name in names for place in (gates.get(name, name), name)))


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:  # noqa: ARG001
    """About what `fit` takes on a plain processor: within a factor of two on the tables of docs/adr/0009."""
    categories = sum(isinstance(spec, Category) for spec in specs)
    return 0.02 + 2e-6 * rows * len(specs) + 3e-4 * categories**2


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: ARG001, B008
    on_progress: OnProgress = silent,
) -> Copula:
    """Learn the margins and the correlations. Raises ConfigError if a block is neither Category nor Real."""
    mass = np.ones(blocks.rows) if weights is None else weights * (blocks.rows / weights.sum())
    margins = {spec.name: _margins(spec, array, mass, config) for spec, array in blocks}
    scores = {spec.name: _scores(margins[spec.name], array) for spec, array in blocks}
    _reorder(blocks, margins, scores, mass, config, rng)
    on_progress(Progress("correlations", 1, 2))
    correlation = _correlation(blocks, margins, scores, mass, config, rng)
    on_progress(Progress("correlations", 2, 2))
    return Copula(
        blocks.specs, margins, correlation, gates_first(blocks.specs, [spec.name for spec in blocks.specs])
    )


def _correlation(
    blocks: Blocks,
    margins: dict[str, tuple[Margin, ...]],
    scores: dict[str, np.ndarray],
    weights: np.ndarray,
    config: Config,
    rng: np.random.Generator,
) -> np.ndarray:
    flat = [margin for spec in blocks.specs for margin in margins[spec.name]]
    joint = np.concatenate([scores[spec.name] for spec in blocks.specs], axis=1)
    start = estimate(flat, joint, weights, config.shrinkage)
    some = rng.permutation(blocks.rows)[:SAMPLED_ROWS]
    seen = [column for _, array in blocks for column in array[some].reshape(len(some), -1).T]
    return refine(start, flat, seen, weights[some], max(config.shrinkage, 1e-3), rng)


def _margins(spec: Spec, array: np.ndarray, weights: np.ndarray, config: Config) -> tuple[Margin, ...]:
    if isinstance(spec, Category):
        mass = _mass(spec, array, weights, config)
        return (CategoryMargin.fit(mass, _first_order(spec, mass), spec.muted),)
    if not isinstance(spec, Real):
        raise ConfigError(
            "the copula takes categories and numbers only",
            where=spec.name,
            fix="Choose another --model, or leave it out",
        )
    columns = array.reshape(len(array), -1).T
    present = ~np.isnan(columns)
    return tuple(
        RealMargin.fit(column[held], weights[held]) for column, held in zip(columns, present, strict=True)
    )


def _mass(spec: Category, array: np.ndarray, weights: np.ndarray, config: Config) -> np.ndarray:
    return np.bincount(array, weights, minlength=spec.k) + max(config.smoothing, 1e-6) / spec.k


def _first_order(spec: Category, mass: np.ndarray) -> np.ndarray:
    """Codes by their positions if each has one, else by frequency."""
    return np.argsort(_places(spec) if _is_ordered(spec) else -mass, kind="stable")


def _places(spec: Category) -> list[float]:
    return [place for place in spec.positions or () if place is not None]


def _is_ordered(spec: Category) -> bool:
    return len(_places(spec)) == spec.k


def _scores(margins: tuple[Margin, ...], array: np.ndarray) -> np.ndarray:
    """Mean latent given what is seen, (rows, latents); NaN where absent."""
    flat = array.reshape(len(array), -1)
    parts = [
        margin.normal_scores()[column] if isinstance(margin, CategoryMargin) else margin.unplace(column)
        for margin, column in zip(margins, flat.T, strict=True)
    ]
    return np.stack(parts, axis=1)


def _reorder(
    blocks: Blocks,
    margins: dict[str, tuple[Margin, ...]],
    scores: dict[str, np.ndarray],
    weights: np.ndarray,
    config: Config,
    rng: np.random.Generator,
) -> None:
    """Order the codes of categories that have no order of their own by how they go with the other blocks."""
    loose = [
        spec for spec in blocks.specs if isinstance(spec, Category) and spec.k > 2 and not _is_ordered(spec)
    ]
    some = rng.permutation(blocks.rows)[:SAMPLED_ROWS]
    for spec in loose * 2:
        others = [np.nan_to_num(scores[name][some]) for name in scores if name != spec.name]
        if others:
            codes = ordered_codes(
                blocks[spec.name][some], spec.k, np.concatenate(others, axis=1), weights[some]
            )
            mass = _mass(spec, blocks[spec.name], weights, config)
            margins[spec.name] = (CategoryMargin.fit(mass, codes, spec.muted),)
            scores[spec.name] = _scores(margins[spec.name], blocks[spec.name])


def from_state(specs: tuple[Spec, ...], state: State) -> Copula:
    """Rebuild what `Copula.state` gave. Raises ArtifactError on a state that makes no sense."""
    try:
        margins = {spec.name: _restored(spec, i, state) for i, spec in enumerate(specs)}
        order, correlation = tuple(state.json["order"]), np.asarray(state.arrays["correlation"], float)
        width = sum(map(len, margins.values()))
        sound = correlation.shape == (width, width) and np.isfinite(correlation).all()
        if sorted(order) != sorted(margins) or not sound:
            raise ValueError("shapes do not agree")
        return Copula(specs, margins, correlation, order)
    except (KeyError, ValueError, TypeError, IndexError, np.linalg.LinAlgError):
        raise ArtifactError("the copula's state is damaged", fix="Fit the model again") from None


def _restored(spec: Spec, i: int, state: State) -> tuple[Margin, ...]:
    if isinstance(spec, Category):
        codes, edges = np.asarray(state.arrays[f"codes.{i}"]), np.asarray(state.arrays[f"edges.{i}"], float)
        if (
            sorted(codes.tolist()) != list(range(spec.k))
            or edges.shape != (spec.k + 1,)
            or (np.diff(edges) < 0).any()
        ):
            raise ValueError("codes and edges do not agree")
        return (CategoryMargin(codes, edges, spec.muted),)
    if not isinstance(spec, Real):
        raise ValueError("no such block in a copula")
    return tuple(_restored_line(state.arrays.get(f"knots.{i}.{j}")) for j in range(spec.n * spec.d))


def _restored_line(knots: np.ndarray | None) -> RealMargin:
    if knots is None:
        return RealMargin()
    if knots.shape[0] != 2 or not (np.diff(knots.astype(float), axis=1) > 0).all():
        raise ValueError("knots do not ascend")
    return RealMargin(knots.astype(float))
