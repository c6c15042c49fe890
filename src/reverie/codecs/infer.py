"""From a dataset to its schema: every codec may claim a column; the best claim wins, with its reason."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from reverie.codecs.base import Match, Profile, codec_for, codecs
from reverie.codecs.spelling import read_column
from reverie.codecs.wording import split_words
from reverie.core.dataset import Dataset
from reverie.core.errors import DataError, ReverieError, SchemaError
from reverie.core.names import hint, meant
from reverie.schema.types import Column, Schema, Table

SAMPLE = 100_000
COUNTED = 2_000_000
CHECKED = 2_000
DEFAULT_LOCALE = "en_US"


def infer(dataset: Dataset) -> Schema:
    """The schema of every table. Raises DataError if a table holds nothing to learn from."""
    return Schema(tables=tuple(infer_table(name, table) for name, table in dataset.tables.items()))


def infer_table(name: str, table: pa.Table, *, seed: int = 0) -> Table:
    """The schema of one table; `seed` moves the rows that are looked at in tables of more than 100,000.

    Raises DataError if there are no rows or columns, or a column is of a kind that no codec takes.
    """
    if not table.num_rows or not table.num_columns:
        raise DataError(
            "has no rows" if table.num_columns else "has no columns", where=name, fix="Give a table with data"
        )
    pairs = zip(table.column_names, table.columns, strict=True)
    profiles = [profile_column(column, values, seed=seed) for column, values in pairs]
    matches = [_choose(name, profile) for profile in profiles]
    columns = _agree_on_locale(profiles, matches)
    return Table(name=name, columns=columns, primary_key=_find_key(name, profiles, columns))


def plain(schema: Table, able: Collection[str]) -> Table:
    """The schema with plainer types where a column asks for more than the modalities `able`, if it can."""
    columns = []
    for column in schema.columns:
        codec = codec_for(column, where=schema.name)
        if codec.PLAIN and codec.MODALITY not in able:
            column = column.model_copy(update={"type": codec.PLAIN, "options": {}})
        columns.append(column)
    return schema.model_copy(update={"columns": tuple(columns)})


def profile_column(name: str, values: pa.ChunkedArray, *, seed: int = 0) -> Profile:
    """Counts over the whole column, and at most 100,000 values spread evenly over it."""
    rows, nulls = len(values), values.null_count
    distinct = _count_distinct(values) if rows <= COUNTED else None
    if rows > SAMPLE:
        at = (np.arange(SAMPLE) * rows // SAMPLE + seed % (rows // SAMPLE)).astype(np.int64)
        values = values.take(pa.array(at))
    sample = values.combine_chunks()
    return Profile(name, sample, rows, nulls, distinct)


def _count_distinct(values: pa.ChunkedArray) -> int | None:
    try:
        return pc.count_distinct(values, mode="only_valid").as_py()
    except pa.ArrowNotImplementedError:
        return None


def _choose(table: str, profile: Profile) -> Match:
    claims = [claim for claim in (codec.matches(profile) for codec in codecs()) if claim is not None]
    if not claims:
        raise DataError(
            f"holds {profile.sample.type} values, which no column type takes",
            where=f"{table}.{profile.name}",
            fix="Drop the column, or convert it to text or numbers",
        )
    return max(claims, key=lambda claim: claim.score)


def _agree_on_locale(profiles: list[Profile], matches: list[Match]) -> tuple[Column, ...]:
    """A column that could not tell its locale takes the one that most others of its table have."""
    told = Counter(locale for match in matches if (locale := match.options.get("locale")))
    locale = told.most_common(1)[0][0] if told else DEFAULT_LOCALE
    columns = []
    for profile, match in zip(profiles, matches, strict=True):
        options = dict(match.options)
        if "locale" in options and not options["locale"]:
            options["locale"] = locale
        columns.append(Column(name=profile.name, type=match.type, reason=match.reason, options=options))
    return tuple(columns)


def _find_key(table: str, profiles: list[Profile], columns: tuple[Column, ...]) -> str | None:
    """The first unique identifier without holes, one named "id" or after the table before others."""
    keys = [
        column.name
        for profile, column in zip(profiles, columns, strict=True)
        if column.options.get("unique") is True and not profile.nulls
    ]
    own = {("id",), (*split_words(table), "id"), (*split_words(table.removesuffix("s")), "id")}
    return next((key for key in keys if split_words(key) in own), keys[0] if keys else None)


def check_schema(schema: Table, table: pa.Table) -> None:
    """See that `schema` describes `table`.

    Raises SchemaError, naming the column, if columns are missing or unknown, a type or an option is unknown,
    or the values do not fit their type.
    """
    _check_columns(schema, table)
    values = dict(zip(table.column_names, table.columns, strict=True))
    for column in schema.columns:
        where = f"{schema.name}.{column.name}"
        codec = codec_for(column, where=schema.name)
        _check_options(column.options, codec.OPTIONS, where)
        if pt.is_binary(values[column.name].type) and not codec.MODALITY:
            what = f"holds pictures or sounds, which type '{column.type}' does not take"
            raise SchemaError(what, where=where, fix="Correct the type in the schema")
        sample = _spread(values[column.name])
        try:
            codec.sketch(column, read_column(column, sample))
        except SchemaError as error:
            raise SchemaError(error.what, where=where, fix=error.fix) from None
        except ReverieError as error:
            raise SchemaError(
                f"type '{column.type}' does not fit: {error.what}",
                where=where,
                fix="Correct the type in the schema",
            ) from None


def _check_columns(schema: Table, table: pa.Table) -> None:
    have, want = table.column_names, [column.name for column in schema.columns]
    wrong = {
        "not in the data": [name for name in want if name not in set(have)],
        "not in the schema": [name for name in have if name not in set(want)],
        "listed twice": [name for name, times in Counter(want).items() if times > 1],
    }
    found = [f"{len(names):,} columns {what} ({_shorten(names)})" for what, names in wrong.items() if names]
    if found:
        fix = "Use the schema made from this table, or infer it again with 'reverie inspect'"
        raise SchemaError(f"the schema is of another table: {'; '.join(found)}", where=schema.name, fix=fix)
    if schema.primary_key:
        _check_key(schema.primary_key, schema.name, table)


def _check_key(key: str, where: str, table: pa.Table) -> None:
    if key not in table.column_names:
        fix = hint(key, table.column_names)
        raise SchemaError(f"primary key '{key}' is not a column", where=where, fix=fix)
    different, rows = _count_distinct(table[key]), table.num_rows
    if different is not None and different < rows:
        what = f"primary key '{key}' has {different:,} different values in {rows:,} rows"
        raise SchemaError(what, where=where, fix="Name a column that is unique in every row, or null")


def _check_options(options: Mapping[str, Any], known: Mapping[str, type], where: str) -> None:
    for name, value in options.items():
        if name not in known:
            fix = f"{meant(name, known)}Options are: {', '.join(sorted(known)) or 'none'}"
            raise SchemaError(f"unknown option '{name}'", where=where, fix=fix)
        fits = (int, float) if known[name] is float else known[name]
        if value is not None and not isinstance(value, fits):
            what = f"option '{name}' is {type(value).__name__}, not {known[name].__name__}"
            raise SchemaError(what, where=where, fix="Correct the option in the schema")


def _spread(values: pa.ChunkedArray) -> pa.Array:
    if len(values) > CHECKED:
        values = values.take(pa.array(np.arange(CHECKED) * len(values) // CHECKED))
    return values.combine_chunks()


def _shorten(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")
