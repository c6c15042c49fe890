"""The report's words and number formats: what a figure is called, how it is written, what a verdict means."""

from dataclasses import dataclass
from typing import Literal

from reverie.evaluation.base import Aspect, Measurement
from reverie.evaluation.verdicts import SCALES

Tone = Literal["good", "caution", "bad", "unknown"]

TITLES = {
    "shape": "Columns, error of shape",
    "trend": "Related pairs of columns, error",
    "c2st_fresh": "Whole rows, told from unseen real rows",
    "c2st_fresh_linear": "The same, by a simple classifier",
    "validity": "Rows that keep every rule",
    "media_frechet": "Pictures or sounds, Frechet distance",
    "media_precision": "Pictures or sounds that look like a real one",
    "media_recall": "Real ones that one made looks like",
    "media_coherence": "Categories told from pictures or sounds",
    "text_perplexity": "Texts, bits a word for a model of unseen ones",
    "text_coherence": "Categories told from texts",
    "text_distinct": "Pairs of words that differ",
    "text_length": "Length of texts, error",
    "support": "Rows within the range of the real data",
    "trend_all": "All pairs of columns, error",
    "c2st_train": "Whole rows, told from training rows",
    "c2st_train_linear": "The same, by a simple classifier",
    "usefulness_loss": "Loss from training on synthetic rows",
    "usefulness": "Predicting",
    "dcr_share": "Nearer to training than to unseen rows",
    "dcr_share_closest": "The same, of the closest 5 % of rows",
    "nndr_share": "The same, by nearest-neighbour ratio",
    "copies": "Exact copies",
    "copies_unique": "Exact copies of unique people",
    "media_nearer": "Pictures or sounds nearer to one learned from",
    "media_copies": "Pictures or sounds that are nearly one learned from",
    "text_copies": "Texts with words in a row of one learned from",
    "singling_out_univariate": "Singled out by one column",
    "singling_out_multivariate": "Singled out by several columns",
    "linkability": "Halves of a row linked",
    "inference": "Columns guessed from the others",
    "inference_worst": "The column guessed best",
    "rare_values": "Rare values that come out",
    "membership_density": "Known as learned from, by densities",
    "membership_density_tpr": "Known by densities, at one false alarm in a hundred",
    "membership_density_outliers": "Outlying rows, by densities",
    "membership_density_rare": "Rare groups, by densities",
    "membership_distance": "Known as learned from, by distances",
    "membership_distance_tpr": "Known by distances, at one false alarm in a hundred",
    "membership_distance_outliers": "Outlying rows, by distances",
    "membership_distance_rare": "Rare groups, by distances",
}
"""Measures in the order in which they are read; a measure that is not here follows under its own name."""

PERCENT = (
    "shape", "trend", "trend_all", "validity", "support", "copies", "copies_unique", "media_precision",
    "media_recall", "media_coherence", "media_copies", "text_copies", "text_coherence", "text_distinct",
    "text_length",
)  # fmt: skip

QUESTIONS: dict[Aspect, str] = {
    "faithful": "Does it behave like the real data?",
    "useful": "Do models trained on it work on real data?",
    "private": "Are the people in the real data safe?",
}

SENTENCES: dict[Aspect, dict[Tone, str]] = {
    "faithful": {
        "good": "Columns, their relations and whole rows are distributed much as in the real data.",
        "caution": "Broadly like the real data, with differences that a careful analysis would notice.",
        "bad": "Clearly different from the real data: do not draw conclusions about it from this copy.",
        "unknown": "There was not enough to compare, so nothing is claimed.",
    },
    "useful": {
        "good": "A model trained on this data does about as well on real rows as one trained on real data.",
        "caution": "A model trained on this data works on real rows, but loses some of its accuracy.",
        "bad": "A model trained on this data does much worse on real rows than one trained on real data.",
        "unknown": "Not shown, so not claimed, that a model trained on this data works on real rows.",
    },
    "private": {
        "good": "Synthetic rows are hardly closer to the people learned from than to people never seen.",
        "caution": "Small signs of closeness to single real rows: release only under the conditions named.",
        "bad": "Synthetic rows follow single real rows too closely. Do not let this data out.",
        "unknown": "Too little to go on: privacy was not shown, so it is not claimed.",
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


def tone(aspect: Aspect, verdict: str) -> Tone:
    """How a verdict is coloured: by its place on the scale of its aspect, or as unknown."""
    tones: tuple[Tone, Tone, Tone] = ("good", "caution", "bad")
    return dict(zip(SCALES[aspect], tones, strict=True)).get(verdict, "unknown")


def title(name: str) -> str:
    """What people call a measure; a measure of one target (`usefulness: income`) keeps the target's name."""
    head, _, tail = name.partition(": ")
    found = TITLES.get(head, head.replace("_", " ").capitalize())
    return f"{found} {tail}" if tail else found


def order(name: str) -> int:
    """The place of a measure in the score table."""
    head = name.partition(": ")[0]
    return list(TITLES).index(head) if head in TITLES else len(TITLES)


def least_span(name: str) -> float:
    """The least length of a measure's axis, so that a tiny difference does not look large."""
    return 2.0 if name in PERCENT else 0.2


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
