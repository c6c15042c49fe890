"""A table of made-up rows for codecs to learn from under formal privacy: it is told by answers with noise.

Each column is asked on its own, and columns of the result know nothing of each other. What is learned from
the result costs nothing more (post-processing), so every codec learns bounds, levels, precision and shares of
missing cells as it always does, and none from the real column. Names and types of columns count as public.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.arrow_types import plain, restore
from reverie.codecs.base import codec_for
from reverie.codecs.columns.number import MOST_DECIMALS, count_places, known_places, read_numbers
from reverie.codecs.spelling import is_spelled, read_column, write_column
from reverie.codecs.storage import is_string
from reverie.core.errors import SchemaError
from reverie.dp.account import Account
from reverie.dp.histogram import WIDEST, learn
from reverie.dp.mechanisms import noisy
from reverie.schema.types import Column, Table

ROUNDS = 4
"""Rounds of the histogram of a number."""
GRIDS = 0.02
"""Share of rows that need not lie on the grid that is chosen, but for noise."""
THREE = 3.0
"""Deviations of noise above which something is taken to be there."""
ROWS = 0.02
"""Share of what is spent on columns that the number of rows takes."""
_DAY = 86_400
_RARE = "rarely "
_MOST_WORDS = 100
_STEPS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LINES = ("numbers", "moments")
_VARYING = {"constant": "category"}
_PLAIN = {"ordinal": "category", **_VARYING}
"""The type that is learned instead of one which inference tells by the values of rows."""
_OF_DATA = ("decimals", "levels", "repeats", "unique", "style", "max_levels")
"""Options that inference finds in the rows themselves."""


def public(schema: Table) -> Table:
    """An inferred schema without what inference took from the rows: their rules, levels and precision."""
    kept = [
        {name: value for name, value in column.options.items() if name not in _OF_DATA}
        for column in schema.columns
    ]
    columns = [
        column.model_copy(
            update={
                "type": _PLAIN.get(column.type, column.type),
                "options": options,
                "reason": "its type counts as public",
            }
        )
        for column, options in zip(schema.columns, kept, strict=True)
    ]
    return schema.model_copy(update={"columns": tuple(columns), "constraints": ()})


def varying(schema: Table) -> Table:
    """The schema in which no column is said to be always the same: noise may tell another value of it."""
    columns = [
        column.model_copy(update={"type": _VARYING.get(column.type, column.type)})
        for column in schema.columns
    ]
    return schema.model_copy(update={"columns": tuple(columns)})


def check(fields: pa.Schema, schema: Table) -> None:
    """Raise SchemaError for a column that cannot be asked, by its types alone."""
    for column in schema.columns:
        asked = codec_for(column).ASKED
        if asked in _LINES and column.options.get("zone"):
            what, fix = "dates with a zone are not learned privately", "Drop the option 'zone', or the column"
            raise SchemaError(what, where=column.name, fix=fix)
        if codec_for(column).MODALITY:
            raise SchemaError("is not learned privately yet", where=column.name, fix="Drop the column")
        if pt.is_nested(fields.field(column.name).type):
            what = "lists and records are not learned privately"
            raise SchemaError(what, where=column.name, fix="Drop the column")


def make(
    table: pa.Table, schema: Table, account: Account, share: float, rng: np.random.Generator
) -> pa.Table:
    """Made-up rows, about as many as there are, in the types of `table`; `share` of the account is spent.

    The number of rows is itself told by noise. Columns are such as `check` lets pass.
    """
    weights = np.array([2.0 if codec_for(column).ASKED in _LINES else 1.0 for column in schema.columns])
    shares = share * weights / weights.sum()
    deviation = account.gaussian("number of rows", share * ROWS)
    rows = max(int(noisy(np.array([table.num_rows]), deviation, rng)[0]), 1)
    columns = []
    for column, one in zip(schema.columns, shares * (1 - ROWS), strict=True):
        whole = table[column.name].combine_chunks()
        made = _ask(column, plain(whole), account, float(one), rng)(rows)
        columns.append(made.take(pa.array(rng.permutation(rows))).cast(whole.type))
    return pa.table(columns, names=[column.name for column in schema.columns])


def precise(schema: Table, made: pa.Table) -> Table:
    """The schema with the decimal places of numbers of which it has none, as in the made-up rows."""
    columns = []
    for column in schema.columns:
        if codec_for(column).ASKED == "numbers" and known_places(column) is None:
            numbers, present = read_numbers(
                column.name, read_column(column, made[column.name].combine_chunks())
            )
            places = count_places(numbers[present]) if present.any() else None
            options = column.options if places is None else {**column.options, "decimals": places}
            column = column.model_copy(update={"options": options})
        columns.append(column)
    return schema.model_copy(update={"columns": tuple(columns)})


def fill(table: pa.Table, surrogate: pa.Table) -> pa.Table:
    """The real rows with cells filled where the surrogate has no missing ones, as its codecs have no code for
    them.
    """
    for place, name in enumerate(table.column_names):
        if table[name].null_count and not surrogate[name].null_count:
            table = table.set_column(place, name, pc.fill_null(table[name], surrogate[name][0]))
    return table.select(surrogate.column_names)


Maker = Callable[[int], pa.Array]
"""Makes so many values of a column."""


def _ask(column: Column, values: pa.Array, account: Account, share: float, rng: np.random.Generator) -> Maker:
    asked = codec_for(column).ASKED
    if asked == "levels":
        return _levels(column, values, account, share, rng)
    if asked not in _LINES:
        return _filler(column, values, account, share, rng)
    read = read_column(column, values)
    ask = _moments if asked == "moments" else _numbers
    make = ask(column, read, account, share, rng)
    return lambda rows: write_column(column, make(rows)) if is_spelled(column) else make(rows)


@dataclass(frozen=True)
class _Units:
    """A column of whole units: the share of rows in which it is missing, and numbers as of the others."""

    missing: float
    spread: Callable[[int], np.ndarray]

    @classmethod
    def ask(
        cls, units: np.ndarray, nulls: int, deviations: list[float], rng: np.random.Generator
    ) -> "_Units":
        """The missing are one more cell of the first round."""
        missing = _counted(nulls, deviations[0], rng)
        cells = learn(units, deviations, rng)
        return cls(missing / max(missing + cells.counts.sum(), 1.0), cells.spread)

    def make(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Units (rows,) int64 and which are present, (rows,) bool."""
        made, out = self.spread(rows - round(rows * self.missing)), np.zeros(rows, np.int64)
        out[: len(made)] = made
        return out, np.arange(rows) < len(made)


