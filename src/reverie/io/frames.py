"""Frames in and out: pandas, polars, Arrow and dicts, known by their type's module, never imported first."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from reverie.core.dataset import Dataset
from reverie.core.errors import DataError
from reverie.io import attachments, forms
from reverie.io.arrow_types import check_names, settle
from reverie.io.forms import Form
from reverie.io.pictures import UnreadableError

_WHERE = "frame"


def read_frame(frame: Any, name: str = "data") -> Dataset:
    """The frame as a dataset of one table of canonical types, with notes on what was changed.

    Takes pandas, polars (eager or lazy), Arrow tables, batches and readers, any object with
    `__arrow_c_stream__`, and a dict of columns. Names that are not text become text; an index is dropped.
    Raises DataError, naming the column.
    """
    table, notes = _to_table(frame)
    batches = table.combine_chunks().to_batches() or [
        pa.record_batch([pa.nulls(0, kind) for kind in table.schema.types], schema=table.schema)
    ]
    settled, more = settle(table.schema, lambda: iter(batches), name)
    if not settled.num_rows:
        raise DataError("has columns but no rows", where=name, fix="Give at least one row")
    held = attachments.attach(settled, None, name)
    return Dataset({name: held.table}, name, (*notes, *more, *held.notes), held.named)


def to_arrow(frame: Any) -> pa.Table:
    """The frame as an Arrow table of canonical types; `read_frame` tells the notes too. Raises DataError."""
    return read_frame(frame).single()[1]


def forms_of(frame: Any) -> dict[str, Form]:
    """The forms of the columns of media that are objects; none of those that are bytes."""
    kind = library(frame)
    if kind == "pandas":
        frame = frame.to_frame() if type(frame).__name__ == "Series" else frame
        columns = {str(label): frame.iloc[:, place] for place, label in enumerate(frame.columns)}
        objects = {name: column for name, column in columns.items() if _is_object(column)}
    elif kind == "polars":
        objects = {column.name: column.to_list() for column in _objects(frame)}
    elif isinstance(frame, Mapping):
        objects = {str(name): column for name, column in frame.items() if _is_object(column)}
    else:
        return {}
    found = {name: forms.form_of(column) for name, column in objects.items()}
    return {name: form for name, form in found.items() if form is not None}


def from_arrow(table: pa.Table, like: Any, shapes: Mapping[str, Form] = MappingProxyType({})) -> Any:
    """The table as the same kind of frame as `like`, with its column types where the values allow.

    A column that `like` does not have keeps its own type. Media are files, but for columns that have a form
    among `shapes`, where the frame can hold objects.
    """
    kind = library(like)
    shaped = {name: form for name, form in shapes.items() if name in table.column_names}
    cells = {name: _shaped(table[name], form) for name, form in shaped.items()}
    if kind == "pandas":
        return _to_pandas(table, like, cells)
    if kind == "polars":
        return _to_polars(table, like, cells)
    if isinstance(like, Mapping):
        return {
            name: cells[name] if name in cells else table[name].to_pylist() for name in table.column_names
        }
    cast = _cast_like(table, like.schema) if isinstance(like, pa.Table | pa.RecordBatch) else table
    if isinstance(like, pa.RecordBatch):
        return cast.combine_chunks().to_batches()[0]
    return cast


def _to_table(frame: Any) -> tuple[pa.Table, list[str]]:
    if library(frame) == "pandas":
        return _from_pandas(frame)
    if library(frame) == "polars":
        return _from_polars(frame.collect() if hasattr(frame, "collect") else frame)
    if isinstance(frame, pa.Table):
        return frame, []
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame]), []
    if isinstance(frame, Mapping):
        return _from_columns(_names(frame), frame.values(), from_pandas=True)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(frame).read_all(), []
    fix = "Give a pandas, polars or Arrow frame, a dict of columns, or the path of a file"
    raise DataError(f"a {type(frame).__name__} is no table", fix=fix)


def _names(labels: Iterable[Any]) -> list[str]:
    """Labels as text. Raises DataError if two become the same."""
    labels = list(labels)
    if any(isinstance(label, tuple) for label in labels):
        raise DataError("column names have several levels", where=_WHERE, fix="Flatten them to one text each")
    names = ["" if label is None else str(label) for label in labels]
    check_names(names, _WHERE)
    return names


def _from_polars(frame: Any) -> tuple[pa.Table, list[str]]:
    frame = frame.to_frame() if type(frame).__name__ == "Series" else frame
    objects = {column.name: column.to_list() for column in _objects(frame)}
    plain = frame.drop(list(objects)).to_arrow()
    if not objects:
        return plain, []
    columns = (objects[name] if name in objects else plain[name] for name in frame.columns)
    return _from_columns(frame.columns, columns, from_pandas=True)


def _objects(frame: Any) -> list[Any]:
    """The columns of a polars frame that hold objects."""
    import polars as pl

    frame = frame.to_frame() if isinstance(frame, pl.Series) else frame
    if isinstance(frame, pl.LazyFrame):
        names = [name for name, kind in frame.collect_schema().items() if kind == pl.Object]
        frame = frame.select(names).collect() if names else pl.DataFrame()
    return [column for column in frame.get_columns() if column.dtype == pl.Object]


def _from_pandas(frame: Any) -> tuple[pa.Table, list[str]]:
    frame = frame.to_frame() if type(frame).__name__ == "Series" else frame
    names = _names(frame.columns)
    return _from_columns(names, (frame.iloc[:, place] for place in range(len(names))), from_pandas=True)


def _from_columns(
    names: list[str], columns: Iterable[Any], *, from_pandas: bool
) -> tuple[pa.Table, list[str]]:
    arrays, notes = [], []
    for name, column in zip(names, columns, strict=True):
        array, note = _from_column(name, column, from_pandas)
        arrays.append(array)
        notes += [f"column '{name}': {note}"] if note else []
    if len({len(array) for array in arrays}) > 1:
        raise DataError(
            "columns have different lengths", where=_WHERE, fix="Give every column one value a row"
        )
    return pa.table(arrays, names=names), notes


def _from_column(name: str, column: Any, from_pandas: bool) -> tuple[pa.ChunkedArray | pa.Array, str]:
    """The column as Arrow, and a note if its values were changed."""
    if library(column) == "pandas" and (plain := _plain(column)) is not None:
        return plain
    if isinstance(column, pa.ChunkedArray):
        return column, ""
    if _is_object(column) and (files := _files(name, column)) is not None:
        return files, ""
    try:
        array = pa.array(column, from_pandas=from_pandas)
        if isinstance(array, pa.ExtensionArray) and library(column) == "pandas":
            return pa.array(column.astype("string"), from_pandas=True), f"{column.dtype} is read as text"
        return array, ""
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        TypeError,
        ValueError,
        OverflowError,
    ):
        pass
    try:
        if _is_object(column):
            texts = column.astype("string") if library(column) == "pandas" else _spell(column)
            return pa.array(texts, from_pandas=True), "mixes values of several types, and is read as text"
    except (pa.ArrowException, TypeError, ValueError):
        pass
    what = f"column '{name}' holds values that are neither numbers, text, dates nor durations"
    raise DataError(what, where=_WHERE, fix="Remove or convert it")


def _files(name: str, column: Iterable[Any]) -> pa.Array | None:
    """The files of Pillow images and arrays of pixels, or of waveforms with their rates; None for a column of
    anything else.

    Raises DataError if one cannot be used.
    """
    try:
        found = forms.files(column)
    except UnreadableError as error:
        form = forms.form_of(column)
        media = "sounds" if form is not None and form.kind in forms.HEARD else "pictures"
        what = f"column '{name}' holds {media} that are {error}"
        raise DataError(what, where=_WHERE, fix="Correct or remove them") from None
    return None if found is None else pa.array(found, pa.binary())


def _is_object(column: Any) -> bool:
    """Whether a column of a frame or a plain list may hold objects of any kind."""
    return str(getattr(column, "dtype", "object")) == "object"


def _shaped(column: pa.ChunkedArray, form: Form) -> list[Any]:
    """Cells in a form; those that are no files as they are."""
    cells = column.to_pylist()
    return [form.cell(cell) if isinstance(cell, bytes) else cell for cell in cells]


def _plain(column: Any) -> tuple[pa.Array, str] | None:
    """Periods as the moments they start, intervals as text, with a note; None for all other columns."""
    import pandas as pd

    kind = column.dtype
    inner = kind.categories.dtype if isinstance(kind, pd.CategoricalDtype) else kind
    if isinstance(inner, pd.PeriodDtype):
        starts = pd.Series(pd.PeriodIndex(column)).dt.to_timestamp()
        return pa.array(starts, from_pandas=True), f"each {inner} is read as the moment it starts"
    if isinstance(inner, pd.IntervalDtype):
        return pa.array(column.astype("string"), from_pandas=True), "intervals are read as text"
    return None


def _spell(column: Iterable[Any]) -> list[str | None]:
    return [None if value is None else str(value) for value in column]


def _to_pandas(table: pa.Table, like: Any, cells: Mapping[str, list[Any]]) -> Any:
    import pandas as pd

    labels = (
        {str(label): place for place, label in enumerate(like.columns)} if hasattr(like, "columns") else {}
    )
    columns = {}
    for name in table.column_names:
        place = labels.get(name)
        if name in cells:
            columns[name if place is None else like.columns[place]] = _series(cells[name])
        elif place is None:
            columns[name] = table[name].to_pandas()
        else:
            columns[like.columns[place]] = _to_series(table[name], like.iloc[:, place].dtype)
    return pd.DataFrame(columns)


def _series(cells: list[Any]) -> Any:
    """Objects as a pandas series; one by one, as numpy would take arrays and images apart."""
    import pandas as pd

    held = np.empty(len(cells), object)
    for place, cell in enumerate(cells):
        held[place] = cell
    return pd.Series(held)


def _to_series(column: pa.ChunkedArray, dtype: Any) -> Any:
    """The column as a pandas series of `dtype` if every value fits it, else of the nearest type."""
    import pandas as pd

    series = column.to_pandas()
    if pt.is_integer(column.type) and column.null_count:
        series = column.to_pandas(integer_object_nulls=True).astype("Int64")
    try:
        if isinstance(dtype, pd.CategoricalDtype):
            kept = dtype.categories.isin(series.dropna().unique()).sum() == series.nunique()
            return series.astype(dtype if kept else "category")
        if isinstance(dtype, pd.PeriodDtype):
            return pd.Series(pd.PeriodIndex(pd.to_datetime(series), freq=dtype.freq))
        return series.astype(dtype)
    except (TypeError, ValueError, OverflowError):
        return series.astype("float64") if pt.is_integer(column.type) and column.null_count else series


def _to_polars(table: pa.Table, like: Any, cells: Mapping[str, list[Any]]) -> Any:
    import polars as pl

    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    for name, held in cells.items():
        frame = frame.with_columns(pl.Series(name, held, dtype=pl.Object))
    wanted = like.collect_schema() if hasattr(like, "collect_schema") else {}
    for name in table.column_names:
        if name in wanted and frame.schema[name] != wanted[name]:
            try:
                frame = frame.with_columns(pl.col(name).cast(wanted[name]))
            except pl.exceptions.PolarsError:
                continue
    return frame.lazy() if isinstance(like, pl.LazyFrame) else frame


def _cast_like(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for name in table.column_names:
        column = table[name]
        kind = schema.field(name).type if name in schema.names else column.type
        try:
            columns.append(
                column.dictionary_encode().cast(kind) if pt.is_dictionary(kind) else column.cast(kind)
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            columns.append(column)
    return pa.table(columns, names=table.column_names)


def library(frame: Any) -> str:
    """The library that a frame is of, "builtins" for a dict; empty for None."""
    return "" if frame is None else type(frame).__module__.split(".")[0]


def emptied(frame: Any) -> Any:
    """A frame of the same kind without rows, nor the levels of pandas' categories, which may be rare
    values.
    """
    if library(frame) == "pandas" and hasattr(frame, "columns"):
        none = frame.iloc[:0].copy()
        for place, kind in enumerate(none.dtypes):
            if kind == "category":
                none.isetitem(place, none.iloc[:, place].cat.remove_unused_categories())
        return none
    if library(frame) == "polars":
        return frame.head(0)
    return {} if isinstance(frame, Mapping) else frame.slice(0, 0) if isinstance(frame, pa.Table) else None


def empty_frame(name: str) -> Any:
    """A frame of the library called `name` without columns; None for any other name."""
    if name == "pandas":
        import pandas as pd

        return pd.DataFrame()
    if name == "polars":
        import polars as pl

        return pl.DataFrame()
    return {} if name == "builtins" else None
