"""What a data-protection officer signs: what goes out, what attacks on it found, and one verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.intervals import exceeds
from reverie.evaluation.traces import Traced
from reverie.evaluation.verdicts import NO_EVIDENCE, QUESTIONS, SCALES, Verdict

RELEASE, CONDITIONS, FORBIDDEN = SCALES["private"]


@dataclass(frozen=True)
class Origin:
    """Whether the real table is what the model learned from; `said` is why, or why that is not known."""

    shown: bool
    said: str


@dataclass(frozen=True)
class Kept:
    """What a model keeps of a column, in words, and which of its rare values are in it letter by letter."""

    column: str
    type: str
    holds: str
    traced: Traced = field(default_factory=Traced)


@dataclass(frozen=True)
class Model:
    """The model that the rows are of: where from, what it keeps, and how people are protected in it."""

    family: str
    made_by: str
    rows: int
    k: int
    outliers: float
    critic: bool
    origin: Origin
    kept: tuple[Kept, ...]
    promise: Mapping[str, Any] | None = None
    spent: tuple[float, float] | None = None
    """Epsilon and delta of all private fits on the same rows, as far as the ledger here knows."""


@dataclass(frozen=True)
class Sought:
    """Planted secrets of one kind: how many, in how many places they were sought, and what was found."""

    kind: str
    planted: int
    found: Mapping[str, int] = field(default_factory=dict)
    """Place -> how many of them; places without any are left out."""
    floor: int = 0
    """How many of as many like them, which were not planted, were found."""
    unique: bool = False
    """Whether none of them comes up by chance, so that one is too many."""

    @property
    def leaked(self) -> bool:
        """Whether more came out than chance explains."""
        count = sum(self.found.values())
        if self.unique:
            return count > self.floor
        if not self.planted:
            return False
        share, other = (min(number / self.planted, 1.0) for number in (count, self.floor))
        return exceeds(share, self.planted, other, self.planted) > 0


@dataclass(frozen=True)
class Findings:
    """All that was found, and the verdict; `model` is None where rows alone were given."""

    evaluation: Evaluation
    verdict: Verdict
    model: Model | None = None
    canaries: tuple[Sought, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: `verdict` and `rule`, the attacks' `measures`, `model`, `canaries`, `rows`, `notes`."""
        private = self.evaluation.to_dict()
        return {
            "verdict": self.verdict.verdict,
            "rule": self.verdict.rule,
            "measures": private["private"]["measures"],
            "thresholds": self.evaluation.bounds.model_dump(include=PRIVATE),
            "model": None if self.model is None else _plain(self.model),
            "canaries": [
                {
                    "kind": one.kind,
                    "planted": one.planted,
                    "found": dict(one.found),
                    "floor": one.floor,
                    "leaked": one.leaked,
                }
                for one in self.canaries
            ],
            "rows": private["rows"],
            "notes": private["notes"],
        }


PRIVATE = {"nearer", "nearer_closest", "copies", "risk", "membership"}
"""The bounds by which the verdict is given."""


def conclude(
    evaluation: Evaluation, model: Model | None = None, canaries: tuple[Sought, ...] = ()
) -> Verdict:
    """One verdict of the attacks, of what the model keeps, and of planted secrets.

    What forbids a release does so whatever else is known; what is not known keeps from releasing.
    """
    attacks = evaluation.verdicts["private"]
    bad = [attacks.rule] if attacks.verdict == FORBIDDEN else []
    bad += [_leaked(one) for one in canaries if one.leaked]
    if bad:
        return Verdict(FORBIDDEN, "; ".join(bad))
    unknown = [attacks.rule] if attacks.verdict == NO_EVIDENCE else []
    tried = {figure.name for figure in evaluation.measurements["private"]}
    unknown += [
        f"{question.lower()} was not tried: there are too few rows or columns"
        for question, names in QUESTIONS.items()
        if tried.isdisjoint(names)
    ]
    unknown += [model.origin.said] if model and not model.origin.shown else []
    if unknown:
        return Verdict(NO_EVIDENCE, "; ".join(unknown))
    some = [attacks.rule] if attacks.verdict == CONDITIONS else []
    some += _conditions(model) if model else []
    return Verdict(CONDITIONS, "; ".join(some)) if some else attacks


def _leaked(sought: Sought) -> str:
    places = ", ".join(f"{count} in {place}" for place, count in sought.found.items())
    return f"planted secrets came out: of {sought.planted} ({sought.kind}) {places}"


def _conditions(model: Model) -> list[str]:
    """What the model itself asks for."""
    found = []
    if traced := [one for one in model.kept if one.traced.kept]:
        names = ", ".join(one.column for one in traced[:3]) + (", ..." if len(traced) > 3 else "")
        count = sum(one.traced.found for one in traced)
        found.append(
            f"the model keeps {count:,} values that fewer than {max(model.k, 2)} rows have, of {names}: "
            "hand out rows, not the model"
        )
    if model.k == 1:
        found.append("values that one row alone has may come out, as k is 1: fit with k=5")
    return found


def _plain(model: Model) -> dict[str, Any]:
    return {
        "family": model.family,
        "made_by": model.made_by,
        "rows": model.rows,
        "k": model.k,
        "outliers": model.outliers,
        "critic": model.critic,
        "origin": {"shown": model.origin.shown, "said": model.origin.said},
        "columns": {one.column: {"keeps": one.holds, "rare": asdict(one.traced)} for one in model.kept},
        "formal": None if model.promise is None else dict(model.promise),
        "spent": None if model.spent is None else {"epsilon": model.spent[0], "delta": model.spent[1]},
    }
