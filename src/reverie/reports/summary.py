"""An evaluation as plain lines, for a terminal or a log: one line a figure, in the order of the report."""

from typing import NamedTuple

from reverie.evaluation.base import Aspect
from reverie.evaluation.evaluate import ASPECTS, Evaluation
from reverie.reports import wording


class Line(NamedTuple):
    """One figure in words and in numbers; `written` is the value with its unit."""

    aspect: Aspect
    name: str
    title: str
    value: float
    low: float
    high: float
    floor: float | None
    written: str
    sentence: str


def lines(evaluation: Evaluation) -> list[Line]:
    """Every figure, those of the faithful verdict first, within a verdict as in the report."""
    found = []
    for aspect in ASPECTS:
        for one in sorted(evaluation.measurements[aspect], key=lambda one: wording.order(one.name)):
            written = wording.number(one.value, one.name)
            figures = (one.value, one.low, one.high, one.floor)
            found.append(Line(aspect, one.name, wording.title(one.name), *figures, written, one.explanation))
    return found