def _numbers(
    column: Column, values: pa.Array, account: Account, share: float, rng: np.random.Generator
) -> Maker:
    numbers, present = read_numbers(column.name, values)
    known = 0 if numbers.dtype == np.int64 else known_places(column)
    deviations = _rounds(account, f"{column.name}: numbers", share, ROUNDS + (known is None))
    places = _places(numbers[present], deviations.pop(), rng) if known is None else int(known)
    units = numbers[present] if numbers.dtype == np.int64 else _units(numbers[present], places)
    line = _Units.ask(units, int((~present).sum()), deviations, rng)

    def make(rows: int) -> pa.Array:
        made, there = line.make(rows)
        array = pa.array(made / 10.0**places if places else made, mask=~there)
        return array if is_string(values.type) else restore(array, values.type)

    return make


def _moments(
    column: Column, values: pa.Array, account: Account, share: float, rng: np.random.Generator
) -> Maker:
    """Ticks, on the coarsest grid that most are on; days and times of day apart where there are both."""
    kind = pa.date32() if pt.is_date(values.type) else values.type
    dates, clocked = pt.is_date(kind), pt.is_timestamp(kind)
    there = values.cast(kind).drop_null()
    narrow = pa.int32() if kind.bit_width == 32 else pa.int64()
    ticks = there.cast(narrow).to_numpy().astype(np.int64)
    deviations = _rounds(account, f"{column.name}: moments", share, ROUNDS * (1 + clocked) + (not dates))
    second = 1 if dates else _STEPS[kind.unit]
    step = 1 if dates else _step(ticks, second, deviations.pop(), rng)
    day = max(_DAY * second // step, 1) if clocked else 1
    clock = learn(ticks // step % day, deviations[ROUNDS:], rng) if clocked else None
    line = _Units.ask(ticks // step // day, values.null_count, deviations[:ROUNDS], rng)

    def make(rows: int) -> pa.Array:
        units, present = line.make(rows)
        if clock is not None and len(clock.counts):
            units = units * day + np.clip(rng.permutation(clock.spread(rows)), 0, day - 1)
        return pa.array(units * step, mask=~present).cast(narrow).cast(kind)

    return make


def _levels(
    column: Column, values: pa.Array, account: Account, share: float, rng: np.random.Generator
) -> Maker:
    """Levels that many share; those of a schema that someone wrote, and of a boolean, are known already.

    The missing are one more level. Where levels are texts, what is not told is told to be something rare.
    """
    if pt.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    known = _known_levels(column, values.type)
    counted = pc.value_counts(values.drop_null())
    found, counts = counted.field("values"), counted.field("counts").to_numpy().astype(float)
    if known is None:
        deviation, least = account.threshold(f"{column.name}: levels", share)
        told = noisy(counts, deviation, rng)
        levels, told = _sorted(found.filter(pa.array(told > least)), told[told > least])
        rare = is_string(values.type)
    else:
        deviation, rare = account.gaussian(f"{column.name}: levels", share), False
        at = pc.index_in(known, found)
        there, place = at.is_valid().to_numpy(zero_copy_only=False), at.fill_null(0).to_numpy()
        levels, counts = known, np.where(there, np.append(counts, 0.0)[place], 0.0)
        told = np.maximum(noisy(counts, deviation, rng), 0.0)
    absent = _counted(values.null_count, deviation, rng)

    def make(rows: int) -> pa.Array:
        left = rows - told.sum() - absent
        rest = left if rare and left > THREE * deviation * np.sqrt(len(told) + 2) else 0.0
        masses = np.array([*told, rest, absent])
        if not masses.sum() > 0:
            return pa.nulls(rows, values.type)
        sizes = np.diff(np.rint(np.cumsum(masses) / masses.sum() * rows).astype(int), prepend=0)
        known = levels.take(pa.array(np.repeat(np.arange(len(levels)), sizes[:-2])))
        # Each once, so that they are too rare to be kept, and what is rare has a code.
        unknown = pa.array([f"{_RARE}{i}" for i in range(sizes[-2])], pa.string()).cast(values.type)
        return pa.concat_arrays([known, unknown, pa.nulls(sizes[-1], values.type)])

    return make


def _sorted(levels: pa.Array, told: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """The most frequent first, then by name: the order in which rows came would tell of them."""
    order = np.lexsort((np.array(levels.cast(pa.string()).to_pylist(), dtype=object).astype(str), -told))
    return levels.take(pa.array(order)), told[order]


def _known_levels(column: Column, kind: pa.DataType) -> pa.Array | None:
    if pt.is_boolean(kind):
        return pa.array([False, True])
    listed = column.options.get("levels")
    return None if not listed else pa.array([str(level) for level in listed]).cast(kind)


def _filler(
    column: Column, values: pa.Array, account: Account, share: float, rng: np.random.Generator
) -> Maker:
    """Made-up cells for what codecs make anew: how many are missing is asked, and of texts their length."""
    kind = values.type
    text = codec_for(column).ASKED == "words"
    deviations = _rounds(account, f"{column.name}: cells", share, ROUNDS if text else 1)
    if text:
        words = pc.list_value_length(pc.utf8_split_whitespace(values.drop_null().cast(pa.string())))
        line = _Units.ask(
            words.to_numpy(zero_copy_only=False).astype(np.int64), values.null_count, deviations, rng
        )
    else:
        there, missing = (
            _counted(n, deviations[0], rng) for n in (len(values) - values.null_count, values.null_count)
        )
        line = _Units(missing / max(there + missing, 1.0), lambda rows: np.arange(1, rows + 1))

    def make(rows: int) -> pa.Array:
        made, present = line.make(rows)
        if not text:
            return pa.array(made, mask=~present).cast(pa.string() if is_string(kind) else kind)
        # No word is in two rows, so that none is learned.
        texts = [" ".join(f"w{row}x{at}" for at in range(min(n, _MOST_WORDS))) for row, n in enumerate(made)]
        return pa.array(texts, mask=~present)

    return make


def _rounds(account: Account, what: str, share: float, count: int) -> list[float]:
    return [account.gaussian(what, share / count) for _ in range(count)]


def _places(numbers: np.ndarray, deviation: float, rng: np.random.Generator) -> int:
    """Decimal places that nearly all numbers need, or so many that nothing is lost."""
    needed, left = np.zeros(MOST_DECIMALS + 2), np.ones(len(numbers), bool)
    for places in range(MOST_DECIMALS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            fits = left & (np.abs(np.rint(numbers * 10.0**places) / 10.0**places - numbers) <= (
                1e-9 * np.maximum(np.abs(numbers), 10.0**-places)
            ))  # fmt: skip
        needed[places], left = fits.sum(), left & ~fits
    needed[-1] = left.sum()
    told = noisy(needed, deviation, rng)
    total = max(told.sum(), 1.0)
    for places in range(MOST_DECIMALS + 1):
        beyond = told[places + 1 :].sum()
        if beyond <= GRIDS * total + THREE * deviation * np.sqrt(len(told) - places - 1):
            return places
    return MOST_DECIMALS


def _units(numbers: np.ndarray, places: int) -> np.ndarray:
    most = float(1 << WIDEST) / 2
    return np.rint(np.clip(numbers * 10.0**places, -most, most)).astype(np.int64)


def _step(ticks: np.ndarray, second: int, deviation: float, rng: np.random.Generator) -> int:
    """The coarsest of a day, an hour, a minute, a second and its parts that nearly all ticks are multiples
    of.
    """
    fractions = [second // part for part in (10**3, 10**6) if part < second and second % part == 0]
    steps = [_DAY * second, 3600 * second, 60 * second, second, *fractions, 1]
    needed, left = [], np.ones(len(ticks), bool)
    for step in steps:
        fits = left & (ticks % step == 0)
        needed.append(float(fits.sum()))
        left &= ~fits
    told = noisy(np.array(needed), deviation, rng)
    for at, step in enumerate(steps):
        if told[at + 1 :].sum() <= GRIDS * max(told.sum(), 1.0) + THREE * deviation * np.sqrt(
            len(steps) - at
        ):
            return step
    return 1


def _counted(rows: int, deviation: float, rng: np.random.Generator) -> float:
    """A number of rows, by noise; 0 if it might as well be none."""
    found = float(noisy(np.array([float(rows)]), deviation, rng)[0])
    return found if found > THREE * deviation else 0.0
