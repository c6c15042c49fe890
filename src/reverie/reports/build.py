"""The evaluation report: one offline HTML file, verdicts for a manager first, then evidence for an expert."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reverie.core.errors import OutputError
from reverie.evaluation.base import Comparison
from reverie.reports import html, sections
from reverie.reports.protection import K
from reverie.reports.views import views


def build(
    evaluation: Any,
    comparison: Comparison,
    *,
    title: str = "Synthetic data report",
    provenance: Mapping[str, str] | None = None,
) -> str:
    """The report as HTML text that makes no network request.

    `provenance` is shown as it is given (sources, versions, seed, date); the clock is never read, so the same
    input gives the same bytes. No value that fewer than `protection.K` real rows hold is in the text.
    """
    seen = views(comparison)
    columns = sections.columns(evaluation, comparison, seen)
    return html.render(
        "report.html.j2",
        title=title,
        facts=sections.facts(comparison),
        cards=sections.cards(evaluation),
        groups=sections.groups(evaluation),
        worst=sections.worst(evaluation),
        columns=columns,
        first_columns=sections.FIRST_COLUMNS,
        anchors={card.distribution.name: card.anchor for card in columns},
        k=K,
        pairs=sections.pairs(evaluation, seen),
        usefulness=sections.usefulness(evaluation),
        privacy=sections.privacy(evaluation),
        rules=sections.rules(evaluation),
        notes=tuple(evaluation.notes),
        provenance={**sections.facts(comparison), **dict(provenance or {})},
        has_holdout=comparison.holdout is not None,
    )


def scores(evaluation: Any) -> str:
    """The scores as JSON text: `faithful`, `useful`, `private`, each with a verdict and its measures."""
    return json.dumps(evaluation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def save(text: str, path: Path | str) -> Path:
    """Write a report or scores as UTF-8. Raises OutputError if it cannot, and then leaves nothing behind."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        what, fix = f"cannot be written ({error.strerror})", "Choose a folder that exists and has room"
        raise OutputError(what, where=str(path), fix=fix) from None
    return path
