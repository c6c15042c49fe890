"""Canaries: secrets planted in a copy of the real rows, and sought in all that a fit to it leaves behind.

A secret that was planted and comes out was remembered. As many secrets of the same kind that were not planted
tell how often one comes out by chance. Source: Carlini, Liu, Erlingsson, Kos and Song (2019), The Secret
Sharer.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.core.errors import DataError
from reverie.core.rng import child
from reverie.evaluation import arrow
from reverie.evaluation.dossier import Sought
from reverie.schema.types import Column, Table

REPEATS, ROWS, REPEATED = 10, 20, 6
"""How often a row is repeated, how many rows are planted once, and how many are repeated."""
FEWEST = 400
"""Rows without which nothing is planted: the secrets would be a part of the table that is worth learning."""
TRIES = 20
"""Times as many rows are made as are planted, from which those that nobody is are taken."""
LETTERS, LAST_YEAR = 14, 9900
SPELLED = ("integer", "decimal", "date", "datetime", "duration", "boolean", "ordinal")
"""Types that a column of texts spells, which a word would break."""
FIXED, UNIQUE = ("constant",), ("identifier",)
MADE_ANEW = ("identifier", "personal")
"""Columns that no row is known by."""
VALUES, ROW, AGAIN = "a value that one row has", "a row", f"a row repeated {REPEATS} times"

Draw = Callable[[pa.ChunkedArray, np.random.Generator], Any]


@dataclass(frozen=True)
class Planted:
    """A table with secrets: `values` by column, `rows` and `repeated` as tables; each with decoys as many."""

    table: pa.Table
    values: Mapping[str, tuple[Any, ...]]
    rows: pa.Table
    repeated: pa.Table
    decoy_values: Mapping[str, tuple[Any, ...]]
    decoy_rows: pa.Table
    decoy_repeated: pa.Table


def plant(table: pa.Table, schema: Table, *, seed: int = 0) -> Planted:
    """The table with secrets in some cells of the columns of texts, dates and numbers, and rows that nobody
    is, some of them repeated.

    Rows take each cell from another row, so that no value of theirs is a secret; as few are planted as there
    are that nobody is. Constant columns, and numbers and dates that are spelled as text, have no secret, nor
    have types of few values. Raises DataError if there are too few rows.
    """
    if table.num_rows < FEWEST:
        fix = f"Give at least {FEWEST} rows"
        raise DataError(f"{table.num_rows} rows are too few to hide secrets among", where="real", fix=fix)
    rng, table = child(seed, "canaries"), _flat(table)
    hiding = [column.name for column in schema.columns if _hides(column, table)]
    values, decoys = _secrets(table, hiding, rng), _secrets(table, hiding, rng)
    keys = [column.name for column in schema.columns if column.type in MADE_ANEW]
    known = [name for name in table.column_names if name not in keys]
    mixed = _nobody(table, known, 2 * (ROWS + REPEATED), rng)
    half = mixed.num_rows // 2
    again = min(REPEATED, half // 2)
    planted, others = mixed.slice(0, half), mixed.slice(half, half)
    rows, repeated = planted.slice(again), planted.slice(0, again)
    unique = [column.name for column in schema.columns if column.type in UNIQUE]
    more = _renamed(pa.concat_tables([rows, *[repeated] * REPEATS]), unique, rng)
    whole = pa.concat_tables([_filled(table, values, rng), more])
    whole = whole.take(pa.array(rng.permutation(whole.num_rows)))
    parts = (rows, repeated, others.slice(again), others.slice(0, again))
    once, twice, once_decoys, twice_decoys = (part.select(known) for part in parts)
    return Planted(whole, values, once, twice, decoys, once_decoys, twice_decoys)


def sought(planted: Planted, rows: pa.Table, files: Mapping[str, Iterable[bytes]]) -> tuple[Sought, ...]:
    """What of the secrets is among the synthetic `rows`, and which values are in files, by place."""
    found = {"samples": _among(planted.values, rows)}
    floor = _among(planted.decoy_values, rows)
    for place, contents in files.items():
        pieces = list(contents)
        found[place] = _written(planted.values, pieces)
        floor += _written(planted.decoy_values, pieces)
    count = sum(map(len, planted.values.values()))
    once, again = (
        ({"samples": number} if (number := _equal(secret, rows)) else {})
        for secret in (planted.rows, planted.repeated)
    )
    return (
        Sought(
            VALUES, count, {place: number for place, number in found.items() if number}, floor, unique=True
        ),
        Sought(ROW, planted.rows.num_rows, once, _equal(planted.decoy_rows, rows)),
        Sought(AGAIN, planted.repeated.num_rows, again, _equal(planted.decoy_repeated, rows)),
    )


def contents(folder: Path) -> list[bytes]:
    """What is in the files under `folder`, zips unpacked."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            found += unpacked(file.read_bytes())
    return found


