"""One call that compares synthetic with real tables by every measure, and gives the three verdicts."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.codecs.base import codec_for
from reverie.codecs.spelling import read_table
from reverie.core.errors import DataError
from reverie.core.rng import child
from reverie.evaluation.base import Aspect, Comparison, Measure, Measurement, measures
from reverie.evaluation.conditioned import conditioned
from reverie.evaluation.overlap import without_known
from reverie.evaluation.quality.usefulness import targets
from reverie.evaluation.thresholds import DEFAULT, Thresholds
from reverie.evaluation.verdicts import Verdict, judge
from reverie.schema.types import Table

MAX_ROWS = 50_000
ASPECTS: tuple[Aspect, ...] = ("faithful", "useful", "private")
RATES = ("attack", "control", "baseline")
"""What of an attack's details is always told."""

OnMeasure = Callable[[str, int, int], None]
"""Called with the name of the measure about to run, how many are done, and how many there are."""


@dataclass(frozen=True)
class Evaluation:
    """All figures by aspect, the verdicts they gave, what was compared, and what should be known when reading
    them.
    """

    measurements: Mapping[Aspect, tuple[Measurement, ...]]
    verdicts: Mapping[Aspect, Verdict]
    comparison: Comparison
    notes: tuple[str, ...] = ()
    bounds: Thresholds = DEFAULT

    def __repr__(self) -> str:
        verdicts = (f"{aspect}: {self.verdicts[aspect].verdict}" for aspect in ASPECTS)
        return f"Evaluation({', '.join(verdicts)})"

    def __getitem__(self, name: str) -> Measurement:
        """The figure called `name`. Raises KeyError if it was not measured."""
        for measurement in self.all():
            if measurement.name == name:
                return measurement
        raise KeyError(name)

    def all(self) -> tuple[Measurement, ...]:
        """Every figure, faithful first."""
        return tuple(measurement for aspect in ASPECTS for measurement in self.measurements[aspect])

    def to_dict(self, *, detail: bool = False) -> dict[str, Any]:
        """JSON-able: `faithful`, `useful`, `private`, each with `verdict`, `rule` and `measures`; what is not
        known is None.
        """
        result: dict[str, Any] = {
            aspect: {
                "verdict": self.verdicts[aspect].verdict,
                "rule": self.verdicts[aspect].rule,
                "measures": {m.name: _plain(m, detail) for m in self.measurements[aspect]},
            }
            for aspect in ASPECTS
        }
        return result | {"rows": self.rows(), "notes": list(self.notes)}

    def rows(self) -> dict[str, int | None]:
        """How many rows of each table were looked at; None for a holdout that was not given."""
        holdout = self.comparison.holdout
        return {
            "real": self.comparison.real.num_rows,
            "fake": self.comparison.fake.num_rows,
            "holdout": None if holdout is None else holdout.num_rows,
        }


def evaluate(
    real: pa.Table,
    fake: pa.Table,
    holdout: pa.Table | None = None,
    *,
    schema: Table,
    target: str | None = None,
    seed: int = 0,
    max_rows: int = MAX_ROWS,
    aspects: Collection[Aspect] = ASPECTS,
    bounds: Thresholds = DEFAULT,
    on_progress: OnMeasure = lambda *_: None,
) -> Evaluation:
    """Compare `fake` with the rows it was learned from and, far better, with a `holdout` it never saw.

    `schema` is of the real table; at most `max_rows` random rows of each table are looked at. Of `aspects`
    that are not asked for nothing is measured; `bounds` are those of the verdicts.
    Raises DataError if the tables' columns differ or one is empty, ConfigError if `target` cannot be a
    target.
    """
    _check(real, fake, holdout, schema)
    names = [column.name for column in schema.columns]
    notes: list[str] = []
    tables = {"real": _read(real, schema), "fake": _read(fake, schema)}
    if holdout is not None:
        kept, note = without_known(_read(holdout, schema), tables["real"], schema)
        notes += [note] if note else []
        if kept.num_rows:
            tables["holdout"] = kept
    tables = {name: _cut(name, table, max_rows, seed, notes) for name, table in tables.items()}
    comparison = Comparison(tables["real"], tables["fake"], tables.get("holdout"), schema, target, seed)
    view = comparison.view
    targets(view, target)
    notes = [said for said in [conditioned(view)] if said] + notes
    if left_out := [name for name in names if name not in {field.name for field in view.fields}]:
        why = "being keys, personal data, text, pictures, sounds or constant"
        notes.append(f"not compared as columns are, {why}: {', '.join(left_out)}")
    measurements, why_none = _measure(comparison, aspects, on_progress)
    found = {m.name: m for group in measurements.values() for m in group}
    media = [column.name for column in schema.columns if codec_for(column).MODALITY == "grid"]
    verdicts = judge(
        found, holdout=comparison.holdout is not None, why_none=why_none, bounds=bounds, media=media
    )
    return Evaluation(measurements, verdicts, comparison, tuple(notes), bounds)


