"""Tables with texts: what a classifier that learned real ones reads in those that are made, and what is
copied.

Usage: python bench/texts.py [options]. Writes its section of docs/benchmarks.md; an hour for all.
"""

import argparse
import csv
import json
import math
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

import page
import pieces
from media import SHARED_BY, run
from reverie.evaluation.phrases import runs_of
from tables import ROOT, SHARED

PLACE = ROOT / "build" / "bench" / "texts"
MADE = 1_000
RUN = 12
"""Words in sequence that count as copied."""
TITLE = "Texts"
TEXT = """## {title}

`reverie fit --budget` on four of five rows, then `reverie sample` of as many rows as are unseen, each
with its label and the rest of its row but the text (and the levels that fewer than five rows share: these
are protected), on two cores. A classifier (tf-idf of words and
pairs, logistic regression) that was trained on the real texts learned from tells the label from a text:
`seen in made` is how often it finds the label that a text was made with, beside its accuracy on unseen
real texts; `balanced` is the mean of both over labels, which are not equally frequent. `label` is how
often a label made for a given unseen text is right. `copied` is the share of runs of 12 words of the
texts made that stand in those learned from, beside that of unseen real texts; `distinct-2` the share of
pairs of words that are different ones, beside real texts; `bits` are those that a byte of an unseen
text costs, given the rest of its row.

"""
HEADS = [
    "", "fit s", "texts a s", "real", "seen in made", "real, balanced", "balanced", "label", "copied %",
    "real %", "distinct-2", "real", "words", "real", "bits",
]  # fmt: skip


@dataclass(frozen=True)
class Texts:
    """A data set: rows as dicts, the column of texts, that of labels ("": none), and those of few values."""

    name: str
    rows: list[dict[str, str]]
    text: str
    label: str = ""
    levels: tuple[str, ...] = ()

    def take(self, rows: np.ndarray) -> "Texts":
        return replace(self, rows=[self.rows[row] for row in rows])

    @property
    def texts(self) -> list[str]:
        """The texts that are there."""
        return [row[self.text] for row in self.rows if row[self.text]]


def reviews() -> Texts:
    """Reviews of clothes with a rating from 1 to 5."""
    place = SHARED / "womens_clothing_reviews" / "Womens_Clothing_E-Commerce_Reviews.csv"
    kept = ("Age", "Review Text", "Rating", "Department Name")
    return Texts("reviews", _read(place, kept), "Review Text", "Rating")


def products() -> Texts:
    """Descriptions of goods in a shop, and the first word of their category."""
    place = SHARED / "flipkart_products" / "flipkart_products.csv"
    rows = _read(place, ("product_category_tree", "retail_price", "description", "brand"))
    for row in rows:
        row["category"] = re.split(r">>|\"]", row.pop("product_category_tree").removeprefix('["'))[0].strip()
    return Texts("products", rows, "description", "category", ("category", "brand"))


def shakespeare() -> Texts:
    """Speeches of plays."""
    text = (SHARED / "tiny_shakespeare" / "input.txt").read_text()
    return Texts("shakespeare", [{"text": one.strip()} for one in text.split("\n\n") if one.strip()], "text")


SOURCES: dict[str, Callable[[], Texts]] = {
    "reviews": reviews,
    "products": products,
    "shakespeare": shakespeare,
}


def main() -> None:
    """Each data set: fit, sample, judge."""
    given = parse()
    rows = []
    for name in given.data:
        rows.append(judge(SOURCES[name](), given.budget, given.model))
        pieces.put(given.page, TEXT.format(title=TITLE) + page.table(HEADS, rows))


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--budget", default="10m", help="of each fit")
    parser.add_argument("--model", default="auto", help="the family that learns")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    return parser.parse_args()


