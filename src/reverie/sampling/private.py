"""A table made ready for formal privacy: codecs learn from made-up rows, families ask through noise."""

import numpy as np
import pyarrow as pa

from reverie.codecs import surrogate
from reverie.codecs.base import Protection
from reverie.codecs.infer import infer_table, plain
from reverie.codecs.spelling import read_table
from reverie.codecs.table import TableCodec
from reverie.core.errors import ConfigError
from reverie.core.names import hint
from reverie.core.rng import child
from reverie.dp.account import Account, Privacy
from reverie.dp.mechanisms import source
from reverie.models.secret import Secret
from reverie.sampling.constraints import Rules
from reverie.sampling.table import Prepared
from reverie.schema.types import Table

SHARE = 0.2
"""Share of the account that codecs take."""
LEAST_SHARED = 5
CHECKED = ("inequality", "range", "predicate", "formula", "conditional")
"""Rules that are kept: those that were written down and hold no values of the rows."""


def describe(name: str, table: pa.Table, promise: Privacy) -> Table:
    """The schema of a table as far as it counts as public: names and types of columns, and no rules."""
    return _with_unit(surrogate.public(plain(infer_table(name, table), ())), promise)


def prepare(table: pa.Table, schema: Table, promise: Privacy, *, seed: int = 0, k: int = 5) -> Prepared:
    """Codecs learned from answers with noise, and the rows behind noise. Raises ReverieError."""
    rng, schema = source(), surrogate.varying(_with_unit(schema, promise))
    table = read_table(schema, bounded(table, promise, rng))
    owners = None if promise.unit is None or promise.most == 1 else _numbered(table[promise.unit])
    account = Account(promise, len(schema.columns))
    made = surrogate.make(
        table.select([column.name for column in schema.columns]), schema, account, SHARE, rng
    )
    schema = surrogate.precise(schema, made)
    kept = tuple(rule for rule in schema.constraints if rule.kind in CHECKED)
    rules = Rules.fit(made, schema.model_copy(update={"constraints": kept}), k, checked=True)
    codec = TableCodec.fit(made, rules.reduced_schema, Protection(max(k, LEAST_SHARED)))
    # Not by the seed: one row more would shift what is drawn for all rows after it.
    real = codec.encode(surrogate.fill(table, made), rng)
    blocks = codec.encode(made, child(seed, schema.name, "encode"))
    return Prepared(rules, codec, blocks, Secret(real, account, rng, owners=owners))


def check(table: pa.Table, schema: Table, promise: Privacy) -> None:
    """Raise ConfigError if there is no column of the entity, SchemaError if a column cannot be asked.

    That is told by names and types alone, so before anything is spent.
    """
    if promise.unit is not None and promise.unit not in table.column_names:
        fix = hint(promise.unit, table.column_names)
        raise ConfigError(f"no column '{promise.unit}'", where="--privacy-unit", fix=fix)
    surrogate.check(table.schema, _with_unit(schema, promise))


def bounded(table: pa.Table, promise: Privacy, rng: np.random.Generator) -> pa.Table:
    """The table with at most `promise.most` rows, chosen at random, of each entity.

    Rows without an entity are one each.
    """
    if promise.unit is None:
        return table
    codes = _numbered(table[promise.unit])
    order = rng.permutation(len(codes))
    by = order[np.argsort(codes[order], kind="stable")]
    _, start, counts = np.unique(codes[by], return_index=True, return_counts=True)
    rank = np.empty(len(codes), np.int64)
    rank[by] = np.arange(len(codes)) - np.repeat(start, counts)
    return table.filter(pa.array(rank < promise.most))


def _numbered(values: pa.ChunkedArray) -> np.ndarray:
    """A number from 0 for each entity, (rows,) int64; each missing one is an entity of its own."""
    codes = values.combine_chunks().dictionary_encode().indices
    found = codes.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    missing = found < 0
    found[missing] = found.max(initial=-1) + 1 + np.arange(missing.sum())
    return found


def _with_unit(schema: Table, promise: Privacy) -> Table:
    """The schema in which the entity is an identifier, of which nothing is learned."""
    columns = tuple(
        column.model_copy(update={"type": "identifier", "options": {}})
        if column.name == promise.unit
        else column
        for column in schema.columns
    )
    return schema.model_copy(update={"columns": columns})
