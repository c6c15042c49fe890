"""The facade: fit a table, then sample, impute, score and save; scikit-learn's conventions."""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition
from reverie.codecs.infer import check_schema
from reverie.codecs.spelling import read_table
from reverie.core.dataset import Dataset
from reverie.core.errors import ArtifactError, ConfigError, ReverieError, SchemaError
from reverie.core.rng import child
from reverie.io.files import read
from reverie.io.frames import from_arrow, read_frame
from reverie.models import artifact
from reverie.models.base import Budget, OnProgress, Progress, silent
from reverie.models.choice import choose_family
from reverie.sampling import plan
from reverie.sampling.conditions import read_given
from reverie.sampling.constraints import check_consistent
from reverie.sampling.request import Request, conform
from reverie.sampling.table import Learned, describe, learn
from reverie.schema.types import Constraint, Schema, Table


class Synthesizer:
    """Learns a table and makes rows like it.

    `model` is a family or "auto"; `schema` a Schema, a Table or the path of one, inferred if None;
    `constraints` are added to those found in the data; values held by fewer than `k` rows never appear;
    `budget` is in seconds of fitting; `critic` resamples what the family makes; at most `max_rows` random
    rows are learned from.

    After `fit`: `schema_` (a Table), `model_` (what was learned), `rows_`, `columns_`, `family_`, `why_` and
    `timings_` (seconds by step); `notes_` says how the data was read, where that is not plain.

    >>> frame = {"a": [1, 2, 3, 4, 5] * 20, "b": ["x", "y"] * 50}
    >>> Synthesizer(model="copula").fit(frame).sample(3)["b"][0] in ("x", "y")
    True
    """

    schema_: Table
    model_: Learned
    family_: str
    why_: str
    timings_: dict[str, float]
    notes_: tuple[str, ...]

    def __init__(
        self,
        model: str = "auto",
        *,
        seed: int = 0,
        schema: Schema | Table | str | Path | None = None,
        constraints: Sequence[Constraint] = (),
        k: int = 5,
        budget: float | None = None,
        critic: bool = True,
        max_rows: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.model, self.seed, self.schema, self.constraints = model, seed, schema, constraints
        self.k, self.budget, self.critic, self.max_rows, self.threads = k, budget, critic, max_rows, threads

    @property
    def rows_(self) -> int:
        """Rows that the table had which was learned."""
        return self._fitted().rows

    @property
    def columns_(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self._fitted().rules.arrow)

    def fit(self, data: Any, *, on_progress: OnProgress = silent) -> Self:
        """Learn from a pandas, polars or Arrow frame, a dict of columns, a Dataset of one table, or a path.

        Raises ReverieError: the data cannot be read, the schema is of another table, rules contradict each
        other.
        """
        self._check()
        clock = _Clock(on_progress)
        found = clock.time("read", lambda: _read(data))
        (name, table), self.notes_ = found.single(), found.notes
        self._like = _empty(data)
        table = self._cut(table)
        self.schema_ = clock.time("schema", lambda: self._describe(name, table))
        self.family_, self.why_ = choose_family(self.model)
        budget = Budget(seconds=self.budget, threads=self.threads or Budget().threads)
        self.model_ = clock.time(
            "model",
            lambda: learn(
                table, self.schema_, chosen=self.family_, seed=self.seed, k=self.k, budget=budget,
                critic=self.critic, on_progress=on_progress,
            ),
        )  # fmt: skip
        self.timings_ = clock.seconds
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        given: Mapping[str, Any] | Sequence[Condition | str] | Any = None,
        seed: int | None = None,
        fast: bool = False,
        workers: int | None = None,
        on_progress: OnProgress = silent,
    ) -> Any:
        """New rows, in the kind of frame that was learned from (an Arrow table if that was a file).

        `n` is as many as were learned from unless told; `given` maps columns to values, lists of values, None
        (missing) or wishes such as `rv.between(30, 40)`, lists conditions as text such as "age>=65", or is a
        frame of partly known rows, or the path of one, each of which is completed once. The same `seed` gives
        the same rows. Raises ConditionError if `given` cannot be met.
        """
        parts = self.stream(n, given=given, seed=seed, fast=fast, workers=workers, on_progress=on_progress)
        return self._frame(pa.concat_tables(parts))

    def stream(
        self,
        n: int | None = None,
        *,
        given: Any = None,
        seed: int | None = None,
        fast: bool = False,
        workers: int | None = None,
        dictionaries: bool = False,
        on_progress: OnProgress = silent,
    ) -> Iterator[pa.Table]:
        """As `sample`, in Arrow tables one after another, in memory that does not grow with `n`."""
        model, request = self._fitted(), self._request(given)
        total = self._total(n, request)
        parts = plan.stream(
            model, total, request, seed=self.seed if seed is None else seed, workers=workers, fast=fast,
            dictionaries=dictionaries,
        )  # fmt: skip
        return _reported(parts, total, on_progress)

    def impute(self, frame: Any, *, seed: int | None = None, workers: int | None = None) -> Any:
        """The frame with its missing cells drawn from what was learned, given the rest of their row.

        Present cells are unchanged. A cell that is missing where the rules say it must be stays so only if
        drawn so.
        """
        model, data = self._fitted(), _read(frame)
        table = data.single()[1]
        request = Request.complete(model, table, strict=False, source=data.source)
        seed = self.seed if seed is None else seed
        parts = plan.stream(model, table.num_rows, request, seed=seed, workers=workers, fast=True)
        filled = pa.concat_tables(parts).select(table.column_names)
        return from_arrow(filled, _empty(frame) if _is_frame(frame) else filled)

    def log_prob(self, frame: Any, *, seed: int | None = None) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,) float64; higher is more usual.

        Densities are on the scale of the codecs (normal scores), so compare them between rows, not between
        models. Raises DataError if a column that was learned is not there.
        """
        model, data = self._fitted(), _read(frame)
        table = conform(model, data.single()[1], data.source)
        if lacking := [name for name in self.columns_ if name not in table.column_names]:
            fix = "Give a table with the columns that were learned"
            raise ConfigError(f"has no column '{lacking[0]}'", where=data.source, fix=fix)
        rng = child(self.seed if seed is None else seed, "log_prob")
        return np.asarray(model.log_prob(table.select(list(self.columns_)), rng), dtype=np.float64)

    def save(self, path: str | Path, *, note: Mapping[str, Any] | None = None) -> None:
        """Write a `.reverie` file; `note` (JSON-able) is kept in it. Raises OutputError."""
        from importlib.metadata import version

        model = self._fitted()
        about = {
            "reverie": version("reverie"), "family": self.family_, "why": self.why_, "rows": model.rows,
            "columns": {column.name: column.type for column in model.schema.columns},
            "frame": _kind(self._like), "timings": self.timings_, "parameters": self._plain(),
            "note": dict(note or {}),
        }  # fmt: skip
        artifact.save(path, about, {"schema": model.schema.model_dump(mode="json"), "table": model.state()})

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """The parameters given when it was made, as scikit-learn wants them."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **parameters: Any) -> Self:
        """Change parameters before fitting. Raises ConfigError for an unknown one."""
        for name, value in parameters.items():
            if name not in _PARAMETERS:
                fix = f"Parameters are: {', '.join(_PARAMETERS)}"
                raise ConfigError(f"no parameter '{name}'", where="Synthesizer", fix=fix)
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"Synthesizer(model={self.model!r}, seed={self.seed})"

    def _check(self) -> None:
        for name, least in (("k", 1), ("max_rows", 1), ("budget", 0.0), ("seed", 0), ("threads", 1)):
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise ConfigError(f"{name} is {value}", where="Synthesizer", fix=f"Give at least {least}")
        choose_family(self.model)

    def _cut(self, table: pa.Table) -> pa.Table:
        if self.max_rows is None or table.num_rows <= self.max_rows:
            return table
        rows = child(self.seed, "rows").choice(table.num_rows, self.max_rows, replace=False, shuffle=False)
        return table.take(pa.array(np.sort(rows)))

    def _describe(self, name: str, table: pa.Table) -> Table:
        schema = load_schema(self.schema, name)
        if schema is None:
            return describe(name, table, self.constraints)
        check_schema(schema, table)
        schema = schema.model_copy(update={"constraints": (*schema.constraints, *self.constraints)})
        check_consistent(schema.constraints, schema, read_table(schema, table))
        return schema

    def _request(self, given: Any) -> Request:
        model = self._fitted()
        if given is None:
            return Request()
        conditions = read_given(given, self.columns_)
        if conditions is not None:
            return Request.of(model, conditions)
        data = _read(given)
        return Request.complete(model, data.single()[1], strict=True, source=data.source)

    def _total(self, n: int | None, request: Request) -> int:
        if request.known is None:
            return self._fitted().rows if n is None else n
        if n not in (None, request.known.num_rows):
            what = f"{n:,} rows are asked for, and {request.known.num_rows:,} partly known ones are given"
            raise ConfigError(what, where="number of rows", fix="Leave the number out")
        return request.known.num_rows

    def _frame(self, table: pa.Table) -> Any:
        return table if self._like is None else from_arrow(table, self._like)

    def _fitted(self) -> Learned:
        if not hasattr(self, "model_"):
            raise ConfigError("has learned nothing yet", where="Synthesizer", fix="Call fit(...) first")
        return self.model_

    def _plain(self) -> dict[str, Any]:
        kept = ("model", "seed", "k", "budget", "critic", "max_rows")
        return {name: getattr(self, name) for name in kept}