def judge(data: Texts, budget: str, model: str = "auto") -> list[str]:
    """A row of the table; what was made and result.json stay in build/bench/texts."""
    order = np.random.default_rng(0).permutation(len(data.rows))
    held = min(MADE, len(order) // 5)
    train, unseen = data.take(order[held:]), data.take(order[:held])
    place = PLACE / data.name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    _write(train.rows, place / "train.csv")
    began = time.perf_counter()
    run("fit", place / "train.csv", "-o", place / "m.reverie", "--budget", budget, "--model", model)
    found: dict[str, float] = {"fit": time.perf_counter() - began}
    began = time.perf_counter()
    told = replace(unseen, rows=shared(train, unseen.rows))
    made = sampled(place, "made", told, without=(unseen.text,))
    found["rate"] = len(made.rows) / (time.perf_counter() - began)
    if data.label:
        found |= labelled(train, unseen, made)
        guessed = sampled(place, "told", told, without=(data.label,))
        pairs = [
            one[data.label] == other[data.label]
            for one, other in zip(guessed.rows, unseen.rows, strict=True)
            if other[data.text]
        ]
        found["label"] = float(np.mean(pairs))
    known = set(runs(train.texts))
    for name, one in (("made", made), ("real", unseen)):
        found[f"copied_{name}"] = copied(one.texts, known)
        found[f"distinct_{name}"] = distinct(one.texts, min(len(made.texts), len(unseen.texts)))
        found[f"words_{name}"] = float(np.mean([len(text.split()) for text in one.texts]))
    found["bits"] = bits(place / "m.reverie", unseen)
    (place / "result.json").write_text(json.dumps({"budget": budget, **found}))
    family = "" if model == "auto" else f", {model}"
    return [f"{data.name}, {budget}{family}", *shown(found)]


def shown(found: dict[str, float]) -> list[str]:
    """Cells of the table."""
    cells = [f"{found['fit']:.0f}", f"{found['rate']:.1f}"]
    names = ("real", "seen", "real_balanced", "seen_balanced", "label")
    cells += [f"{found[name]:.3f}" if name in found else page.DASH for name in names]
    cells += [f"{100 * found[f'copied_{name}']:.3f}" for name in ("made", "real")]
    cells += [f"{found[f'distinct_{name}']:.3f}" for name in ("made", "real")]
    return [*cells, *(f"{found[f'words_{name}']:.1f}" for name in ("made", "real")), f"{found['bits']:.3f}"]


def labelled(train: Texts, unseen: Texts, made: Texts) -> dict[str, float]:
    """What a classifier of real texts finds in unseen and in made ones: accuracy, also by labels."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, balanced_accuracy_score
    from sklearn.pipeline import make_pipeline

    def divided(data: Texts) -> tuple[list[str], list[str]]:
        there = [row for row in data.rows if row[data.text]]
        return [row[data.text] for row in there], [row[data.label] for row in there]

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(words, LogisticRegression(C=10.0, max_iter=2_000)).fit(*divided(train))
    found = {}
    for name, data in (("real", unseen), ("seen", made)):
        texts, labels = divided(data)
        guessed = model.predict(texts)
        found[name] = float(accuracy_score(labels, guessed))
        found[f"{name}_balanced"] = float(balanced_accuracy_score(labels, guessed))
    return found


def words_of(text: str) -> list[str]:
    """Words in small letters."""
    return re.findall(r"\w+", text.lower())


def runs(texts: list[str]) -> Iterator[tuple[str, ...]]:
    """All runs of so many words."""
    for text in texts:
        yield from runs_of(words_of(text), RUN)


def copied(texts: list[str], known: set[tuple[str, ...]]) -> float:
    """The share of runs of words that are known."""
    found = [one in known for one in runs(texts)]
    return float(np.mean(found)) if found else 0.0


def distinct(texts: list[str], most: int) -> float:
    """The share of pairs of words that are different ones, in so many texts."""
    pairs = [pair for text in texts[:most] for pair in pairwise(words_of(text))]
    return len(set(pairs)) / max(len(pairs), 1)


def bits(model: Path, unseen: Texts) -> float:
    """Bits that a byte of unseen texts costs, up to the length learned, given the rest of the row."""
    import pyarrow as pa
    import torch

    import reverie as rv
    from reverie.models import media, texts
    from reverie.sampling.request import conform

    made = rv.load(model).model_
    fitted, codec = made.fitted, made.codec
    there = [row for row in unseen.rows if row[unseen.text]]
    table = pa.Table.from_pylist([{name: value or None for name, value in row.items()} for row in there])
    blocks = codec.encode(made.rules.reduce(conform(made, table)), np.random.default_rng(0))
    spec = next(spec for spec in texts.texts_of(codec.specs) if spec.name == unseen.text)
    at = [one.name for one in fitted.beside.specs].index(spec.name)
    total, size = 0.0, 0
    with torch.inference_mode():
        for start in range(0, blocks.rows, 64):
            some = blocks.take(np.arange(start, min(start + 64, blocks.rows)))
            told = torch.from_numpy(fitted.beside.told(None, some.rows))
            refined = fitted.refined(media.rows_of(some), told)
            codes = torch.from_numpy(some[spec.name].astype(np.int64))
            total += float(fitted.beside.task.net.text_tower(at).costs(codes, refined)[0].sum())
            spelled = codec.codec(spec.name).pairs.decode(some[spec.name])
            size += sum(len(text.encode()) for text in spelled)
    return total / math.log(2) / max(size, 1)


def shared(train: Texts, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without levels that few of those learned from have."""
    counts = Counter((name, row[name]) for row in train.rows for name in train.levels)
    rare = [{name: "" for name in train.levels if counts[name, row[name]] < SHARED_BY} for row in rows]
    return [{**row, **none} for row, none in zip(rows, rare, strict=True)]


def sampled(place: Path, name: str, like: Texts, without: tuple[str, ...]) -> Texts:
    """Rows of which all is known but some columns; new ones where nothing is left."""
    known = [{key: value for key, value in row.items() if key not in without} for row in like.rows]
    options: list[object] = ["-n", len(like.rows)]
    if known[0]:
        _write(known, place / f"{name}_given.csv")
        options = ["--given-file", place / f"{name}_given.csv"]
    run("sample", place / "m.reverie", "-o", place / f"{name}.csv", *options)
    return replace(like, rows=_read(place / f"{name}.csv", tuple(like.rows[0])))


def _read(place: Path, kept: tuple[str, ...]) -> list[dict[str, str]]:
    with place.open(newline="") as file:
        return [{name: row[name] for name in kept} for row in csv.DictReader(file)]


def _write(rows: list[dict[str, str]], place: Path) -> None:
    with place.open("w", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)


if __name__ == "__main__":
    main()
