"""Texts: are they as likely, as varied and as long as real ones, and do they say what their rows say?

Sources: Zhu et al. 2018 (Texygen: likelihood under a model of real texts); Li et al. 2016 (distinct pairs of
words); Jelinek & Mercer 1980 (a model that mixes one, two and three words).
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.columnwise import worst
from reverie.evaluation.intervals import wilson
from reverie.evaluation.phrases import runs_of, text_columns, texts_of
from reverie.evaluation.view import Side

FEWEST = 50
WEIGHTS = (0.2, 0.35, 0.4)
"""Of one, two and three words in a row; what is left is for words that were not seen."""
UNSEEN = 1e-6
"""Chance of a word that was not seen, at the least."""
PAIRED = 20_000
"""Pairs of words among which different ones are counted."""
MOST_LABELS, FEWEST_LABELLED = 50, 30
"""Labels of a category that is told from texts, and texts that one must have."""


class Texts(Measure):
    """How texts compare, of the column where that is worst."""

    name = "text_quality"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`text_perplexity`, `text_distinct`, `text_length` and, if a category can be told from texts,
        `text_coherence`; none without a column of texts, or with fewer than 50 of them.
        """
        return worst(
            ((name, _column(comparison, name)) for name in text_columns(comparison.schema)), _badness
        )


@dataclass(frozen=True)
class Passages:
    """Words of some texts (texts,) of a column, and the other columns of their rows."""

    words: list[list[str]]
    side: Side


def _column(comparison: Comparison, name: str) -> list[Measurement]:
    view = comparison.view
    pairs = [(comparison.real, view.real), (comparison.fake, view.fake)]
    if comparison.holdout is not None and view.holdout is not None:
        pairs.append((comparison.holdout, view.holdout))
    found = []
    for table, side in pairs:
        some = texts_of(comparison, table, name)
        found.append(Passages(list(some.values()), side.take(np.array(list(some), int))))
    if min(len(one.words) for one in found) < FEWEST:
        return []
    real, fake, unseen = found[0], found[1], found[2] if len(found) > 2 else None
    coherence = _coherence(comparison, real, fake, unseen, name)
    made = [
        _perplexity(real, fake, unseen, name),
        _distinct(real, fake, unseen, name),
        _length(real, fake, unseen, name),
    ]
    return [*made, coherence] if coherence else made


def _perplexity(real: Passages, fake: Passages, unseen: Passages | None, name: str) -> Measurement:
    """Bits a word under a model of half of the real texts; the floor is that of real ones it did not see."""
    model = Model.of(real.words[::2])
    bits = [model.bits(words) for words in fake.words]
    value, error = float(np.mean(bits)), float(np.std(bits)) / len(bits) ** 0.5
    others = real.words[1::2] if unseen is None else unseen.words
    floor = float(np.mean([model.bits(words) for words in others]))
    about = f"Bits a word of synthetic '{name}' under a model of real texts, beside real texts it did not see"
    return Measurement(
        "text_perplexity", value, value - 1.96 * error, value + 1.96 * error,
        None if unseen is None else floor, len(bits), "target", floor,
        f"{about}: more is less like them, less is plainer.",
    )  # fmt: skip


@dataclass(frozen=True)
class Model:
    """Counts of one, two and three words in a row."""

    counts: tuple[Counter[tuple[str, ...]], ...]

    @classmethod
    def of(cls, texts: list[list[str]]) -> "Model":
        """That of the texts."""
        runs = ((run for words in texts for run in runs_of(words, length)) for length in (1, 2, 3))
        return cls((Counter({(): sum(map(len, texts))}), *map(Counter, runs)))

    def bits(self, words: list[str]) -> float:
        """Bits that a word of this text takes on average."""
        total = 0.0
        for place in range(len(words)):
            chance = UNSEEN
            for length, weight in enumerate(WEIGHTS, 1):
                run = tuple(words[max(place - length + 1, 0) : place + 1])
                if len(run) == length and (times := self.counts[length][run]):
                    chance += weight * times / self.counts[length - 1][run[:-1]]
            total -= float(np.log2(min(chance, 1.0)))
        return total / max(len(words), 1)