def unpacked(data: bytes) -> list[bytes]:
    """The data, or the entries of the zip that it is."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return [data]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def _flat(table: pa.Table) -> pa.Table:
    columns = [arrow.plain(column) for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def _hides(column: Column, table: pa.Table) -> bool:
    """Whether a secret can be put in a column without breaking it."""
    kind, there = table[column.name].type, table[column.name].null_count < table.num_rows
    text = pt.is_string(kind) or pt.is_large_string(kind)
    spelled = text and column.type in SPELLED
    return there and not spelled and column.type not in FIXED


def _secrets(table: pa.Table, names: Sequence[str], rng: np.random.Generator) -> dict[str, tuple[Any, ...]]:
    found = {}
    for name in names:
        column = table[name]
        draws = next((draws for fits, draws in _DRAWS if fits(column.type)), ())
        if draws:
            # As the column's own type has them, which may be of fewer digits.
            drawn = [draw(column, rng) for draw in draws]
            found[name] = tuple(pa.array(drawn, column.type).to_pylist())
    return found


def _word(_: pa.ChunkedArray, rng: np.random.Generator) -> str:
    letters = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), LETTERS))
    return letters.capitalize()


def _span(column: pa.ChunkedArray) -> tuple[Any, Any]:
    ends = pc.min_max(column).as_py()
    return ends["min"], ends["max"]


def _inside(column: pa.ChunkedArray, rng: np.random.Generator) -> float:
    low, high = _span(column)
    return float(low + (high - low) * rng.random())


def _beyond(column: pa.ChunkedArray, rng: np.random.Generator) -> float:
    low, high = _span(column)
    return float(high + (1 + abs(high) + high - low) * (1 + rng.random()))


def _beyond_whole(column: pa.ChunkedArray, rng: np.random.Generator) -> int:
    low, high = _span(column)
    most = np.iinfo(column.type.to_pandas_dtype()).max
    # Of many digits, since few of them are written everywhere by chance.
    away = (1 + abs(high) + high - low) * (2 + 8 * rng.random()) + 1e8 * (1 + rng.random())
    return int(min(most - 1e6 * rng.random(), high + away))


def _later(column: pa.ChunkedArray, rng: np.random.Generator) -> Any:
    away = timedelta(days=int(rng.integers(9_000, 20_000)), seconds=int(rng.integers(86_400)))
    low, high = _span(column)
    # Some tables say with the last of all days that something has no end.
    return high + away if high.year < LAST_YEAR else low - away


_DRAWS: tuple[tuple[Callable[[pa.DataType], bool], tuple[Draw, ...]], ...] = (
    (lambda kind: pt.is_string(kind) or pt.is_large_string(kind), (_word, _word)),
    (pt.is_floating, (_inside, _beyond)),
    (lambda kind: pt.is_integer(kind) and kind.bit_width >= 32, (_beyond_whole,)),
    (lambda kind: pt.is_date(kind) or pt.is_timestamp(kind), (_later,)),
)
"""What secrets look like by type of column: inside the range of the others where that can be told apart."""


def _mixed(table: pa.Table, n: int, rng: np.random.Generator) -> pa.Table:
    """Rows whose every cell is of another row."""
    columns = {
        name: table[name].take(pa.array(rng.integers(0, table.num_rows, n))) for name in table.column_names
    }
    return pa.table(columns, schema=table.schema)


def _renamed(rows: pa.Table, keys: Sequence[str], rng: np.random.Generator) -> pa.Table:
    """The rows with keys that no other row has, as keys must be."""
    for name in keys:
        column = rows[name]
        draws = next((draws for fits, draws in _DRAWS if fits(column.type)), ())
        if draws and column.null_count < len(column):
            fresh = pa.array([draws[0](column, rng) for _ in range(len(column))], column.type)
            rows = rows.set_column(rows.column_names.index(name), name, fresh)
    return rows


def _nobody(table: pa.Table, known: Sequence[str], n: int, rng: np.random.Generator) -> pa.Table:
    """At most `n` rows of cells of other rows that no row of the table equals in the columns `known`."""
    made = _mixed(table, TRIES * n, rng)
    there = _present(made.select(known), table.select(known))
    return made.filter(pa.array(~there)).slice(0, n) if known else made.slice(0, 0)


def _filled(table: pa.Table, values: Mapping[str, tuple[Any, ...]], rng: np.random.Generator) -> pa.Table:
    """The table with each secret in a cell of a row of its own."""
    places = iter(
        rng.permutation(table.num_rows).tolist() * (1 + sum(map(len, values.values())) // table.num_rows)
    )
    for name, secrets in values.items():
        mask = np.zeros(table.num_rows, bool)
        at = sorted(next(places) for _ in secrets)
        mask[at] = True
        put = pa.array(secrets, table[name].type)
        column = pc.replace_with_mask(table[name].combine_chunks(), pa.array(mask), put[: int(mask.sum())])
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _among(values: Mapping[str, tuple[Any, ...]], rows: pa.Table) -> int:
    """How many of the secrets are a cell of their column."""
    count = 0
    for name, secrets in values.items():
        cells = set(map(_spelled, arrow.plain(rows[name]).unique().to_pylist()))
        count += sum(_spelled(secret) in cells for secret in secrets)
    return count


def _written(values: Mapping[str, tuple[Any, ...]], pieces: Iterable[bytes]) -> int:
    """How many of the secrets are written anywhere in the pieces, as text or as a number's bytes."""
    pieces = list(pieces)
    every = [secret for secrets in values.values() for secret in secrets]
    return sum(any(spelling in piece for piece in pieces for spelling in _spellings(one)) for one in every)


