"""The facade: fit a table, then sample, impute, score and save; scikit-learn's conventions."""

import inspect
import secrets
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition, modalities
from reverie.core.errors import ArtifactError, ConfigError, ReverieError, ReverieWarning
from reverie.core.quantities import parse_count, parse_seconds, parse_seed, parse_share
from reverie.core.rng import child
from reverie.dp.account import Privacy
from reverie.evaluation.outliers import ordinary
from reverie.evaluation.race import Race, race
from reverie.io.fingerprint import fingerprint
from reverie.io.given import dataset
from reverie.io.moulds import Mould
from reverie.models import artifact
from reverie.models.base import Budget, OnProgress, silent
from reverie.models.choice import AUTO, PRIVATE, able, check_device, check_family, check_private, settled
from reverie.models.clock import Clock
from reverie.models.neural import forget
from reverie.reports.dossier import Attested
from reverie.sampling import plan
from reverie.sampling.conditions import read_given
from reverie.sampling.learning import learn, settle, spend
from reverie.sampling.request import Request, conform
from reverie.sampling.table import Learned
from reverie.schema.files import load_schema
from reverie.schema.types import Constraint, Schema, Table


class Synthesizer(Attested):
    """Learns a table and makes rows like it.

    `model` is a family or "auto"; `schema` a Schema, a Table or the path of one, inferred if None;
    `constraints` are added to those found in the data; values held by fewer than `k` rows never appear; the
    share `outliers` of the rows, those farthest from all others, is not learned from; `budget` is the time
    that fitting may take, in seconds or as "5m"; `critic` resamples what the family makes; at most `max_rows`
    random rows are learned from; `device` is where networks learn: auto, cpu or cuda. With `checkpoint`, a
    folder, a fit of networks that was killed and is begun again goes on where it stood; `save` clears it. A
    `seed` of None is a new one each time. `privacy` is a promise of formal differential privacy, or its
    epsilon: rows are then learned from through noise, which no seed repeats.

    After `fit`: `schema_` (a Table), `model_` (what was learned), `rows_`, `columns_`, `family_`, `why_`,
    `race_` (how the families did that "auto" chose among, or None), `seed_`, `timings_` (seconds by step),
    `notes_` (what was not plain in reading, or to be known of the model) and `data_` (the fingerprint of what
    was learned from, by which `dossier` knows it; None under formal privacy, which it would break).

    >>> frame = {"a": [1, 2, 3, 4, 5] * 20, "b": ["x", "y"] * 50}
    >>> Synthesizer(model="copula").fit(frame).sample(3)["b"][0] in ("x", "y")
    True
    """

    schema_: Table
    model_: Learned
    family_: str
    why_: str
    race_: Race | None
    timings_: dict[str, float]
    notes_: tuple[str, ...]
    seed_: int
    data_: str | None

    def __init__(
        self,
        model: str = "auto",
        *,
        seed: int | None = 0,
        schema: Schema | Table | str | Path | None = None,
        constraints: Sequence[Constraint] = (),
        k: int = 5,
        outliers: float = 0.0,
        budget: float | str | None = None,
        critic: bool = True,
        max_rows: int | None = None,
        threads: int | None = None,
        device: str = "auto",
        checkpoint: str | Path | None = None,
        privacy: Privacy | float | None = None,
    ) -> None:
        self.model, self.seed, self.schema, self.constraints = model, seed, schema, constraints
        self.k, self.budget, self.critic, self.max_rows, self.threads = k, budget, critic, max_rows, threads
        self.device, self.checkpoint, self.privacy, self.outliers = device, checkpoint, privacy, outliers

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
        self.seed_ = secrets.randbits(32) if self.seed is None else parse_seed(self.seed)
        clock = Clock(on_progress)
        found = clock.time("read", lambda: dataset(data))
        name, whole = found.single()
        self._mould = Mould.of(data)
        self.data_ = None if self.privacy else fingerprint(whole)
        table = self._cut(whole)
        written, promise = load_schema(self.schema, name), Privacy.of(self.privacy)
        self.schema_ = clock.time(
            "schema",
            lambda: settle(written, self.constraints, name, whole, table, promise, able(self.model)),
        )
        table = ordinary(table, self.schema_, self.outliers, seed=self.seed_)
        self.family_, self.why_, self.race_ = self._choose(table, clock, on_progress)
        spent = spend(name, whole, self.family_, Privacy.of(self.privacy))
        self.model_ = clock.time(
            "model",
            lambda: learn(
                table, self.schema_, chosen=self.family_, seed=self.seed_, k=self._rows_shared(),
                budget=self._spare(clock, self.checkpoint), critic=self.critic, on_progress=on_progress,
                privacy=Privacy.of(self.privacy),
            ),
        )  # fmt: skip
        told = (*spent, *self._judge_time(clock))
        self.timings_, self.notes_ = clock.seconds, (*found.notes, *told)
        if self.privacy:
            # What was not plain in reading, other fits on these data, and how long it took tell of the rows.
            self.timings_, self.notes_ = {}, self.model_.notes
        _warn(told)
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        given: Mapping[str, Any] | Sequence[Condition | str] | Any = None,
        seed: int | None = None,
        fast: bool = False,
        workers: int | None = None,
        guidance: float | None = None,
        likeliest: bool = False,
        on_progress: OnProgress = silent,
    ) -> Any:
        """New rows, in the kind of frame that was learned from (an Arrow table if that was a file), pictures
        and sounds in the form in which they came: images, pixels, waveforms with rates, or files as bytes.

        `n` is as many as were learned from unless told; `given` maps columns to values, lists of values, None
        (missing) or wishes such as `rv.between(30, 40)`, lists conditions as text such as "age>=65", or is a
        frame of partly known rows, or the path of one, each of which is completed once. The same `seed` gives
        the same rows. `guidance` over 0 makes pictures, sounds and texts more typical of what is given, and
        less diverse; `likeliest` completes each known row several times and takes what is most like the rest.
        Raises ConditionError if `given` cannot be met.
        """
        parts = self.stream(
            n, given=given, seed=seed, fast=fast, workers=workers, guidance=guidance, likeliest=likeliest,
            on_progress=on_progress,
        )  # fmt: skip
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
        guidance: float | None = None,
        likeliest: bool = False,
        on_progress: OnProgress = silent,
    ) -> Iterator[pa.Table]:
        """As `sample`, in Arrow tables one after another, in memory that does not grow with `n`."""
        model, request = self._fitted().guided(guidance), self._request(given)
        total = self._total(n, request)
        parts = plan.stream(
            model, total, request, seed=self._seed(seed), workers=workers, fast=fast,
            dictionaries=dictionaries, likely=self.columns_ if likeliest else (),
        )  # fmt: skip
        return plan.reported(parts, total, on_progress)

    def impute(
        self, frame: Any, *, seed: int | None = None, workers: int | None = None, likeliest: bool = False
    ) -> Any:
        """The frame with its missing cells drawn from what was learned, given the rest of their row.

        Present cells are unchanged. A cell that is missing where the rules say it must be stays so only if
        drawn so. `likeliest` draws several times and takes of each row what is most like the other draws.
        """
        model, data = self._fitted(), dataset(frame)
        table = data.single()[1]
        request = Request.complete(model, table, strict=False, source=data.source)
        parts = plan.stream(
            model, table.num_rows, request, seed=self._seed(seed), workers=workers, fast=True,
            likely=table.column_names if likeliest else (),
        )  # fmt: skip
        return Mould.of(frame).filled(pa.concat_tables(parts).select(table.column_names))

    def log_prob(self, frame: Any, *, seed: int | None = None) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,) float64; higher is more usual.

        Densities are on the scale of the codecs (normal scores), so compare them between rows, not between
        models. Raises DataError if a column that was learned is not there.
        """
        model, data = self._fitted(), dataset(frame)
        table = conform(model, data.single()[1], data.source)
        if lacking := [name for name in self.columns_ if name not in table.column_names]:
            fix = "Give a table with the columns that were learned"
            raise ConfigError(f"has no column '{lacking[0]}'", where=data.source, fix=fix)
        rng = child(self._seed(seed), "log_prob")
        return np.asarray(model.log_prob(table.select(list(self.columns_)), rng), dtype=np.float64)

    def save(self, path: str | Path, *, note: Mapping[str, Any] | None = None) -> None:
        """Write a `.reverie` file; `note` (JSON-able) is kept in it. Raises OutputError.

        Rules that are Python functions cannot be kept: a ReverieWarning names them, and `load` does so again.
        """
        from importlib.metadata import version

        model = self._fitted()
        about = {
            "reverie": version("reverie"), "family": self.family_, "why": self.why_, "rows": model.rows,
            "race": self.race_ and self.race_.state(), "data": self.data_,
            "columns": {column.name: column.type for column in model.schema.columns},
            **self._mould.state(), "timings": self.timings_, "parameters": self._plain(),
            "note": dict(note or {}), "notes": list(self.notes_), "unsaved": list(model.rules.unsaved),
        }  # fmt: skip
        state = model.state()
        artifact.save(path, about, {"schema": state["rules"]["schema"], "table": state})
        if self.checkpoint is not None:
            forget(Path(self.checkpoint).expanduser())
        _warn(_UNSAVED.format(path, rule) for rule in model.rules.unsaved)

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
        self._rows_shared()
        for name in ("max_rows", "threads"):
            self._count(name)
        if self.seed is not None:
            parse_seed(self.seed)
        self._seconds()
        rules = self.constraints
        if (
            isinstance(rules, str)
            or not isinstance(rules, Sequence)
            or not all(isinstance(rule, Constraint) for rule in rules)
        ):
            fix = "Give a list of rv.Constraint(...) or rv.predicate(...)"
            raise ConfigError("are no list of constraints", where="constraints", fix=fix)
        check_family(self.model)
        parse_share(self.outliers, "outliers")
        if Privacy.of(self.privacy):
            check_private(self.model, outliers=self.outliers, max_rows=self.max_rows)
        check_device(self.device)

    def _choose(self, table: pa.Table, clock: Clock, on_progress: OnProgress) -> tuple[str, str, Race | None]:
        """The family, why it, and the race that told, where one was held or might have been."""
        if self.privacy is not None and self.model == AUTO:
            return PRIVATE, "the best under formal privacy", None
        if found := settled(self.model, modalities(self.schema_.columns)):
            return *found, None
        settings: Any = {"seed": self.seed_, "k": self._rows_shared(), "budget": self._spare(clock)}
        found = clock.time("race", lambda: race(table, self.schema_, on_progress=on_progress, **settings))
        return found.winner, found.why, found

    def _spare(self, clock: Clock, checkpoint: str | Path | None = None) -> Budget:
        """What of the budget is left."""
        seconds, threads = self._seconds(clock), self._count("threads") or Budget().threads
        folder = Path(checkpoint).expanduser() if checkpoint is not None else None
        return Budget(None if seconds is None else max(seconds, 0.0), threads, self.device, folder)

    def _count(self, name: str) -> int | None:
        value = getattr(self, name)
        return None if value is None else parse_count(value, name, _COUNTS[name])

    def _rows_shared(self) -> int:
        return parse_count(self.k, "k", _COUNTS["k"])

    def _seed(self, seed: int | None) -> int:
        return self.seed_ if seed is None else parse_seed(seed)

    def _seconds(self, clock: Clock | None = None) -> float | None:
        """Seconds of the budget that are left; None without one."""
        if self.budget is None:
            return None
        return parse_seconds(self.budget, "budget") - (clock.passed if clock else 0.0)

    def _judge_time(self, clock: Clock) -> tuple[str, ...]:
        """What should be known of the model, and of a budget that was not kept."""
        seconds, notes = self._seconds(), self.model_.notes
        if seconds is None or clock.passed <= 1.1 * seconds + 1:
            return notes
        took = f"fitting took {clock.passed:.1f} s, more than the budget of {seconds:g} s"
        return (*notes, f"{took}: it is too short for these data")

    def _cut(self, whole: pa.Table) -> pa.Table:
        most = self._count("max_rows")
        if most is None or whole.num_rows <= most:
            return whole
        rows = child(self.seed_, "rows").choice(whole.num_rows, most, replace=False, shuffle=False)
        return whole.take(pa.array(np.sort(rows)))

    def _request(self, given: Any) -> Request:
        model = self._fitted()
        if given is None:
            return Request()
        conditions = read_given(given, self.columns_)
        if conditions is not None:
            return Request.of(model, conditions)
        data = dataset(given)
        return Request.complete(model, data.single()[1], strict=True, source=data.source)

    def _total(self, n: int | None, request: Request) -> int:
        n = None if n is None else parse_count(n, "number of rows", "whole number")
        if request.known is None:
            return self._fitted().rows if n is None else n
        if n not in (None, request.known.num_rows):
            what = f"{n:,} rows are asked for, and {request.known.num_rows:,} partly known ones are given"
            raise ConfigError(what, where="number of rows", fix="Leave the number out")
        return request.known.num_rows

    def _frame(self, table: pa.Table) -> Any:
        return self._mould.filled(table)

    def _table(self, data: Any) -> pa.Table:
        return dataset(data).single()[1]

    def _fitted(self) -> Learned:
        if not hasattr(self, "model_"):
            raise ConfigError("has learned nothing yet", where="Synthesizer", fix="Call fit(...) first")
        return self.model_

    def _plain(self) -> dict[str, Any]:
        kept = ("model", "seed", "k", "outliers", "budget", "critic", "max_rows")
        return {name: getattr(self, name) for name in kept} | {"seed": self.seed_, "k": self._rows_shared()}


_PARAMETERS = tuple(inspect.signature(Synthesizer).parameters)


_COUNTS = {"k": "number of rows", "max_rows": "number of rows", "threads": "number of threads"}
_UNSAVED = "{}: holds no Python code, so it is without the rule {}, and rows made with it may break that"


def load(path: str | Path) -> Synthesizer:
    """The synthesizer that `save` wrote. Safe for a file from a stranger. Raises ArtifactError.

    A ReverieWarning names each rule that could not be saved.
    """
    held = artifact.load(path)
    try:
        parameters = {name: value for name, value in held.about["parameters"].items() if name in _PARAMETERS}
        made = Synthesizer(**parameters)
        made.model_ = Learned.from_state(held.parts["table"])
        made.schema_ = made.model_.schema
        made.family_, made.why_ = str(held.about["family"]), str(held.about["why"])
        made.race_ = Race.from_state(found) if (found := held.about.get("race")) else None
        made.timings_, made.seed_ = dict(held.about["timings"]), parse_seed(parameters["seed"])
        lost = [_UNSAVED.format(path, rule) for rule in held.about.get("unsaved", ())]
        made.notes_ = (*map(str, held.about.get("notes", ())), *lost)
        made._mould, made.data_ = Mould.from_state(held.about), held.about.get("data")
    except ReverieError as error:
        raise ArtifactError(f"cannot be used: {error.what}", where=str(path), fix=error.fix) from None
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, pa.ArrowException):
        fix = "Use the version of Reverie that made it, or fit the model again"
        raise ArtifactError("is damaged: what it holds makes no model", where=str(path), fix=fix) from None
    _warn(lost)
    return made


def _warn(notes: Iterable[str]) -> None:
    for note in notes:
        warnings.warn(note, ReverieWarning, stacklevel=3)
