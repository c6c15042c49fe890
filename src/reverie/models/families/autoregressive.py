"""A masked network over columns: P(column | any others), learned over all orders at once.

Sources: Uria, Murray & Larochelle 2014; Hoogeboom et al. 2022 (order-agnostic autoregressive models).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import Budget, Capabilities, OnProgress, Progress, State, silent
from reverie.models.density import Residuals
from reverie.models.histogram import Histograms, pick
from reverie.models.masked import Masked
from reverie.models.particles import BlockEvidence, known_share
from reverie.models.sequential import Sequential
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Evidence, Real, RealEvidence, Spec

CAPABILITIES = Capabilities(
    "a masked network over columns, in any order: answers every question natively",
    log_prob=True,
    given=True,
    requires=("torch", "lightning_fabric"),
)


@dataclass(frozen=True)
class Config:
    """`width` and `depth` of the network, bins of a number (`coarse`, `fine` parts of each), and `training`,
    fields of `nn.train.Training`.

    A share `ordered` of rows is learned in the order in which columns are drawn if nothing is given.
    """

    width: int = 256
    depth: int = 1
    dropout: float = 0.1
    coarse: int = 64
    fine: int = 16
    ordered: float = 0.5
    training: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Partial:
    """What is known of rows: `sums` (rows, width), and where each gated Real is absent, (rows,) bool."""

    sums: np.ndarray
    closed: dict[str, np.ndarray]


class Autoregressive(Sequential):
    """A fitted network, in arrays: `masked`, over `variables`."""

    family = "autoregressive"
    chunk = 1 << 13

    def __init__(
        self, specs: tuple[Spec, ...], variables: Variables, masked: Masked, order: tuple[str, ...] = ()
    ) -> None:
        self.specs, self.variables, self.masked = specs, variables, masked
        self.order = order or variables.order
        self._by_name = {spec.name: spec for spec in specs}
        self._gated = {
            spec.gate.block: (spec.name, spec.gate.code)
            for spec in specs
            if isinstance(spec, Real) and spec.gate
        }

    def arranged(self, given: Evidence) -> "Autoregressive":
        """The same network drawing first what is known in the most rows: any order is learned."""
        share = {name: known_share(evidence) for name, evidence in given.items()}
        owner = {name: gate for gate, (name, _) in self._gated.items()}
        groups = [name for name in self.variables.order if name not in owner]
        best = {gate: max(share.get(gate, 0.0), share.get(name, 0.0)) for name, gate in owner.items()}
        groups.sort(key=lambda name: -best.get(name, share.get(name, 0.0)))
        order = [part for name in groups for part in (name, *self._gated.get(name, ())[:1])]
        return Autoregressive(self.specs, self.variables, self.masked, tuple(order))

    def begin(self, rows: int) -> Partial:
        return Partial(self.masked.begin(rows), {})

    def take(self, partial: Partial, rows: np.ndarray) -> Partial:
        return Partial(partial.sums[rows], {name: shut[rows] for name, shut in partial.closed.items()})

    def put(self, partial: Partial, name: str, values: np.ndarray) -> None:
        for at, codes in enumerate(self.variables.split(name, values)):
            self.masked.tell(partial.sums, self.variables.first[name] + at, codes)
        if name in self._gated:
            real, code = self._gated[name]
            partial.closed[real] = values != code

    def draw(
        self, partial: Partial, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        spec = self._by_name[name]
        if isinstance(spec, Category):
            assert not isinstance(evidence, RealEvidence)
            return self._draw_codes(partial, spec, rng, evidence)
        assert not isinstance(evidence, CategoryEvidence)
        rows = len(partial.sums)
        open_rows = np.flatnonzero(~partial.closed.get(name, np.zeros(rows, bool)))
        numbers, logp = np.full(rows, np.nan), np.zeros(rows)
        histograms = self._histograms(partial.sums[open_rows], name)
        if evidence is None:
            numbers[open_rows] = histograms.draw(rng)
            return numbers.reshape(-1, 1, 1), None
        with np.errstate(divide="ignore"):
            numbers[open_rows], mass = histograms.draw_within(*evidence.intervals, rng)
            logp[open_rows] = np.log(mass)
        if evidence.values is not None:
            known = ~np.isnan(evidence.values)
            numbers = np.where(known, evidence.values, numbers)
            logp[known] = self.score(partial, name, numbers)[known]
            logp[~known] = 0.0 if not evidence.bounded else logp[~known]
        return numbers.reshape(-1, 1, 1), logp

    def score(self, partial: Partial, name: str, values: np.ndarray) -> np.ndarray:
        if isinstance(self._by_name[name], Category):
            found = self.masked.log_proba(self.masked.refine(partial.sums), self.variables.first[name])
            return found[np.arange(len(values)), values].astype(float)
        numbers, out = values.reshape(-1).astype(float), np.zeros(len(values))
        there = np.flatnonzero(~np.isnan(numbers))
        out[there] = self._histograms(partial.sums[there], name).log_density(numbers[there])
        return out

    def state(self) -> State:
        arrays = {f"net.{name}": array for name, array in self.masked.arrays().items()}
        parts = {}
        for name, scale in self.variables.scales.items():
            index = next(i for i, spec in enumerate(self.specs) if spec.name == name)
            arrays |= {f"knots.{index}": scale.knots, f"tails.{index}": scale.tails}
            parts[str(index)] = scale.fine
        return State({"parts": parts}, arrays)

    def _draw_codes(
        self, partial: Partial, spec: Category, rng: np.random.Generator, evidence: CategoryEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        proba = np.exp(
            self.masked.log_proba(self.masked.refine(partial.sums), self.variables.first[spec.name])
        )
        free = np.ones(spec.k, bool)
        free[list(spec.muted)] = False
        if evidence is None:
            return pick(proba * free, rng).astype(np.int32), None
        wanted = free if evidence.allowed is None else free & evidence.allowed
        possible = wanted.any()
        drawn = pick(proba * (wanted if possible else ~wanted), rng).astype(np.int32)
        with np.errstate(divide="ignore"):
            logp = np.log(proba @ wanted) - np.log(proba @ free)
        if evidence.codes is not None:
            known, rows = evidence.codes >= 0, np.arange(len(drawn))
            found = np.log(np.maximum(proba[rows, np.maximum(evidence.codes, 0)], 1e-30))
            logp = np.where(known, found, logp if evidence.allowed is not None else 0.0)
            drawn = np.where(known, evidence.codes, drawn).astype(np.int32)
        return drawn, logp

    def _histograms(self, sums: np.ndarray, name: str) -> Histograms:
        """Of rows of which `sums` are known."""
        first = self.variables.first[name]

        def parts(rows: np.ndarray, bins: np.ndarray) -> np.ndarray:
            told = sums[rows]
            self.masked.tell(told, first, bins)
            return np.exp(self.masked.log_proba(self.masked.refine(told), first + 1))

        coarse = np.exp(self.masked.log_proba(self.masked.refine(sums), first))
        return Histograms(self.variables.scales[name], coarse, parts)


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Autoregressive:
    """Train the network. Raises ConfigError without torch, and for blocks of vectors and tokens."""
    try:
        from reverie.nn import masked as network
        from reverie.nn import train as training
        from reverie.nn.rows import Rows
    except ImportError:
        raise ConfigError(
            "autoregressive needs PyTorch", where="--model", fix="pip install 'reverie[neural]'"
        ) from None
    import torch

    variables = Variables.learn(blocks, config.coarse, config.fine)
    codes = variables.codes(blocks)
    seed = int(rng.integers(2**31))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = network.MaskedNet(variables.sizes, config.width, config.depth, config.dropout)
    net.start_from(codes)
    task = network.AnyOrder(net, variables.columns, config.ordered)
    recipe = training.Training(**config.training)  # type: ignore[arg-type]
    training.train(
        task, Rows({"codes": codes}, weights), recipe, seed=seed, seconds=budget.seconds,
        on_epoch=lambda epoch: on_progress(Progress("training", epoch.done, 1.0)),
    )  # fmt: skip
    return Autoregressive(blocks.specs, variables, Masked.from_arrays(variables.sizes, net.arrays()))


def from_state(specs: tuple[Spec, ...], state: State) -> Autoregressive:
    """Rebuild what `Autoregressive.state` gave. Raises ArtifactError if its parts do not belong together."""
    try:
        scales = {
            specs[int(index)].name: Residuals(
                np.asarray(state.arrays[f"knots.{index}"], float),
                int(parts),
                np.asarray(state.arrays[f"tails.{index}"], float),
            )
            for index, parts in state.json["parts"].items()
        }
        if any(
            len(scale.knots) % scale.fine != 1 or (np.diff(scale.knots) <= 0).any()
            for scale in scales.values()
        ):
            raise ValueError("knots do not ascend")
        variables = Variables.of(specs, scales)
        arrays = {name.removeprefix("net."): array for name, array in state.arrays.items()}
        return Autoregressive(specs, variables, Masked.from_arrays(variables.sizes, arrays))
    except (KeyError, ValueError, TypeError, IndexError, ZeroDivisionError):
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None
