"""What the measurements found of single columns and pairs, the worst first, whichever measure found it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reverie.evaluation.base import Measurement

GUESSING = {"AUC": 0.5}
"""What a metric gives a model that knows nothing, where that is not 0."""


@dataclass(frozen=True)
class ColumnFinding:
    """A column's error in per cent and the same of unseen real data."""

    name: str
    error: float
    floor: float | None


@dataclass(frozen=True)
class PairFinding:
    """A pair's error in per cent and that of unseen real data; `related` if the real data relate the two."""

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
    """Scores on unseen rows of models trained on real and synthetic rows; `start` is what guessing gives."""

    target: str
    metric: str
    start: float
    real: float
    fake: float
    loss: tuple[float, float, float]


@dataclass(frozen=True)
class Curve:
    """Shares of synthetic rows in steps of distance to their nearest training row and nearest unseen row."""

    edges: tuple[float, ...]
    train: tuple[float, ...]
    holdout: tuple[float, ...]


@dataclass(frozen=True)
class RuleFinding:
    """A rule of the table and the per cent of synthetic rows that keep it."""

    kind: str
    columns: tuple[str, ...]
    valid: float


def column_errors(measurements: Iterable[Measurement]) -> list[ColumnFinding]:
    """Each compared column once, the worst first."""
    rows = next((rows for found in measurements if (rows := _rows(found, "columns", "error"))), [])
    findings = [
        ColumnFinding(row["name"], row["error"], row.get("floor")) for row in rows if row["error"] is not None
    ]
    return sorted(findings, key=lambda finding: -finding.error)


def pair_errors(measurements: Iterable[Measurement]) -> list[PairFinding]:
    """Each compared pair once: those that are related in the real data first, then by error, worst first."""
    rows = next((rows for found in measurements if (rows := _rows(found, "pairs", "error"))), [])
    findings = [
        PairFinding(row["a"], row["b"], row["error"], row.get("floor"), row.get("related", True))
        for row in rows
        if row["error"] is not None
    ]
    return sorted(findings, key=lambda finding: (not finding.related, -finding.error))


def revealing(measurements: Iterable[Measurement]) -> list[Revealing]:
    """The columns that give synthetic rows away to the first classifier that names any, the worst first."""
    rows = [rows for found in measurements if (rows := _rows(found, "columns", "share"))]
    return [Revealing(row["name"], row["share"]) for row in rows[0]] if rows else []


def targets(measurements: Iterable[Measurement]) -> tuple[TargetFinding, ...]:
    """One finding a target, in the order in which they were measured."""
    rows = next((rows for found in measurements if (rows := _rows(found, "targets", "loss"))), [])
    return tuple(
        TargetFinding(
            row["target"],
            row["metric"],
            GUESSING.get(row["metric"], 0.0),
            row["real"],
            row["fake"],
            (row["loss"]["value"], row["loss"]["low"], row["loss"]["high"]),
        )
        for row in rows
    )


def distances(measurements: Iterable[Measurement]) -> Curve | None:
    """The distances of synthetic rows to real rows, or None if they were not measured."""
    for found in measurements:
        curve = found.detail.get("curve")
        if curve and curve["distance"][-1] > 0:
            train, holdout = (_increments(curve[side]) for side in ("train", "holdout"))
            return Curve(tuple(curve["distance"]), train, holdout)
    return None


def constraints(measurements: Iterable[Measurement]) -> tuple[RuleFinding, ...]:
    """One finding a rule, the most broken first."""
    rows = next((rows for found in measurements if (rows := _rows(found, "parts", "kind"))), [])
    return tuple(RuleFinding(row["kind"], tuple(row["columns"]), row["valid"]) for row in rows)


def _increments(cumulative: list[float]) -> tuple[float, ...]:
    return (cumulative[1], *(after - before for before, after in pairwise(cumulative[1:])))


def _rows(measurement: Measurement, key: str, field: str) -> list[dict[str, Any]]:
    rows = measurement.detail.get(key)
    return (
        rows if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) and field in rows[0] else []
    )
