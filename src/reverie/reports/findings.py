"""What the measurements found of single columns and pairs, the worst first, whichever measure found it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reverie.evaluation.base import Measurement
from reverie.reports import figures


@dataclass(frozen=True)
class ColumnFinding:
    """A column's error in per cent and the same of unseen real data."""

    name: str
    error: float
    floor: float | None


@dataclass(frozen=True)
class PairFinding:
    """A pair's error in per cent and the same of unseen real data; `related` if the pair goes together in real data."""

    first: str
    second: str
    error: float
    floor: float | None
    related: bool


@dataclass(frozen=True)
class Revealing:
    """A column that tells synthetic rows from real ones, and its share of the classifier's work, 0..1."""

    name: str
    weight: float


@dataclass(frozen=True)
class TargetFinding:
    """How well models trained on real and on synthetic rows do on unseen real rows."""

    title: str
    metric: str
    real: float
    fake: float


@dataclass(frozen=True)
class DistanceFinding:
    """Distances of synthetic rows to their nearest training row and nearest unseen row, as curves."""

    title: str
    steps: figures.Steps
    reading: str


@dataclass(frozen=True)
class RuleFinding:
    """A rule and the shares of rows that keep it."""

    name: str
    real: float | None
    fake: float


def every(evaluation: Any) -> Iterator[Measurement]:
    """All measurements of an evaluation, in the order of its aspects."""
    groups = evaluation.measurements
    for group in groups.values() if isinstance(groups, Mapping) else (groups,):
        yield from group


def column_errors(measurements: Iterable[Measurement]) -> list[ColumnFinding]:
    """Each compared column once, the worst first."""
    rows = next((rows for found in measurements if (rows := _rows(found, "columns", "error"))), [])
    findings = [ColumnFinding(row["name"], row["error"], row.get("floor")) for row in rows if row["error"] is not None]
    return sorted(findings, key=lambda finding: -finding.error)


def pair_errors(measurements: Iterable[Measurement]) -> list[PairFinding]:
    """Each compared pair once: pairs that are related in the real data first, then by error, the worst first."""
    rows = next((rows for found in measurements if (rows := _rows(found, "pairs", "error"))), [])
    findings = [
        PairFinding(row["a"], row["b"], row["error"], row.get("floor"), row.get("related", True))
        for row in rows
        if row["error"] is not None
    ]
    return sorted(findings, key=lambda finding: (not finding.related, -finding.error))


def revealing(measurements: Iterable[Measurement]) -> list[Revealing]:
    """The columns that give synthetic rows away to the first classifier that names them, most revealing first."""
    rows = [rows for found in measurements if (rows := _rows(found, "columns", "share"))]
    return [Revealing(row["name"], row["share"]) for row in rows[0]] if rows else []


def targets(measurements: Iterable[Measurement]) -> tuple[TargetFinding, ...]:
    """One finding a target."""
    return ()


def distances(measurements: Iterable[Measurement]) -> tuple[DistanceFinding, ...]:
    """The curves that a privacy measure left behind."""
    return ()


def constraints(measurements: Iterable[Measurement]) -> tuple[RuleFinding, ...]:
    """One finding a rule."""
    return ()


def _rows(measurement: Measurement, key: str, field: str) -> list[dict[str, Any]]:
    rows = measurement.detail.get(key)
    return rows if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) and field in rows[0] else []