_PARAMETERS = tuple(inspect.signature(Synthesizer).parameters)


def load(path: str | Path) -> Synthesizer:
    """The synthesizer that `save` wrote. Safe for a file from a stranger. Raises ArtifactError."""
    held = artifact.load(path)
    try:
        parameters = {name: value for name, value in held.about["parameters"].items() if name in _PARAMETERS}
        made = Synthesizer(**parameters)
        made.model_ = Learned.from_state(held.parts["table"])
        made.schema_ = made.model_.schema
        made.family_, made.why_ = str(held.about["family"]), str(held.about["why"])
        made.timings_, made.notes_ = dict(held.about["timings"]), ()
        made._like = _FRAMES.get(held.about["frame"], lambda: None)()
    except ReverieError as error:
        raise ArtifactError(f"cannot be used: {error.what}", where=str(path), fix=error.fix) from None
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, pa.ArrowException):
        fix = "Use the version of Reverie that made it, or fit the model again"
        raise ArtifactError("is damaged: what it holds makes no model", where=str(path), fix=fix) from None
    return made


class _Clock:
    """Seconds by step."""

    def __init__(self, on_progress: OnProgress) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = on_progress

    def time(self, step: str, work: Callable[[], Any]) -> Any:
        self._tell(Progress(step, 0, 1))
        start = time.perf_counter()
        result = work()
        self.seconds[step] = round(time.perf_counter() - start, 4)
        return result


