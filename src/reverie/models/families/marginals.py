"""Counts of columns and of pairs of columns, as a graphical model: the best where noise must be strong.

Sources: McKenna, Miklau & Sheldon (2021), Winning the NIST Contest (MST: a tree of the most dependent pairs);
McKenna et al. (2022), AIM (then the pairs that the model gets most wrong, by rounds).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models import graph
from reverie.models.attributes import CELLED, Attribute, Groups, attributes
from reverie.models.base import Budget, Capabilities, OnProgress, Progress, State, silent
from reverie.models.clock import Clock
from reverie.models.drawing import draw_codes, draw_numbers
from reverie.models.graph import Measured, Table
from reverie.models.histogram import Histograms
from reverie.models.particles import BlockEvidence
from reverie.models.secret import Coded, Secret
from reverie.models.sequential import Sequential
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, RealEvidence, Spec

CAPABILITIES = Capabilities(
    summary="counts of columns and of pairs of them, joined as a graphical model",
    log_prob=True,
    given=True,
    dp=True,
    cost="minutes",
    advice="formal privacy (--epsilon), above all at a small epsilon",
    requires=("mbi",),
)
LOOKED_AT = 100_000
"""Rows that are drawn to see what the model so far gets wrong."""
LEAST_GROUPS = 4
LAST = 3
"""Times as many steps of the last estimation."""
TINY = 1e-12


@dataclass(frozen=True)
class Config:
    """`single`, `choices` are shares of what is asked for single attributes and for choosing pairs; the rest
    is for pairs. After a tree, `rounds` of `more` times as many pairs as attributes follow. At most `groups`
    codes an attribute; `steps` of estimation; `megabytes` that the model may take.
    """

    single: float = 0.15
    choices: float = 0.1
    rounds: int = 2
    more: float = 0.5
    groups: int = 32
    steps: int = 1000
    megabytes: float = 32.0


@dataclass
class Partial:
    """Groups of the attributes known so far, (rows, attributes), and the codes of a gate that wait for the
    number behind it.
    """

    codes: np.ndarray
    waiting: np.ndarray | None = None


class Marginals(Sequential):
    """A fitted graphical model: `tables` in their order, over `groups` of the codes of `attributes`."""

    family = "marginals"

    def __init__(
        self,
        specs: tuple[Spec, ...],
        groups: Sequence[Groups],
        tables: Sequence[Table],
        notes: tuple[str, ...] = (),
    ) -> None:
        self.specs, self.groups, self.tables, self.notes = specs, tuple(groups), tuple(tables), notes
        self.attributes = attributes(specs)
        self.order = tuple(spec.name for table in tables for spec in self.attributes[table.attribute].blocks)
        self._table = {
            spec.name: table for table in tables for spec in self.attributes[table.attribute].blocks
        }
        self._categories = {spec.name: spec for spec in specs if isinstance(spec, Category)}

    def begin(self, rows: int, rng: np.random.Generator) -> Partial:  # noqa: ARG002
        return Partial(np.zeros((rows, len(self.attributes)), np.int64))

    def take(self, partial: Partial, rows: np.ndarray) -> Partial:
        waiting = partial.waiting
        return Partial(partial.codes[rows], None if waiting is None else waiting[rows])

    def draw(
        self, partial: Partial, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        if name in self._categories:
            assert not isinstance(evidence, RealEvidence)
            return draw_codes(self._kind_logits(partial, name), self._categories[name], rng, evidence)
        assert not isinstance(evidence, CategoryEvidence)
        rows, there = len(partial.codes), np.arange(len(partial.codes))
        if partial.waiting is not None:
            there = np.flatnonzero(partial.waiting == self._attribute(name).gated)
        return draw_numbers(lambda some: self._cells(partial, name, some), rows, there, rng, evidence)

    def score(self, partial: Partial, name: str, values: np.ndarray) -> np.ndarray:
        if name in self._categories:
            logits = self._kind_logits(partial, name)
            return logits[np.arange(len(values)), values] - np.log(np.exp(logits).sum(axis=1))
        numbers, out = values.reshape(-1).astype(float), np.zeros(len(values))
        there = np.flatnonzero(~np.isnan(numbers))
        out[there] = self._cells(partial, name, there).log_density(numbers[there])
        return out

    def put(self, partial: Partial, name: str, values: np.ndarray) -> None:
        at = self._table[name].attribute
        attribute = self.attributes[at]
        if name in self._categories and attribute.real is not None:
            partial.waiting = values
            return
        arrays = {name: values}
        if attribute.real is not None and attribute.category is not None:
            assert partial.waiting is not None
            arrays[attribute.category.name], partial.waiting = partial.waiting, None
        partial.codes[:, at] = self.groups[at].of[
            attribute.codes(Blocks(attribute.blocks, arrays, len(values)))
        ]

    def state(self) -> State:
        arrays: dict[str, np.ndarray] = {}
        for at, groups in enumerate(self.groups):
            arrays |= {f"of.{at}": groups.of, f"within.{at}": groups.within}
        for at, table in enumerate(self.tables):
            arrays[f"chances.{at}"] = table.chances.astype(np.float32)
        listed = [{"attribute": table.attribute, "parents": list(table.parents)} for table in self.tables]
        return State({"tables": listed}, arrays)

    def _attribute(self, name: str) -> Attribute:
        return self.attributes[self._table[name].attribute]

    def _chances(self, partial: Partial, name: str) -> np.ndarray:
        """The chances of each code of an attribute, (rows, codes)."""
        table = self._table[name]
        groups = self.groups[table.attribute]
        return table.given(partial.codes)[:, groups.of] * groups.within

    def _kind_logits(self, partial: Partial, name: str) -> np.ndarray:
        """Logarithms of the chances of the codes of a Category, (rows, k)."""
        attribute, chances = self._attribute(name), self._chances(partial, name)
        out = np.zeros((len(chances), self._categories[name].k))
        out[:, attribute.kinds] = chances[:, : len(attribute.kinds)]
        if attribute.gated is not None:
            out[:, attribute.gated] = chances[:, len(attribute.kinds) :].sum(axis=1)
        return np.log(np.maximum(out, TINY))

    def _cells(self, partial: Partial, name: str, rows: np.ndarray) -> Histograms:
        kinds = len(self._attribute(name).kinds)
        chances = self._chances(Partial(partial.codes[rows]), name)[:, kinds:] + TINY
        chances = chances / chances.sum(axis=1, keepdims=True)
        return Histograms(CELLED, chances, lambda some, _: np.ones((len(some), 1)))


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Marginals:
    """Ask for counts, through noise if `budget.secret` says so, and estimate the model."""
    secret = budget.secret or Secret(blocks, None, rng, weights)
    found = attributes(blocks.specs)
    share = 1.0 if secret.account is None else secret.account.left
    learner = _Learner(config, found, secret, share, rng)
    # Under formal privacy how long the rows take to count must decide nothing.
    seconds = None if secret.account is not None else budget.seconds
    for step in learner.run(Clock(silent), seconds):
        on_progress(Progress("counting", step, 1.0))
    return Marginals(blocks.specs, learner.groups, learner.tables)


class _Learner:
    """Asks for single attributes, then for a tree of pairs, then for what the model gets wrong."""

    def __init__(
        self,
        config: Config,
        found: Sequence[Attribute],
        secret: Secret,
        share: float,
        rng: np.random.Generator,
    ) -> None:
        self.config, self.found, self.share, self.rng = config, found, share, rng
        self.account = secret.account
        self.pairs = list(combinations(range(len(found)), 2))
        self.rounds = self._rounds()
        whole = secret.coded(
            lambda blocks: np.column_stack([one.codes(blocks) for one in found]), [one.size for one in found]
        )
        self.groups, self.measured = self._singles(whole)
        self.coded: Coded = secret.coded(self._encode, [one.size for one in self.groups])
        self.tables, self.begun = graph.independent(self.measured), None

    def run(self, clock: Clock, seconds: float | None) -> Iterator[float]:
        """The part of the work that is done, after each part; what there is no time for is left out."""
        begun = clock.passed
        for done, pairs in enumerate(self.rounds):
            took = clock.passed - begun
            last = done + 1 == len(self.rounds)
            # The next round takes as long as the one before, and the last longer.
            last = last or (seconds is not None and clock.passed + (1 + LAST) * took > seconds)
            begun = clock.passed
            self._round(pairs, tree=done == 0, last=last)
            yield 1.0 if last else (done + 1) / len(self.rounds)
            if last:
                return

    def _rounds(self) -> list[int]:
        """How many pairs are asked for in each round, a tree first."""
        count = len(self.found) - 1
        more = max(int(self.config.more * len(self.found)), 1)
        asked = min(count + self.config.rounds * more, len(self.pairs))
        rounds = [count, *(more for _ in range(count, asked, more))] if count else []
        if rounds:
            rounds[-1] -= sum(rounds) - asked
        return rounds

    def _encode(self, blocks: Blocks) -> np.ndarray:
        return np.column_stack(
            [groups.of[one.codes(blocks)] for groups, one in zip(self.groups, self.found, strict=True)]
        )

    def _singles(self, coded: Coded) -> tuple[list[Groups], list[Measured]]:
        """Groups of the codes of each attribute, and their counts, from one question each."""
        share = self.share * self.config.single / len(self.found)
        groups, measured = [], []
        for at, attribute in enumerate(self.found):
            counts, deviation = coded.count((at,), "one column", share)
            groups.append(Groups.learn(attribute, counts, deviation, self._most(counts.sum())))
            held = np.bincount(groups[-1].of, counts)
            spread = deviation * np.sqrt(np.bincount(groups[-1].of).mean())
            measured.append(Measured((at,), held, float(spread)))
        return groups, measured

    def _most(self, rows: float) -> int:
        """Groups of which a table of two still holds more rows a cell than noise."""
        fit = np.sqrt(max(rows, 1.0) / max(self._pair_deviation(), 1.0))
        return int(np.clip(fit, LEAST_GROUPS, self.config.groups))

    def _pair_deviation(self) -> float:
        """The noise that a count of a pair will have."""
        return 0.0 if self.account is None else self.account.deviation(self._pair_share())

    def _pair_share(self) -> float:
        return self.share * (1 - self.config.single - self.config.choices) / max(sum(self.rounds), 1)

    def _round(self, pairs: int, *, tree: bool, last: bool) -> None:
        """Choose so many pairs, those of a `tree` first, ask for their counts and estimate anew."""
        sample = graph.draw(self.tables, LOOKED_AT, self.rng)
        known = {one.clique for one in self.measured}
        guesses = {pair: self._guess(sample, pair) for pair in self.pairs if pair not in known}
        deviation, choosing = self._pair_deviation(), self.share * self.config.choices / sum(self.rounds)
        for _ in range(pairs):
            open_ = [pair for pair in guesses if pair not in known and self._allowed(pair, known, tree=tree)]
            if not open_:
                break
            at = self.coded.worst(open_, [guesses[pair] for pair in open_], deviation, choosing)
            counts, noise = self.coded.count(open_[at], "two columns", self._pair_share())
            self.measured.append(Measured(open_[at], counts, noise))
            known.add(open_[at])
        steps = self.config.steps * (LAST if last else 1)
        self.tables, self.begun = graph.estimate(self.coded.sizes, self.measured, steps, self.begun)

    def _guess(self, sample: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
        """What the model so far says of a pair, as counts of about as many rows as there are."""
        sizes = [self.coded.sizes[at] for at in pair]
        codes = np.ravel_multi_index((sample[:, pair[0]], sample[:, pair[1]]), sizes)
        rows = np.mean([one.counts.sum() for one in self.measured if len(one.clique) == 1])
        return np.bincount(codes, minlength=sizes[0] * sizes[1]).reshape(sizes) * rows / len(sample)

    def _allowed(self, pair: tuple[int, int], known: set[tuple[int, ...]], *, tree: bool) -> bool:
        edges = [one for one in known if len(one) == 2]
        if tree:
            return not _joined(pair, edges)
        size = graph.size_with(self.coded.sizes, [*known, pair])
        return size <= self.config.megabytes


def _joined(pair: tuple[int, int], edges: Sequence[tuple[int, ...]]) -> bool:
    """Whether the edges lead from one of the pair to the other."""
    reached, grown = {pair[0]}, True
    while grown:
        more = {at for edge in edges if reached & set(edge) for at in edge}
        grown = not more <= reached
        reached |= more
    return pair[1] in reached


def from_state(specs: tuple[Spec, ...], state: State) -> Marginals:
    """Rebuild what `Marginals.state` gave. Raises ArtifactError if its parts do not belong together."""
    try:
        found = attributes(specs)
        groups = [Groups(state.arrays[f"of.{at}"], state.arrays[f"within.{at}"]) for at in range(len(found))]
        tables = [
            Table(int(one["attribute"]), tuple(one["parents"]), state.arrays[f"chances.{at}"].astype(float))
            for at, one in enumerate(state.json["tables"])
        ]
        _check(found, groups, tables)
        return Marginals(specs, groups, tables)
    except (KeyError, ValueError, TypeError, IndexError):
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None


def _check(found: Sequence[Attribute], groups: Sequence[Groups], tables: Sequence[Table]) -> None:
    """Raise ValueError if the parts are not of one model."""
    sizes = [one.size for one in groups]
    seen: set[int] = set()
    for one, group in zip(found, groups, strict=True):
        if group.of.shape != (one.size,) or group.within.shape != (one.size,) or group.of.min() < 0:
            raise ValueError("groups are of other codes")
    for table in tables:
        shape = tuple(sizes[at] for at in (*table.parents, table.attribute))
        if (
            table.chances.shape != shape
            or not set(table.parents) <= seen
            or not np.isfinite(table.chances).all()
        ):
            raise ValueError("tables are of other attributes")
        seen.add(table.attribute)
    if seen != set(range(len(found))) or len(tables) != len(found):
        raise ValueError("attributes without a table")