def _spellings(secret: Any) -> list[bytes]:
    found = [_spelled(secret).encode()]
    if isinstance(secret, datetime):
        ticks = round(secret.replace(tzinfo=secret.tzinfo or UTC).timestamp())
        found += [np.int64(ticks * 10**power).tobytes() for power in (3, 6, 9)]
    if isinstance(secret, float | int):
        # In four bytes a number is found by chance among the weights of a network.
        found.append(np.float64(secret).tobytes())
    if isinstance(secret, int):
        found.append(np.int64(secret).tobytes())
    return found


def _spelled(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _equal(secrets: pa.Table, rows: pa.Table) -> int:
    """How many of the secret rows are among the rows."""
    return int(_present(secrets, rows.select(secrets.column_names)).sum()) if secrets.num_rows else 0


def _present(secrets: pa.Table, rows: pa.Table) -> np.ndarray:
    """Which of the secret rows are among the rows, (secrets,) bool."""
    names = [name for name in secrets.column_names if arrow.is_plain(rows[name].type)]
    columns = [arrow.codes([secrets[name], rows[name]])[0] for name in names]
    if not columns:
        return np.ones(secrets.num_rows, bool)
    wanted, made = (np.stack([pair[side] for pair in columns], axis=1) for side in (0, 1))
    there = {row.tobytes() for row in np.ascontiguousarray(made)}
    return np.array([row.tobytes() in there for row in np.ascontiguousarray(wanted)], bool)