def _read(table: pa.Table, schema: Table) -> pa.Table:
    """The columns of the schema, texts that spell numbers and dates read as such where they can be."""
    return read_table(schema, table.select([column.name for column in schema.columns]), lenient=True)


def _measure(
    comparison: Comparison, aspects: Collection[Aspect], on_progress: OnMeasure
) -> tuple[dict[Aspect, tuple[Measurement, ...]], dict[Aspect, str]]:
    """All figures by aspect, and why a measure gave none."""
    todo: list[Measure] = [one for one in measures() if one.aspect in aspects]
    groups: dict[Aspect, list[Measurement]] = {aspect: [] for aspect in ASPECTS}
    why_none: dict[Aspect, str] = {}
    for done, measure in enumerate(todo):
        on_progress(measure.name, done, len(todo))
        groups[measure.aspect] += (found := measure.measure(comparison))
        if not found and (reason := measure.why_none(comparison)):
            why_none[measure.aspect] = reason
    on_progress("done", len(todo), len(todo))
    return {aspect: tuple(group) for aspect, group in groups.items()}, why_none


def _check(real: pa.Table, fake: pa.Table, holdout: pa.Table | None, schema: Table) -> None:
    expected = [column.name for column in schema.columns]
    for name, table in (("real", real), ("fake", fake), ("holdout", holdout)):
        if table is None:
            continue
        missing = [column for column in expected if column not in table.column_names]
        extra = [column for column in table.column_names if column not in expected]
        if missing or extra:
            parts = [
                f"{word} {', '.join(repr(c) for c in some[:5])}{' ...' if len(some) > 5 else ''}"
                for word, some in (("lacks", missing), ("has besides", extra))
                if some
            ]
            raise DataError(
                f"other columns than the real data: {' and '.join(parts)}",
                where=name,
                fix="Compare tables with the same columns",
            )
        if not table.num_rows:
            raise DataError("no rows", where=name, fix="Compare tables with at least one row")


def _cut(name: str, table: pa.Table, most: int, seed: int, notes: list[str]) -> pa.Table:
    if table.num_rows <= most:
        return table
    notes.append(f"{name}: {most:,} of {table.num_rows:,} rows, drawn at random, were looked at")
    rows = child(seed, "evaluation", "rows", name).choice(table.num_rows, most, replace=False)
    return table.take(pa.array(np.sort(rows)))


def _plain(measurement: Measurement, detail: bool) -> dict[str, Any]:
    numbers = {key: getattr(measurement, key) for key in ("value", "low", "high", "floor")}
    result = {key: None if v is None or not math.isfinite(v) else float(v) for key, v in numbers.items()}
    result |= {"n": measurement.n, "better": measurement.better, "ideal": measurement.ideal}
    result |= {name: measurement.detail[name] for name in RATES if name in measurement.detail}
    return (
        result | {"explanation": measurement.explanation} | ({"detail": measurement.detail} if detail else {})
    )
