"""From a table to what was learned of it, with or without a promise of formal privacy."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from reverie.codecs.infer import check_schema, plain
from reverie.codecs.spelling import read_table
from reverie.dp.account import Privacy
from reverie.dp.ledger import Ledger
from reverie.io.fingerprint import fingerprint
from reverie.models.base import Budget, OnProgress, silent
from reverie.models.deadline import Deadline, seconds_of
from reverie.sampling import private
from reverie.sampling.constraints import check_consistent
from reverie.sampling.table import Learned, describe, prepare
from reverie.schema.types import Constraint, Table

_NO_LIMIT = Budget()


def learn(
    table: pa.Table,
    schema: Table,
    *,
    chosen: str,
    seed: int = 0,
    k: int = 5,
    config: Any = None,
    privacy: Privacy | None = None,
    budget: Budget = _NO_LIMIT,
    critic: bool = True,
    on_progress: OnProgress = silent,
) -> Learned:
    """Fit rules, codecs, the family `chosen` and, if there is one, the critic.

    With `privacy`, by answers with noise alone, and without a critic. Raises ReverieError.
    """
    deadline = Deadline.after(budget.seconds)
    if privacy is None:
        ready = prepare(table, schema, seed=seed, k=k, budget=budget, on_progress=on_progress)
    else:
        ready = private.prepare(table, schema, privacy, seed=seed, k=k)
    left = replace(budget, seconds=seconds_of(deadline))
    return ready.learn(chosen, seed=seed, config=config, budget=left, critic=critic, on_progress=on_progress)


def spend(name: str, table: pa.Table, family: str, privacy: Privacy | None) -> tuple[str, ...]:
    """Write the promise into the ledger before it is kept; what should be known of the total.

    Raises ConfigError if it would pass the cap.
    """
    if privacy is None:
        return ()
    epsilon, delta = Ledger.default().spend(fingerprint(table), name, family, privacy)
    if epsilon <= privacy.epsilon * (1 + 1e-9):
        return ()
    return (f"all fits on these data together have spent epsilon {epsilon:g}, delta {delta:g}",)


def settle(
    schema: Table | None,
    written: Sequence[Constraint],
    name: str,
    whole: pa.Table,
    table: pa.Table,
    privacy: Privacy | None = None,
    able: Collection[str] = (),
) -> Table:
    """The schema of `table`, some rows of the `whole`: inferred if there is none, with the rules `written`,
    and in types that one who is `able` to learn these modalities can.

    What the user wrote must hold in the whole. Raises SchemaError or ConstraintError if it does not, and
    ConfigError or SchemaError if the table cannot be learned as `privacy` promises.
    """
    if privacy is not None and schema is None:
        schema = private.describe(name, table, privacy)
    if schema is None:
        schema = plain(describe(name, table, written), able)
        if whole is table:
            return schema
    else:
        check_schema(schema, whole)
        written = (*schema.constraints, *written)
        schema = schema.model_copy(update={"constraints": written})
    if privacy is not None:
        private.check(whole, schema, privacy)
    # What the rows say of rules may not be told under formal privacy.
    check_consistent(written, schema, None if privacy else read_table(schema, whole))
    return schema
