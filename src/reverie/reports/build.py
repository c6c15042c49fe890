"""The evaluation report: one offline HTML file, verdicts for a manager first, then evidence for an expert."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reverie.evaluation.evaluate import Evaluation
from reverie.io.outputs import replacing, writing
from reverie.reports import html, sections
from reverie.reports.criteria import criteria
from reverie.reports.exhibits import exhibits
from reverie.reports.pairs import compare_pairs
from reverie.reports.protection import K
from reverie.reports.views import views


def build(
    evaluation: Evaluation,
    *,
    title: str = "Synthetic data report",
    provenance: Mapping[str, str] | None = None,
) -> str:
    """The report as HTML text that makes no network request.

    `provenance` is shown as it is given (sources, versions, seed, date); the clock is never read, so the same
    input gives the same bytes. No value that fewer than `protection.K` real rows hold is in the text.
    """
    comparison = evaluation.comparison
    seen = views(comparison)
    cards = sections.columns(evaluation, seen)
    return html.render(
        "report.html.j2",
        title=title,
        k=K,
        has_holdout=comparison.holdout is not None,
        facts=sections.facts(comparison),
        cards=sections.cards(evaluation),
        groups=sections.groups(evaluation),
        worst=sections.worst(evaluation),
        exhibits=exhibits(evaluation),
        columns=cards,
        first_columns=sections.FIRST_COLUMNS,
        anchors={card.distribution.name: card.anchor for card in cards},
        pairs=compare_pairs(evaluation, seen),
        usefulness=sections.usefulness(evaluation),
        privacy=sections.privacy(evaluation),
        criteria=criteria(evaluation),
        rules=sections.rules(evaluation),
        notes=evaluation.notes,
        provenance={**sections.facts(comparison), **(provenance or {})},
    )


def scores(evaluation: Evaluation) -> str:
    """The scores as JSON text: `faithful`, `useful`, `private`, each with a verdict and its measures."""
    return dumps(evaluation.to_dict())


def dumps(content: Mapping[str, Any]) -> str:
    """Indented JSON text, of finite numbers alone."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def save(text: str, path: str | Path) -> None:
    """Write a report or scores as UTF-8, whole or not at all. Raises OutputError."""
    with replacing(path) as sink, writing(str(path)):
        sink.write(text.encode())
