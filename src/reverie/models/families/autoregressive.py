"""A masked network over columns: P(column | any others), learned over all orders at once.

Sources: Uria, Murray & Larochelle 2014; Hoogeboom et al. 2022 (order-agnostic autoregressive models).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models import annotated, conditioning, neural, texts
from reverie.models.annotated import Annotated
from reverie.models.base import Budget, Capabilities, OnProgress, State, silent
from reverie.models.clock import Clock
from reverie.models.completion import complete
from reverie.models.density import Residuals
from reverie.models.drawing import draw_codes, draw_numbers, softmax
from reverie.models.histogram import Histograms, pick
from reverie.models.masked import Masked, log_proba
from reverie.models.particles import (
    BlockEvidence,
    Particles,
    known_rows,
    known_share,
    normalise,
    spread,
    stack,
)
from reverie.models.sequential import Sequential
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Real, RealEvidence, Spec

CAPABILITIES = Capabilities(
    "a masked network over columns, in any order: answers every question natively; texts word by word",
    modalities=("category", "real", "tokens"),
    log_prob=True,
    given=True,
    dp=True,
    cost="a minute",
    advice="partly known rows to complete, cells to impute, questions in any direction",
    requires=neural.REQUIRES,
)

MOST_STEPS = 6_000
"""Steps of training at most, so that tables of any size end: about four times those of 25,000 rows."""
FEW, PATIENCE = 12_000, (3, 2)
"""Epochs without gain that are waited for: with so many rows, which take little time, and with more."""
PRIVATE = {"width": 64, "narrow": 16, "coarse": 32, "fine": 8}
"""The network under formal privacy: noise grows with the number of weights."""
DRAWS = 8
"""Times that a partly known row is completed, of which one is kept."""
ALIKE = 1e-5
"""Numbers of vectors that are told differ by so much at most where they are the same."""
ROW = "\0row"
"""The block that says which row it is, where each is told something of its own; no column is called so."""


@dataclass(frozen=True)
class Config(texts.Options):
    """`width` and `depth` of the network, `narrow` numbers that parts of bins are told from, bins of a number
    (`coarse`, `fine` parts of each), and `training`, fields of `nn.train.Training`.

    Under formal privacy a smaller network learns, by `private`, fields of `nn.private.Steps`.

    A share `ordered` of rows is learned in the order in which columns are drawn if nothing is given. Where
    there are texts, the options are those of `texts.Options`, and rows and texts are trained as
    `texts.TRAINING` says.
    """

    width: int = 192
    depth: int = 1
    narrow: int = 64
    dropout: float = 0.18
    coarse: int = 64
    fine: int = 16
    ordered: float = 0.65
    training: Mapping[str, Any] = field(default_factory=lambda: {"rate": 4e-3, "steps": MOST_STEPS})
    private: Mapping[str, Any] = field(default_factory=lambda: {"count": 800, "batch": 1024, "rate": 3e-3})


@dataclass
class Partial:
    """What is known of rows: `sums` (rows, width), and what becomes known with the number behind a gate.

    `refined` (rows, width) is what heads are given, None until asked for; `waiting` holds the codes (rows,)
    of the gate that was drawn last.
    """

    sums: np.ndarray
    refined: np.ndarray | None = None
    waiting: tuple[str, np.ndarray] | None = None


class Autoregressive(Sequential):
    """A fitted network, in arrays: `masked`, over `variables`. With `vectors` (rows, width) each row is told
    one of its own, and there are as many rows.
    """

    family = "autoregressive"
    chunk = 1 << 10

    def __init__(
        self,
        specs: tuple[Spec, ...],
        variables: Variables,
        masked: Masked,
        order: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        vectors: np.ndarray | None = None,
    ) -> None:
        self.specs, self.variables, self.masked, self.notes = specs, variables, masked, notes
        self.order, self.own, self.vectors = order or variables.order, specs, vectors
        if vectors is not None:
            self.specs, self.order = (*specs, Category(ROW, len(vectors))), (ROW, *self.order)
        self._by_name = {spec.name: spec for spec in specs}
        self._gates = {
            spec.name: spec.gate for spec in specs if isinstance(spec, Real) and spec.gate is not None
        }
        columns, first = variables.columns, variables.first
        self._partners = {
            gate.block: name for name, gate in self._gates.items()
            if columns[first[name]] == columns[first[gate.block]]
        }  # fmt: skip

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows. Where single rows have known values, what is known is put in first, in any order."""
        if self.vectors is not None:
            given = {ROW: CategoryEvidence(codes=np.arange(len(self.vectors))), **(given or {})}
        if not n or not given or all(known_rows(evidence) is None for evidence in given.values()):
            return super().sample(n, rng=rng, given=given)
        conditioning.check(self.order, n, given)
        draws = 1 if set(given) == {ROW} else DRAWS
        step = self.chunk // draws
        parts = [np.arange(at, min(at + step, n)) for at in range(0, n, step)]
        arrays = stack([self._complete(rows, rng, given, draws) for rows in parts])
        return Blocks(self.own, {spec.name: arrays[spec.name] for spec in self.own}, n)

    def told(self, vectors: np.ndarray) -> "Autoregressive":
        """The model of rows that are told a vector each, (rows, width) or, for all the same, (1, width)."""
        if not len(vectors):
            return self
        if not np.allclose(vectors, vectors[:1], rtol=0, atol=ALIKE):
            return Autoregressive(self.own, self.variables, self.masked, (), self.notes, vectors)
        masked = replace(self.masked, told_of_all=vectors[0])
        return Autoregressive(self.own, self.variables, masked, (), self.notes)

    def refined(self, rows: Blocks | None, vectors: np.ndarray) -> np.ndarray:
        """What the heads are given of whole rows, or of rows of which nothing is known, that are told the
        `vectors`, (rows, width).
        """
        partial = Partial(self.masked.begin(len(vectors)) + vectors)
        if rows is not None:
            for name in self.variables.order:
                self._tell(partial, name, rows[name])
        return self._refined(partial)

    def _complete(
        self, rows: np.ndarray, rng: np.random.Generator, given: Evidence, draws: int
    ) -> dict[str, np.ndarray]:
        """The rows at the positions `rows` of the evidence.

        Each is drawn several times with what is known of it first, and one of these kept by how likely it is
        in the own order: orders of one network do not quite agree, and all answers are to be of one joint.
        Source: Rubin 1987 (sampling-importance-resampling).
        """
        origin, model = np.repeat(rows, draws), self.reordered(given)
        particles = Particles.start(model, len(origin), rng, origin=origin)
        for name in model.order:
            here = spread({name: given[name]}, origin)[name] if name in given else None
            values, logp = particles.draw(name, rng, here)
            particles.merit = particles.merit + logp
            particles.put(name, values)
        if draws == 1:
            return particles.values
        drawn = Blocks(self.specs, particles.values, len(origin))
        log_weight = self.log_prob(drawn) - model.log_prob(drawn) + particles.merit
        weight = normalise(np.nan_to_num(log_weight, nan=-np.inf, neginf=-np.inf).reshape(-1, draws))
        alive = weight.sum(1) > 0
        kept = np.arange(len(rows)) * draws + pick(weight, rng)
        found = {name: array[kept] for name, array in particles.values.items()}
        if not alive.all():
            again = complete(self, rows[~alive], rng, given)
            for name, array in found.items():
                array[~alive] = again[name]
        return found

    def reordered(self, given: Evidence) -> "Autoregressive":
        """The same network drawing first what is known in the most rows."""
        share = {name: known_share(evidence) for name, evidence in given.items()}
        groups: dict[str, list[str]] = {}
        for name in self.variables.order:
            gate = self._gates.get(name)
            groups.setdefault(gate.block if gate else name, []).append(name)
        best = {name: max(share.get(one, 0.0) for one in group) for name, group in groups.items()}
        order = [one for name in sorted(groups, key=lambda name: -best[name]) for one in groups[name]]
        return Autoregressive(self.own, self.variables, self.masked, tuple(order), self.notes, self.vectors)

    def begin(self, rows: int, rng: np.random.Generator) -> Partial:  # noqa: ARG002
        return Partial(self.masked.begin(rows))

    def take(self, partial: Partial, rows: np.ndarray) -> Partial:
        waiting = partial.waiting
        return Partial(
            partial.sums[rows],
            None if partial.refined is None else partial.refined[rows],
            None if waiting is None else (waiting[0], waiting[1][rows]),
        )

    def put(self, partial: Partial, name: str, values: np.ndarray) -> None:
        if name == ROW:
            assert self.vectors is not None
            partial.sums = partial.sums + self.vectors[values]
            return
        if name in self._partners:
            # The number behind it is told from what was known before, as it was learned.
            partial.waiting = name, values
            return
        if partial.waiting is not None:
            self._tell(partial, *partial.waiting)
        self._tell(partial, name, values)
        partial.refined = partial.waiting = None

    def _tell(self, partial: Partial, name: str, values: np.ndarray) -> None:
        for at, codes in enumerate(self.variables.split(name, values)):
            self.masked.tell(partial.sums, self.variables.first[name] + at, codes)

    def _refined(self, partial: Partial) -> np.ndarray:
        if partial.refined is None:
            partial.refined = self.masked.refine(partial.sums)
        return partial.refined

    def _open(self, partial: Partial, name: str) -> np.ndarray:
        """Positions of the rows where a number can be present, as far as that was just drawn."""
        if partial.waiting is None:
            return np.arange(len(partial.sums))
        return np.flatnonzero(partial.waiting[1] == self._gates[name].code)

    def draw(
        self, partial: Partial, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        if name == ROW:
            assert isinstance(evidence, CategoryEvidence)
            assert evidence.codes is not None
            return evidence.codes, None
        spec = self._by_name[name]
        if isinstance(spec, Category):
            assert not isinstance(evidence, RealEvidence)
            logits = self.masked.logits(self._refined(partial), self.variables.first[name])
            return draw_codes(logits, spec, rng, evidence)
        assert not isinstance(evidence, CategoryEvidence)
        there = self._open(partial, name)
        return draw_numbers(
            lambda some: self._histograms(partial, name, some), len(partial.sums), there, rng, evidence
        )

    def score(self, partial: Partial, name: str, values: np.ndarray) -> np.ndarray:
        if name == ROW:
            return np.zeros(len(values))
        if isinstance(self._by_name[name], Category):
            logits = self.masked.logits(self._refined(partial), self.variables.first[name])
            return log_proba(logits)[np.arange(len(values)), values].astype(float)
        numbers, out = values.reshape(-1).astype(float), np.zeros(len(values))
        there = np.flatnonzero(~np.isnan(numbers))
        out[there] = self._histograms(partial, name, there).log_density(numbers[there])
        return out

    def _histograms(self, partial: Partial, name: str, there: np.ndarray) -> Histograms:
        """Of the rows at positions `there`."""
        first, refined = self.variables.first[name], self._refined(partial)
        whole = len(there) == len(refined)
        refined = refined if whole else refined[there]
        narrowed = self.masked.narrowed(refined)

        def parts(rows: np.ndarray, bins: np.ndarray) -> np.ndarray:
            return softmax(self.masked.part_logits(narrowed[rows], first + 1, bins))

        return Histograms(self.variables.scales[name], softmax(self.masked.logits(refined, first)), parts)

    def state(self) -> State:
        arrays = {f"net.{name}": array for name, array in self.masked.arrays().items()}
        parts = {}
        for name, scale in self.variables.scales.items():
            index = next(i for i, spec in enumerate(self.own) if spec.name == name)
            arrays |= {f"knots.{index}": scale.knots, f"tails.{index}": scale.tails}
            parts[str(index)] = scale.fine
        return State({"parts": parts}, arrays)


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:
    """Roughly what `fit` takes: told from fits of one table (Adult)."""
    return neural.seconds(specs, rows, budget, epochs=34, least=1_200, most=MOST_STEPS, unit=7.5e-05)


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Autoregressive | Annotated:
    """Train the network, together with those of texts if there are any.

    Raises ConfigError without torch, for blocks of vectors, and for tokens under formal privacy.
    """
    neural.require(Autoregressive.family)
    from reverie.nn.masked import AnyOrder, MaskedNet

    if budget.secret is not None:
        return _fit_privately(blocks, config, rng, budget, on_progress)
    clock, whole, blocks = Clock(silent), blocks, texts.rows_of(blocks)
    variables = Variables.learn(blocks, config.coarse, config.fine)
    codes = variables.codes(blocks)
    with neural.seeded(rng) as seed:
        net = MaskedNet(
            variables.sizes, variables.parents, variables.bases, width=config.width, depth=config.depth,
            narrow=config.narrow, dropout=config.dropout,
        )  # fmt: skip
        net.start_from(codes)
        task, training = AnyOrder(net, variables.columns, config.ordered), config.training
        if texts.texts_of(whole.specs):
            config = texts.fitted(config, whole)
            task = annotated.task_of(net, variables, whole, config, config.ordered)
            training = texts.course(config, whole.rows, budget)
    history = neural.train(
        task, {"codes": codes, **texts.arrays_of(whole)}, weights,
        {"patience": PATIENCE[blocks.rows > FEW], **training},
        seed=seed, budget=budget.less(clock.passed), on_progress=on_progress,
    )  # fmt: skip
    masked = Masked.from_arrays(variables.sizes, variables.parents, net.arrays())
    model = Autoregressive(blocks.specs, variables, masked, notes=history.notes)
    return annotated.beside(model, whole.specs, task, config)


def _fit_privately(
    blocks: Blocks, config: Config, rng: np.random.Generator, budget: Budget, on_progress: OnProgress
) -> Autoregressive:
    """Learn bins and frequencies from the made-up `blocks`, and the rest through noise."""
    from reverie.nn.masked import AnyOrder, MaskedNet
    from reverie.nn.private import Steps

    assert budget.secret is not None
    variables = Variables.learn(blocks, PRIVATE["coarse"], PRIVATE["fine"])
    with neural.seeded(rng):
        net = MaskedNet(
            variables.sizes, variables.parents, variables.bases, width=PRIVATE["width"], depth=config.depth,
            narrow=PRIVATE["narrow"], dropout=0.0,
        )  # fmt: skip
    net.start_from(variables.codes(blocks))
    budget.secret.train(
        AnyOrder(net, variables.columns, config.ordered), lambda rows: {"codes": variables.codes(rows)},
        Steps(**config.private), blocks.rows, threads=budget.threads, on_progress=on_progress,
    )  # fmt: skip
    return Autoregressive(
        blocks.specs, variables, Masked.from_arrays(variables.sizes, variables.parents, net.arrays())
    )


def from_state(specs: tuple[Spec, ...], state: State) -> Autoregressive | Annotated:
    """Rebuild what `state` gave. Raises ArtifactError if its parts do not belong together."""
    whole, specs = specs, texts.rest_of(specs)
    try:
        scales = {
            specs[int(index)].name: Residuals.restored(
                state.arrays[f"knots.{index}"], int(parts), state.arrays[f"tails.{index}"]
            )
            for index, parts in state.json["parts"].items()
        }
        variables = Variables.of(specs, scales)
        arrays = {name.removeprefix("net."): array for name, array in state.arrays.items()}
        masked = Masked.from_arrays(variables.sizes, variables.parents, arrays)
        model = Autoregressive(specs, variables, masked)
        options = texts.Options(**state.json.get("texts", {}))
        texts.check(options)
    except (KeyError, ValueError, TypeError, IndexError, ZeroDivisionError):
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None
    return annotated.restored(model, whole, options, state.arrays)
