"""Pairs of columns in the report: association matrices, and the worst pairs cell by cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.evaluation.evaluate import Evaluation
from reverie.reports import figures, findings
from reverie.reports.associations import Associations, associate
from reverie.reports.findings import PairFinding
from reverie.reports.protection import K
from reverie.reports.views import View

MOST_JOINTS = 6
MOST_MAPPED = 120
LABELLED = 26


@dataclass(frozen=True)
class Joint:
    """One pair's contingency table as two heat maps on the same shades; `data` is what the pointer shows."""

    finding: PairFinding
    real: figures.HeatMap
    fake: figures.HeatMap
    data: Mapping[str, Any]


@dataclass(frozen=True)
class PairSection:
    """The association matrices and the worst pairs."""

    names: tuple[str, ...]
    maps: Mapping[str, figures.HeatMap]
    data: Mapping[str, Any]
    top_difference: float
    floor: float | None
    typical: float
    joints: tuple[Joint, ...]
    left_out: int
    labelled: bool


def compare_pairs(evaluation: Evaluation, seen: Sequence[View]) -> PairSection | None:
    """Association matrices of real and synthetic data and their difference, and the worst pairs in detail."""
    found = associate(seen[:MOST_MAPPED])
    if found is None:
        return None
    difference = found.difference()
    top = max(0.1, float(np.ceil(difference.max() * 10) / 10))
    maps = {
        "real": figures.heat_map(found.strength["real"], 1.0),
        "fake": figures.heat_map(found.strength["fake"], 1.0),
        "diff": figures.heat_map(difference, top),
    }
    data = {"names": found.names, **{role: _hundredths(found.strength[role]) for role in ("real", "fake")}}
    worst_pairs = findings.pair_errors(evaluation.all())
    known = set(found.names)
    drawn = [pair for pair in worst_pairs if {pair.first, pair.second} <= known][:MOST_JOINTS]
    floor = _typical(found.difference("holdout")) if "holdout" in found.strength else None
    return PairSection(
        names=found.names,
        maps=maps,
        data=data,
        top_difference=top,
        floor=floor,
        typical=_typical(difference),
        joints=tuple(_joint(found, pair) for pair in drawn),
        left_out=max(0, len(seen) - MOST_MAPPED),
        labelled=len(found.names) <= LABELLED,
    )


def _joint(found: Associations, pair: PairFinding) -> Joint:
    names = found.names
    tables = {role: found.table(role, pair.first, pair.second) for role in ("real", "fake")}
    rows, columns = (list(found.columns[names.index(name)].labels) for name in (pair.first, pair.second))
    hidden = (tables["real"] > 0) & (tables["real"] < K)
    shares = {role: np.where(hidden, 0.0, table) / max(table.sum(), 1) for role, table in tables.items()}
    # Square roots keep rare cells visible beside frequent ones.
    roots = {role: np.sqrt(table) for role, table in shares.items()}
    top = max(float(table.max()) for table in roots.values())
    told = {role: np.where(hidden, -1, np.round(100 * table, 2)) for role, table in shares.items()}
    data = {
        "rows": rows,
        "columns": columns,
        **{role: table.ravel().tolist() for role, table in told.items()},
    }
    return Joint(pair, figures.heat_map(roots["real"], top), figures.heat_map(roots["fake"], top), data)


def _typical(difference: np.ndarray) -> float:
    upper = difference[np.triu_indices(len(difference), 1)]
    return float(upper.mean()) if len(upper) else 0.0


def _hundredths(matrix: np.ndarray) -> list[int]:
    return np.rint(100 * matrix).astype(int).ravel().tolist()
