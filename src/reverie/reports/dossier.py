"""The dossier of a release: attacks on what goes out, what the model keeps, and one verdict to sign."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from reverie.core.errors import DataError
from reverie.dp.ledger import Ledger, total
from reverie.evaluation.dossier import Findings, Kept, Model, Origin, Sought, conclude
from reverie.evaluation.evaluate import Evaluation, evaluate
from reverie.evaluation.outliers import ordinary
from reverie.evaluation.thresholds import DEFAULT, Thresholds
from reverie.evaluation.traces import traces
from reverie.io.fingerprint import fingerprint
from reverie.io.given import dataset, named
from reverie.models.base import OnProgress, Progress, silent
from reverie.reports import build, neighbours, officer
from reverie.reports.latent_map import Mapped
from reverie.sampling.table import Learned, describe
from reverie.schema.types import Table

SUFFIXES = (".html", ".json")
"""What a dossier is saved as."""


@dataclass(frozen=True)
class Dossier:
    """Findings that can be saved; `provenance` says which files they are of."""

    findings: Findings
    provenance: Mapping[str, str]

    def __repr__(self) -> str:
        """The verdict with its rule, and how to see more; no value of a row."""
        verdict = self.findings.verdict
        more = "Figures: .to_dict(). The whole dossier: .save('dossier.html')"
        return "\n".join([f"{verdict.verdict}: {verdict.rule}", more])

    @property
    def verdict(self) -> str:
        """release, release with conditions, do not release, or not enough evidence."""
        return self.findings.verdict.verdict

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; see `Findings.to_dict`."""
        return self.findings.to_dict()

    def with_canaries(self, sought: tuple[Sought, ...]) -> "Dossier":
        """The dossier with planted secrets that were sought, and the verdict that they leave."""
        found = self.findings
        verdict = conclude(found.evaluation, found.model, sought)
        return replace(self, findings=replace(found, canaries=sought, verdict=verdict))

    def noting(self, note: str) -> "Dossier":
        """The dossier with one more note."""
        found = self.findings
        evaluation = replace(found.evaluation, notes=(*found.evaluation.notes, note))
        return replace(self, findings=replace(found, evaluation=evaluation))

    def save(self, path: str | Path) -> None:
        """Write one offline HTML file, or the findings as JSON if the suffix is .json. Raises OutputError."""
        text = build.dumps(self.to_dict()) if Path(path).suffix.lower() == ".json" else self._repr_html_()
        build.save(text, path)

    def save_neighbours(self, path: str | Path) -> None:
        """Write a page of the synthetic pictures, sounds and texts that come nearest to real ones, beside
        these: it shows real people's data. Raises ConfigError without such a column, or OutputError.
        """
        given = {name: place for name, place in self.provenance.items() if name in ("Real", "Released")}
        build.save(neighbours.build(self.findings.evaluation.comparison, given), path)

    def _repr_html_(self) -> str:
        return officer.build(self.findings, self.provenance)


class Attested(Mapped):
    """What a synthesizer offers to whoever must answer for a release."""

    def dossier(
        self,
        real: Any,
        *,
        holdout: Any,
        rows: int | None = None,
        thresholds: Thresholds = DEFAULT,
        seed: int = 0,
        on_progress: OnProgress = silent,
    ) -> Dossier:
        """Attack what this model makes, and say what it keeps of `real`, the data that it learned from.

        `rows` are made as they would be for release, as many as were learned from unless told; `holdout` is
        real data that was not learned from. Raises DataError if columns differ or a table cannot be read.
        """
        model, whole = self._fitted(), self._table(real)
        _check_columns(model, whole)
        unseen = self._table(holdout)
        members = ordinary(self._cut(whole), model.schema, self.outliers, seed=self.seed_)
        made = self.stream(rows, seed=seed, on_progress=on_progress)
        evaluation = _attack(
            members, pa.concat_tables(made), unseen, model.schema, thresholds, seed, on_progress
        )
        given = fingerprint(whole)
        known = Model(
            family=self.family_,
            made_by=f"Reverie, seed {self.seed_}",
            rows=model.rows,
            k=self._rows_shared(),
            outliers=self.outliers,
            critic=model.critic is not None,
            origin=_origin(self.data_, model, self.family_, given),
            kept=_kept(model, members, unseen, max(self._rows_shared(), 2)),
            promise=model.privacy,
            spent=_spent(model, given),
        )
        findings = Findings(evaluation, conclude(evaluation, known), known)
        return Dossier(findings, named({"Real": real, "Unseen": holdout}))

    outliers: float
    data_: str | None
    family_: str
    seed_: int

    @abstractmethod
    def stream(
        self, n: int | None = None, *, seed: int | None = None, on_progress: OnProgress = silent
    ) -> Iterator[pa.Table]:
        """New rows, in Arrow tables."""

    @abstractmethod
    def _cut(self, whole: pa.Table) -> pa.Table: ...


