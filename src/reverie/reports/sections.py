"""The report's sections as plain values for the template: what is shown, in which order, in which words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reverie.evaluation.base import Aspect, Comparison, Measurement
from reverie.evaluation.evaluate import ASPECTS, Evaluation
from reverie.reports import figures, findings, wording
from reverie.reports.distributions import Distribution, describe
from reverie.reports.findings import ColumnFinding
from reverie.reports.views import View

MOST_WORST = 8
FIRST_COLUMNS = 12


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
    aim: str


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
    return Row(wording.score(measurement), placed, good.get(measurement.better, f"best at {ideal}"), ideal)


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