def _reported(parts: Iterator[pa.Table], total: int, on_progress: OnProgress) -> Iterator[pa.Table]:
    done = 0
    for part in parts:
        done += part.num_rows
        on_progress(Progress("sample", done, total))
        yield part


def _read(data: Any) -> Dataset:
    if isinstance(data, Dataset):
        return data
    return read(data) if isinstance(data, str | Path) else read_frame(data)


def _is_frame(data: Any) -> bool:
    return not isinstance(data, Dataset | str | Path)


def _kind(like: Any) -> str:
    return "" if like is None else type(like).__module__.split(".")[0]


def _empty(data: Any) -> Any:
    """A frame of the same kind without rows, nor the levels of pandas' categories, which may be rare
    values.
    """
    if not _is_frame(data):
        return None
    if _kind(data) == "pandas" and hasattr(data, "columns"):
        none = data.iloc[:0].copy()
        for place, kind in enumerate(none.dtypes):
            if kind == "category":
                none.isetitem(place, none.iloc[:, place].cat.remove_unused_categories())
        return none
    if _kind(data) == "polars":
        return data.head(0)
    return {} if isinstance(data, Mapping) else data.slice(0, 0) if isinstance(data, pa.Table) else None


def _pandas() -> Any:
    import pandas as pd

    return pd.DataFrame()


def _polars() -> Any:
    import polars as pl

    return pl.DataFrame()


_FRAMES: dict[str, Callable[[], Any]] = {"pandas": _pandas, "polars": _polars, "builtins": dict}


def load_schema(schema: Schema | Table | str | Path | None, name: str) -> Table | None:
    """The schema of the table `name`; a schema of one table is taken whatever that table is called."""
    if schema is None or isinstance(schema, Table):
        return schema
    if not isinstance(schema, Schema):
        try:
            text = Path(schema).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            fix = "Give a JSON file made by 'reverie inspect'"
            raise SchemaError("cannot be read", where=str(schema), fix=fix) from None
        schema = Schema.from_json(text, where=str(schema))
    if len(schema.tables) == 1:
        return schema.tables[0].model_copy(update={"name": name})
    return schema.table(name)