def _distinct(real: Passages, fake: Passages, unseen: Passages | None, name: str) -> Measurement:
    """Different pairs of words among as many of each."""
    tables = [real, fake] if unseen is None else [real, fake, unseen]
    pairs = [[pair for words in one.words for pair in runs_of(words, 2)] for one in tables]
    n = max(min(PAIRED, *(len(one) for one in pairs)), 1)
    shares = [len(set(one[:n])) / n for one in pairs]
    low, high = wilson(shares[1], n)
    about = f"Per cent of {n:,} pairs of words in synthetic '{name}' that differ"
    return Measurement(
        "text_distinct", 100 * shares[1], 100 * low, 100 * high, 100 * shares[2] if len(shares) > 2 else None,
        n, "target", 100 * shares[0], f"{about}, beside real ones.",
    )  # fmt: skip


def _length(real: Passages, fake: Passages, unseen: Passages | None, name: str) -> Measurement:
    """The largest gap between the shares of texts of at most so many words."""

    def gap(passages: Passages) -> float:
        ours, theirs = (np.sort([len(words) for words in one.words]) for one in (real, passages))
        at = np.union1d(ours, theirs)
        shares = [np.searchsorted(one, at, side="right") / len(one) for one in (ours, theirs)]
        return float(np.abs(shares[0] - shares[1]).max())

    value, n = gap(fake), len(fake.words)
    half = 1.36 * (1 / n + 1 / len(real.words)) ** 0.5
    about = f"Per cent by which the lengths of synthetic '{name}' are off (Kolmogorov-Smirnov distance)"
    return Measurement(
        "text_length", 100 * value, 100 * max(value - half, 0.0), 100 * min(value + half, 1.0),
        None if unseen is None else 100 * gap(unseen), n, "lower", 0.0, f"{about}.",
    )  # fmt: skip


def _coherence(
    comparison: Comparison, real: Passages, fake: Passages, unseen: Passages | None, name: str
) -> Measurement | None:
    """How often the categories of a row are told from its text, of those with two labels of enough texts."""
    found = [
        told
        for field in comparison.view.categories
        if (told := _told(field.index, field.name, real, fake, unseen, len(field.labels)))
    ]
    if not found:
        return None
    value, n = float(np.mean([one["made"] for one in found])), len(fake.words)
    low, high = (100 * end for end in wilson(value / 100, n))
    floors = [one["unseen"] for one in found if one["unseen"] is not None]
    floor = float(np.mean(floors)) if floors else None
    about = f"Per cent of the categories of synthetic rows that a classifier tells from '{name}' (balanced)"
    return Measurement(
        "text_coherence", value, low, high, floor, n, "higher", 100.0,
        f"{about}, which learned that from real rows; beside unseen real rows.", {"columns": found},
    )  # fmt: skip


def _told(
    place: int, name: str, real: Passages, fake: Passages, unseen: Passages | None, labels: int
) -> dict | None:
    """Balanced accuracies, in per cent, of a category told from words; None if few texts have its labels."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    codes = real.side.codes[:, place]
    common = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=labels) >= FEWEST_LABELLED)
    if not 1 < len(common) <= MOST_LABELS:
        return None

    def sided(one: Passages) -> tuple[list[str], np.ndarray]:
        kept = np.flatnonzero(np.isin(one.side.codes[:, place], common))
        return [" ".join(one.words[row]) for row in kept], one.side.codes[kept, place]

    learner = LogisticRegression(max_iter=300, class_weight="balanced")
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True, min_df=2)
    texts, wanted = sided(real)
    classifier = make_pipeline(words, learner).fit(texts, wanted)

    def share(one: Passages | None) -> float | None:
        if one is None:
            return None
        asked, right = sided(one)
        if not asked:
            return None
        found = classifier.predict(asked)
        return 100 * float(np.mean([np.mean(found[right == code] == code) for code in np.unique(right)]))

    made = share(fake)
    return None if made is None else {"name": name, "made": made, "unseen": share(unseen)}


def _badness(one: Measurement) -> float:
    if one.better == "target":
        return abs(one.value - one.ideal)
    return one.value if one.better == "lower" else -one.value


MEASURE = Texts()
