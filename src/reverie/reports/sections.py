"""The report's sections as plain values for the template: what is shown, in which order, in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.evaluation.base import Aspect, Comparison, Measurement
from reverie.evaluation.evaluate import ASPECTS, Evaluation
from reverie.reports import figures, findings, wording
from reverie.reports.associations import Associations, associate
from reverie.reports.distributions import Distribution, describe
from reverie.reports.findings import ColumnFinding, PairFinding
from reverie.reports.protection import K
from reverie.reports.views import View

MOST_WORST = 8
FIRST_COLUMNS = 12
MOST_JOINTS = 6
MOST_MAPPED = 120
LABELLED = 26


@dataclass(frozen=True)
class Card:
    """One verdict at the top of the report."""

    aspect: Aspect
    question: str
    tone: wording.Tone
    word: str
    sentence: str
    rule: str


@dataclass(frozen=True)
class Row:
    """One line of the score table."""

    score: wording.Score
    strip: figures.Strip
    better: str


@dataclass(frozen=True)
class ColumnCard:
    """One column: where it is linked to, what it is, how far off it is, and its distribution."""

    anchor: str
    place: int
    rank: int
    type: str
    finding: ColumnFinding | None
    distribution: Distribution
    steps: figures.Steps | None
    top: float


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


def facts(comparison: Comparison) -> dict[str, str]:
    """Sizes of the tables."""
    unseen = comparison.holdout
    found = {
        "Real rows": f"{comparison.real.num_rows:,}",
        "Synthetic rows": f"{comparison.fake.num_rows:,}",
        "Unseen real rows": "none given" if unseen is None else f"{unseen.num_rows:,}",
        "Columns": f"{comparison.real.num_columns:,}",
    }
    return found | ({"Target": comparison.target} if comparison.target else {})


def cards(evaluation: Evaluation) -> tuple[Card, ...]:
    """The three verdicts."""
    made = []
    for aspect in ASPECTS:
        given = evaluation.verdicts[aspect]
        tone = wording.tone(aspect, given.verdict)
        sentence = wording.SENTENCES[aspect][tone]
        made.append(Card(aspect, wording.QUESTIONS[aspect], tone, given.verdict, sentence, given.rule))
    return tuple(made)


def groups(evaluation: Evaluation) -> tuple[tuple[Card, tuple[Row, ...]], ...]:
    """The score table, one group a verdict."""
    made = []
    for card in cards(evaluation):
        ordered = sorted(evaluation.measurements[card.aspect], key=lambda one: wording.order(one.name))
        made.append((card, tuple(row(one) for one in ordered)))
    return tuple(made)


def row(measurement: Measurement) -> Row:
    """A measurement as a line with its strip."""
    good = {"lower": "lower is better", "higher": "higher is better"}
    ideal = wording.number(measurement.ideal, measurement.name)
    marks = (measurement.value, measurement.low, measurement.high, measurement.floor, measurement.ideal)
    placed = figures.strip(*marks, least=wording.least_span(measurement.name))
    return Row(wording.score(measurement), placed, good.get(measurement.better, f"best at {ideal}"))


def worst(evaluation: Evaluation) -> dict[str, Any]:
    """The columns and pairs furthest from the real data, and the columns that give synthetic rows away."""
    measured = evaluation.all()
    return {
        "columns": findings.column_errors(measured)[:MOST_WORST],
        "pairs": findings.pair_errors(measured)[:MOST_WORST],
        "revealing": findings.revealing(measured)[:MOST_WORST],
    }


def columns(evaluation: Evaluation, seen: Sequence[View]) -> tuple[ColumnCard, ...]:
    """One card a column, the worst first; columns that no measure compares come last."""
    found = {finding.name: finding for finding in findings.column_errors(evaluation.all())}
    types = {column.name: column.type for column in evaluation.comparison.schema.columns}
    places = {view.name: place for place, view in enumerate(seen)}
    ordered = sorted(seen, key=lambda view: -found[view.name].error if view.name in found else 1.0)
    cards = []
    for rank, view in enumerate(ordered):
        name = view.name
        cards.append(_column(view, (places[name], rank), types.get(name, ""), found.get(name)))
    return tuple(cards)


def _column(view: View, order: tuple[int, int], kind: str, finding: ColumnFinding | None) -> ColumnCard:
    distribution = describe(view)
    drawn = figures.steps(distribution.histogram) if distribution.histogram else None
    shares = [share or 0.0 for bar in distribution.bars for share in bar.shares.values()]
    top = max(shares, default=1.0)
    return ColumnCard(f"column-{order[0]}", *order, kind, finding, distribution, drawn, top)


def pairs(evaluation: Evaluation, seen: Sequence[View]) -> PairSection | None:
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


def usefulness(evaluation: Evaluation) -> tuple[findings.TargetFinding, ...]:
    """Scores on real rows of models trained on real and on synthetic data."""
    return findings.targets(evaluation.all())


def privacy(evaluation: Evaluation) -> figures.Steps | None:
    """Distances of synthetic rows to the nearest training row and to the nearest unseen row."""
    curve = findings.distances(evaluation.all())
    if curve is None:
        return None
    return figures.curves(curve.edges, {"train": curve.train, "holdout": curve.holdout})


def rules(evaluation: Evaluation) -> tuple[findings.RuleFinding, ...]:
    """Each constraint and how many rows keep it."""
    return findings.constraints(evaluation.all())
