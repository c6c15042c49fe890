"""A learned table: rules, codecs, a fitted family and its critic, from an Arrow table to new rows and
back.
"""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Lesson, Protection
from reverie.codecs.infer import infer_table
from reverie.codecs.spelling import read_table
from reverie.codecs.table import TableCodec
from reverie.core.errors import ConfigError, DataError
from reverie.core.rng import child
from reverie.models.base import Bare, Budget, Fitted, OnProgress, Progress, State, family, silent
from reverie.models.deadline import Deadline, seconds_of
from reverie.models.media import media_of
from reverie.models.secret import Secret
from reverie.sampling.constraints import Rules, check_consistent, detect
from reverie.schema.blocks import Blocks, Evidence
from reverie.schema.types import Constraint, Table

CRITIC = "reverie.sampling.critic"
MOST_COLUMNS = 1_000
"""Columns that can be learned: the time of fitting grows with their square."""
MOST_COMPARED = 300
"""Columns among which rules are looked for, as that too compares each with each."""
CODEC_SHARE = 0.25
"""Share of a budget's time that is that of codecs that learn by networks."""
FAMILY_SHARE = 0.6
"""Share of a budget's time that is the family's; what it leaves is the critic's."""
_NO_LIMIT = Budget()


@dataclass(frozen=True)
class Learned:
    """Everything that was learned of one table; `fitted` is None if no column needs a model (keys alone,
    say).
    """

    rules: Rules
    codec: TableCodec
    fitted: Fitted | None
    critic: Any
    rows: int
    notes: tuple[str, ...] = ()
    privacy: Mapping[str, Any] | None = None
    """What was promised and spent under formal privacy."""

    def __repr__(self) -> str:
        family = "no model" if self.fitted is None else self.fitted.family
        return f"Learned({family} of {self.rows:,} rows, {len(self.schema.columns)} columns)"

    @property
    def schema(self) -> Table:
        """The schema of the full table."""
        return self.rules.schema

    @property
    def whole(self) -> bool:
        """Whether a rule looks across rows, so that a request must be made in one piece."""
        return any(rule.ACROSS for rule in self.rules.rules)

    def draw(self, n: int, evidence: Evidence | None, rng: np.random.Generator, *, fast: bool) -> Blocks:
        """`n` rows as blocks, through the critic if there is one. Raises ConditionError."""
        if self.fitted is None:
            return Blocks((), {}, n)
        if self.critic is not None and not fast:
            return self.critic.resample(self.fitted, n, rng=rng, given=evidence or None)
        return self.fitted.sample(n, rng=rng, given=evidence or None)

    def bare(self, n: int, rng: np.random.Generator) -> pa.Table:
        """`n` rows that may break rules, with cells of nothing ("", or b"") for texts, pictures and sounds
        that are not missing; the critic has not seen them.
        """
        fitted = self.fitted
        blocks = fitted.bare(n, rng) if isinstance(fitted, Bare) else self.draw(n, None, rng, fast=True)
        return self.rules.restore(self.codec.blank(blocks, rng))

    def guided(self, strength: float | None) -> "Learned":
        """The same, guided so strongly by what is given; None is as it is. Raises ConfigError."""
        if strength is None:
            return self
        fix = "Give a number from 0 on, such as 1.5"
        if not 0 <= strength < np.inf:
            raise ConfigError("is no strength", where="guidance", fix=fix)
        if self.fitted is None:
            raise ConfigError("there is no model to be guided", where="guidance", fix="Leave it out")
        return replace(self, fitted=self.fitted.guided(strength))

    def decode(
        self, blocks: Blocks, rng: np.random.Generator, offset: int, *, dictionaries: bool
    ) -> pa.Table:
        """Blocks as rows of the full table."""
        return self.rules.restore(self.codec.decode(blocks, rng, offset, dictionaries=dictionaries))

    def renumber(self, table: pa.Table, blocks: Blocks, rng: np.random.Generator, offset: int) -> pa.Table:
        """The rows with their invented cells (keys, personal data) made anew for the places they now have."""
        for codec in self.codec.codecs:
            if codec.INVENTED and codec.column.name in table.column_names:
                name, place = codec.column.name, table.column_names.index(codec.column.name)
                values = codec.decode(blocks.arrays, blocks.rows, rng, offset)
                table = table.set_column(place, name, values.cast(table.schema.field(name).type))
        return table

    def log_prob(self, table: pa.Table, rng: np.random.Generator) -> np.ndarray:
        """Natural logarithm of the density of each row on the codecs' scale, (rows,); of modelled columns
        alone.
        """
        if self.fitted is None:
            return np.zeros(table.num_rows)
        return self.fitted.log_prob(self.codec.encode(self.rules.reduce(table), rng))

    def state(self) -> dict[str, Any]:
        """Nested, JSON-able but for arrays; no row that was learned from is in it."""
        state: dict[str, Any] = {"rules": self.rules.state(), "codec": self.codec.state(), "rows": self.rows}
        if self.fitted is not None:
            state["model"] = {"family": self.fitted.family, **vars(self.fitted.state())}
        if self.critic is not None:
            state["critic"] = self.critic.state()
        if self.privacy is not None:
            state["privacy"] = dict(self.privacy)
        return state

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave. Raises ArtifactError, or KeyError and the like, on a state that
        makes no sense.
        """
        codec, fitted, critic = TableCodec.from_state(state["codec"]), None, None
        if "model" in state:
            model = state["model"]
            fitted = family(model["family"]).from_state(codec.specs, State(model["json"], model["arrays"]))
        if "critic" in state:
            critic = importlib.import_module(CRITIC).Critic.from_state(state["critic"])
        rules, privacy = Rules.from_state(state["rules"]), state.get("privacy")
        return cls(rules, codec, fitted, critic, int(state["rows"]), privacy=privacy)


@dataclass(frozen=True)
class Prepared:
    """A table's rules, its codecs, and its rows as blocks: what any family learns from.

    Under formal privacy the blocks are made up, and a family asks the `secret` about the real ones.
    """

    rules: Rules
    codec: TableCodec
    blocks: Blocks
    secret: Secret | None = None

    def learn(
        self,
        chosen: str,
        *,
        seed: int = 0,
        config: Any = None,
        budget: Budget = _NO_LIMIT,
        critic: bool = True,
        on_progress: OnProgress = silent,
    ) -> Learned:
        """Fit the family `chosen` and, if there is one, the critic. Raises ReverieError."""
        critic = critic and self.secret is None and not media_of(self.codec.specs)
        if not self.codec.specs:
            return Learned(self.rules, self.codec, None, None, self.blocks.rows, privacy=self._spent())
        deadline, module = Deadline.after(budget.seconds), family(chosen)
        critic = critic and importlib.util.find_spec(CRITIC) is not None
        fitted = module.fit(
            self.blocks,
            config=module.Config() if config is None else config,
            rng=child(seed, self.rules.schema.name, "fit"),
            budget=replace(
                budget,
                seconds=seconds_of(deadline.part(FAMILY_SHARE if critic else 1)),
                secret=self.secret,
            ),
            on_progress=on_progress,
        )
        judge, notes = None, fitted.notes
        if critic:
            train, rng = importlib.import_module(CRITIC).train, child(seed, self.rules.schema.name, "critic")
            judge = train(fitted, self.blocks, rng=rng, deadline=deadline, on_progress=on_progress)
            notes += (
                ("the budget of time left none for the critic",) if deadline.left < 0 and not judge else ()
            )
        return Learned(self.rules, self.codec, fitted, judge, self.blocks.rows, notes, self._spent())

    def _spent(self) -> dict[str, Any] | None:
        """What was promised and spent, if anything was promised."""
        account = None if self.secret is None else self.secret.account
        return None if account is None else account.statement()


def describe(name: str, table: pa.Table, constraints: Sequence[Constraint] = ()) -> Table:
    """The schema of a table: types with their reasons, `constraints`, and the rules that its rows never
    break.

    Raises ConstraintError if `constraints` contradict each other or the data.
    """
    check_width(name, table)
    schema = infer_table(name, table)
    own = {(constraint.kind, frozenset(constraint.columns)) for constraint in constraints}
    table = read_table(schema, table)
    found = [c for c in _detect(table, schema) if (c.kind, frozenset(c.columns)) not in own]
    schema = schema.model_copy(update={"constraints": (*constraints, *found)})
    check_consistent(schema.constraints, schema, table if constraints else None)
    return schema


def check_width(name: str, table: pa.Table) -> None:
    """Raise DataError if there are more columns than can be learned."""
    if table.num_columns > MOST_COLUMNS:
        what = f"has {table.num_columns:,} columns, and at most {MOST_COLUMNS:,} can be learned together"
        raise DataError(what, where=name, fix="Keep the columns that matter, or learn them in groups")


def _detect(table: pa.Table, schema: Table) -> Sequence[Constraint]:
    return detect(table, schema) if table.num_columns <= MOST_COMPARED else ()


def prepare(
    table: pa.Table,
    schema: Table,
    *,
    seed: int = 0,
    k: int = 5,
    budget: Budget = _NO_LIMIT,
    on_progress: OnProgress = silent,
) -> Prepared:
    """Fit rules and codecs, these with a share of the budget, and encode the rows. Raises ReverieError."""
    check_width(schema.name, table)
    table = read_table(schema, table)
    rules = Rules.fit(table, schema, k)
    reduced = rules.reduce(table)
    codec = TableCodec.fit(reduced, rules.reduced_schema, Protection(k))
    lesson = Lesson(
        child(seed, schema.name, "codecs"),
        None if budget.seconds is None else CODEC_SHARE * budget.seconds,
        budget.threads,
        budget.device,
        lambda what, done: on_progress(Progress(what, done, 1.0)),
    )
    codec = codec.taught(reduced, lesson)
    return Prepared(rules, codec, codec.encode(reduced, child(seed, schema.name, "encode")))
