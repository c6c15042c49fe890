"""The report's words and number formats: what a figure is called, how it is written, what a verdict means."""

from dataclasses import dataclass
from typing import Literal

from reverie.evaluation.base import Measurement

Tone = Literal["good", "caution", "bad", "unknown"]

ASPECTS = ("faithful", "useful", "private")

TITLES = {
    "shape": "Columns: shape error",
    "trend": "Related pairs: trend error",
    "trend_all": "All pairs: trend error",
    "c2st_lr": "Told apart by logistic regression",
    "c2st_gbm": "Told apart by gradient boosting",
    "c2st_fresh": "Told apart from unseen real rows",
    "mle": "Models trained on synthetic data",
    "dcr_share": "Closer to training than to unseen rows",
    "nndr": "Nearest-neighbour distance ratio",
    "exact_copies": "Exact copies of real rows",
    "validity": "Rows that keep the rules",
}

PERCENT = ("shape", "trend", "trend_all", "validity", "exact_copies")

QUESTIONS = {
    "faithful": "Does it behave like the real data?",
    "useful": "Do models trained on it work on real data?",
    "private": "Are the people in the real data safe?",
}

SENTENCES: dict[str, dict[Tone, str]] = {
    "faithful": {
        "good": "Columns, their relations and whole rows are distributed as in the real data.",
        "caution": "Broadly like the real data, with differences that a careful analysis would notice.",
        "bad": "Clearly different from the real data: do not draw conclusions about it from this copy.",
        "unknown": "There was not enough to compare, so nothing is claimed.",
    },
    "useful": {
        "good": "A model trained on this data does about as well on real rows as one trained on real data.",
        "caution": "A model trained on this data works on real rows, but loses some of its accuracy.",
        "bad": "A model trained on this data does much worse on real rows than one trained on real data.",
        "unknown": "Not measured: name a target column, and give rows held back from training, to know.",
    },
    "private": {
        "good": "Synthetic rows are no closer to the people learned from than to people never seen.",
        "caution": "Small signs of closeness to single real rows: release only under the conditions named.",
        "bad": "Synthetic rows follow single real rows too closely. Do not let this data out.",
        "unknown": "Without real rows that the model never saw, privacy cannot be shown, so it is not claimed.",
    },
}


@dataclass(frozen=True)
class Score:
    """A measurement in words: what the score table shows."""

    name: str
    title: str
    value: str
    interval: str
    floor: str
    n: str
    explanation: str


def tone(verdict: str) -> Tone:
    """How a verdict's text is coloured."""
    text = verdict.lower()
    if text.startswith(("not enough", "not measured", "unknown", "no evidence", "no target")) or not text:
        return "unknown"
    if text.startswith(("do not", "not ", "no", "poor", "un")):
        return "bad"
    return "caution" if any(word in text for word in ("condition", "mostly", "partly", "nearly", "roughly", "some")) else "good"


def title(name: str) -> str:
    """What people call a measure; a measure of one target (`mle:income`) keeps the target."""
    for separator in (":", ".", "["):
        head, found, tail = name.partition(separator)
        if found and head in TITLES:
            return f"{TITLES[head]}: {tail.rstrip(']')}"
    return TITLES.get(name, name.replace("_", " ").capitalize())


def number(value: float | None, name: str = "") -> str:
    """A score with the digits that matter, and its unit."""
    if value is None or value != value:
        return "–"
    if name in PERCENT:
        return f"{value:.2f} %" if abs(value) < 10 else f"{value:.1f} %"
    if value == int(value) and abs(value) >= 2:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def score(measurement: Measurement) -> Score:
    """One measurement as text."""
    name = measurement.name
    return Score(
        name=name,
        title=title(name),
        value=number(measurement.value, name),
        interval=f"{number(measurement.low, name)} to {number(measurement.high, name)}",
        floor=number(measurement.floor, name),
        n=f"{measurement.n:,}",
        explanation=measurement.explanation,
    )
