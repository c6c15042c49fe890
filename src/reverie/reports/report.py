"""Frames or files compared in one call, with a report that can be saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.evaluate import evaluate as compare
from reverie.evaluation.thresholds import DEFAULT, Thresholds
from reverie.io.given import dataset, named
from reverie.models.base import OnProgress, Progress, silent
from reverie.reports import build, sections
from reverie.sampling.table import describe
from reverie.schema.types import Table

SUFFIXES = (".html", ".json")
"""What a report is saved as."""


@dataclass(frozen=True)
class Report:
    """An evaluation that can be saved; `provenance` is shown at its end."""

    evaluation: Evaluation
    provenance: Mapping[str, str]

    def __repr__(self) -> str:
        """The verdicts, a line each, and how to see more; no value of a row."""
        cards = sections.cards(self.evaluation)
        lines = [f"{card.aspect}: {card.word}. {card.sentence}" for card in cards]
        return "\n".join([*lines, "Figures: .to_dict(). The whole report: .save('report.html')"])

    @property
    def verdicts(self) -> dict[str, str]:
        """Verdict by aspect: faithful, useful, private."""
        return {aspect: given.verdict for aspect, given in self.evaluation.verdicts.items()}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: for each aspect a verdict and its measures."""
        return self.evaluation.to_dict()

    def save(self, path: str | Path) -> None:
        """Write one offline HTML file, or the scores as JSON if the suffix is .json. Raises OutputError."""
        if Path(path).suffix.lower() == ".json":
            build.save(build.scores(self.evaluation), path)
        else:
            build.save(build.build(self.evaluation, provenance=self.provenance), path)

    def _repr_html_(self) -> str:
        return build.build(self.evaluation, provenance=self.provenance)


def evaluate(
    real: Any,
    fake: Any,
    *,
    holdout: Any = None,
    target: str | None = None,
    schema: Table | None = None,
    thresholds: Thresholds = DEFAULT,
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> Report:
    """Compare synthetic rows with those learned from and, far better, with a `holdout` never seen.

    Tables are frames, paths or Datasets; the schema is inferred from `real` unless given;
    `thresholds` are the bounds of the verdicts.
    Raises DataError if columns differ or a table cannot be read, ConfigError if `target` cannot be one.
    """
    name, table = dataset(real).single()
    others = [None if other is None else dataset(other).single()[1] for other in (fake, holdout)]
    assert isinstance(others[0], pa.Table)

    def tell(step: str, done: int, total: int) -> None:
        on_progress(Progress(step, done, total))

    schema = schema or describe(name, table)
    told: dict[str, Any] = {"target": target, "seed": seed, "bounds": thresholds, "on_progress": tell}
    evaluation = compare(table, others[0], others[1], schema=schema, **told)
    sources = named({"Real": real, "Synthetic": fake, "Unseen": holdout})
    return Report(evaluation, {**sources, "Seed": str(seed)})
