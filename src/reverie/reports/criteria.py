"""What attacks found, by the three questions of Europe's data-protection authorities and one of our own.

Source: Article 29 Data Protection Working Party, Opinion 05/2014 on Anonymisation Techniques (WP 216).
"""

from dataclasses import dataclass

from reverie.evaluation.base import Measurement
from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.verdicts import MEMORISED, QUESTIONS, grades
from reverie.reports import wording
from reverie.reports.wording import Tone

OWN = "Memorised cells"
TONES: tuple[Tone, Tone, Tone] = ("good", "caution", "bad")


@dataclass(frozen=True)
class Asked:
    """One question, and the figures that answer it."""

    title: str
    question: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One attack: how often it succeeds on people learned from, on people never seen, and by guessing."""

    title: str
    explanation: str
    tone: Tone
    rates: tuple[str, str, str]
    risk: str
    interval: str


@dataclass(frozen=True)
class Criterion:
    """A question with the attacks that were tried, and its tone, that of the attack which found most."""

    asked: Asked
    tone: Tone
    lines: tuple[Line, ...]


ASKED = tuple(
    Asked(title, question, {**QUESTIONS, OWN: MEMORISED}[title])
    for title, question in {
        "Singling out": "Can somebody be isolated by what the synthetic rows say?",
        "Linkability": "Can two records be found to be of one person?",
        "Inference": "Can something be learned of a person because that person's row was learned from?",
        OWN: "Are pictures, sounds or texts made again that were learned from?",
    }.items()
)


def criteria(evaluation: Evaluation) -> tuple[Criterion, ...]:
    """The questions to which there are figures, those of the opinion first, in its order."""
    found = {figure.name: figure for figure in evaluation.measurements["private"]}
    told, answered = grades(found, evaluation.bounds), []
    for asked in ASKED:
        figures = [found[name] for name in asked.figures if name in found]
        if figures:
            worst = max(told[figure.name] for figure in figures)
            lines = tuple(_line(figure, TONES[told[figure.name]]) for figure in figures)
            answered.append(Criterion(asked, TONES[worst], lines))
    return tuple(answered)


def _line(figure: Measurement, tone: Tone) -> Line:
    rates = tuple(figure.detail.get(name) for name in ("attack", "control", "baseline"))
    first, second, third = ("–" if rate is None else f"{rate:.1%}" for rate in rates)
    column = figure.detail.get("column")
    title = wording.title(figure.name) + (f": {column}" if column else "")
    risk, interval = wording.score(figure).value, wording.score(figure).interval
    return Line(title, figure.explanation, tone, (first, second, third), risk, interval)