def dossier(
    fake: Any,
    real: Any,
    *,
    holdout: Any,
    schema: Table | None = None,
    thresholds: Thresholds = DEFAULT,
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> Dossier:
    """Attack synthetic rows, whatever made them; of a model use `Synthesizer.dossier`, which says more.

    That `real` is what they were made from is taken on trust. Tables are frames, paths or Datasets. Raises
    DataError if columns differ or a table cannot be read.
    """
    name, table = dataset(real).single()
    made, unseen = (dataset(one).single()[1] for one in (fake, holdout))
    schema = schema or describe(name, table)
    evaluation = _attack(table, made, unseen, schema, thresholds, seed, on_progress)
    sources = named({"Real": real, "Unseen": holdout, "Synthetic": fake})
    return Dossier(Findings(evaluation, conclude(evaluation)), sources)


def _attack(
    real: pa.Table, fake: pa.Table, holdout: pa.Table, schema: Table, bounds: Thresholds, seed: int,
    on_progress: OnProgress,
) -> Evaluation:  # fmt: skip
    def tell(_: str, done: int, total: int) -> None:
        on_progress(Progress("attacking", done, total))

    options: Any = {"aspects": ("private",), "bounds": bounds, "seed": seed, "on_progress": tell}
    return evaluate(real, fake, holdout, schema=schema, **options)


def _check_columns(model: Learned, table: pa.Table) -> None:
    expected = [column.name for column in model.schema.columns]
    if lacking := [name for name in expected if name not in table.column_names]:
        what = f"has no column '{lacking[0]}', which the model learned"
        raise DataError(what, where="real", fix="Give the table that the model was learned from")


def _origin(known: str | None, model: Learned, family: str, given: str) -> Origin:
    """Whether the table with the fingerprint `given` is what the model learned from: by the fingerprint that
    it holds, or by the ledger of private fits.

    A private model holds no fingerprint, which would tell of every row.
    """
    if known is not None:
        if known == given:
            return Origin(True, "the real table given is the one learned from, by its fingerprint")
        said = "the real table given is not the one learned from: give that, as the same kind of file"
        return Origin(False, said)
    if model.privacy is None:
        said = "the model does not say what it learned from: fit it again with this version of Reverie"
        return Origin(False, said)
    asked = family, *(model.privacy.get(name) for name in ("epsilon", "delta", "unit"))
    for entry in Ledger.default().entries(given):
        if (entry.family, entry.epsilon, entry.delta, entry.unit) == asked:
            return Origin(True, "the ledger here knows of such a private fit on the real table given")
    said = (
        "the ledger here knows of no such private fit on the real table given: judge it where it was fitted"
    )
    return Origin(False, said)


def _kept(model: Learned, real: pa.Table, unseen: pa.Table, k: int) -> tuple[Kept, ...]:
    held = {codec.column.name: codec.holds() for codec in model.codec.codecs}
    names = [column.name for column in model.schema.columns]
    found = traces(model.state(), real.select(names), unseen.select(names), k)
    return tuple(
        Kept(one.name, one.type, held.get(one.name, "made by a rule"), found[one.name])
        for one in model.schema.columns
    )


def _spent(model: Learned, given: str) -> tuple[float, float] | None:
    if model.privacy is None:
        return None
    entries = Ledger.default().entries(given)
    return total(entries) if entries else None
