"""Tables with pictures, sounds or texts: is the rest of the row as good as if it were learned alone?

Usage: python bench/beside.py [options]. Writes its section of docs/benchmarks.md; half an hour for all.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import page
import pieces
from media import run
from tables import ROOT, SHARED

PLACE = ROOT / "build" / "bench" / "beside"
TITLE = "The rest of a row beside media"
TEXT = f"""## {TITLE}

`reverie fit --model diffusion --budget` on four of five rows with their picture, sound or text, and on the
same rows without it; what is sampled of both is compared with the unseen rows by `reverie evaluate`, over the
columns that both have. `shape` and `trend` are errors in percent, beside those of the unseen rows themselves.

"""
HEADS = ["", "columns", "shape with", "alone", "gap", "unseen", "trend with", "alone", "gap", "unseen"]


@dataclass(frozen=True)
class Source:
    """A table in a file, the column of media (with paths beside the file, or with texts), and the others."""

    file: str
    media: str
    plain: tuple[str, ...]
    files: bool = True


SOURCES = {
    "clothing": Source("images_clothing/index.csv", "file_png64", ("label", "orig_width", "orig_height")),
    "emoji": Source("emoji_twitter/index.csv", "file", ("category", "subcategory", "added_in")),
    "spoken digits": Source(
        "audio_fsdd/index.csv", "file", ("digit", "speaker", "gender", "accent", "n_frames")
    ),
    "reviews": Source(
        "womens_clothing_reviews/Womens_Clothing_E-Commerce_Reviews.csv",
        "Review Text",
        ("Age", "Rating", "Recommended IND", "Positive Feedback Count", "Department Name", "Class Name"),
        files=False,
    ),
    "products": Source(
        "flipkart_products/flipkart_products.csv",
        "description",
        ("retail_price", "discounted_price", "brand"),
        files=False,
    ),
}


def main() -> None:
    """Each table with and without its media."""
    given = parse()
    rows = []
    for name in given.data:
        rows.append(compare(name, SOURCES[name], given))
        pieces.put(given.page, TEXT + page.table(HEADS, rows))


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--budget", default="3m", help="of each fit")
    parser.add_argument("--made", type=int, default=2_000, help="rows that are sampled")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    return parser.parse_args()


def compare(name: str, source: Source, given: argparse.Namespace) -> list[str]:
    """A row of the table."""
    place = PLACE / name.replace(" ", "_")
    shutil.rmtree(place, ignore_errors=True)
    (place / "with").mkdir(parents=True)
    with (SHARED / source.file).open(newline="") as file:
        lines = list(csv.DictReader(file))
    order = np.random.default_rng(0).permutation(len(lines))
    held = len(order) // 5
    train, unseen = ([lines[row] for row in rows] for rows in (order[held:], order[:held]))
    beside = (SHARED / source.file).parent
    if source.files:
        train = [copied(line, source.media, beside, place / "with") for line in train]
    write(train, (source.media, *source.plain), place / "with" / "index.csv")
    write(train, source.plain, place / "alone.csv")
    write(unseen, source.plain, place / "unseen.csv")
    whole = place / "with" if source.files else place / "with" / "index.csv"
    learned = {"with": whole, "alone": place / "alone.csv"}
    errors = {way: judged(place, way, source, data, given) for way, data in learned.items()}
    (place / "result.json").write_text(json.dumps({"budget": given.budget, **errors}))
    cells = [f"{name}, {given.budget}", str(len(source.plain))]
    for measure in ("shape", "trend"):
        both = [errors[way][measure] for way in ("with", "alone")]
        cells += [f"{both[0]:.2f}", f"{both[1]:.2f}", f"{both[0] - both[1]:+.2f}"]
        cells += [f"{errors['alone'][f'{measure} of unseen']:.2f}"]
    return cells


def judged(place: Path, way: str, source: Source, data: Path, given: argparse.Namespace) -> dict[str, float]:
    """Errors in percent of rows made by a model of the data, and of the unseen ones; NaN for no pairs."""
    model, scores = place / f"{way}.reverie", place / f"{way}.json"
    run("fit", data, "-o", model, "--budget", given.budget, "--model", "diffusion")
    made = place / f"{way}_made"
    run("sample", model, "-n", given.made, "-o", made if data.is_dir() else f"{made}.csv")
    file = made / "index.csv" if made.is_dir() else made.with_suffix(".csv")
    with file.open(newline="") as found:
        write(list(csv.DictReader(found)), source.plain, place / f"{way}_plain.csv")
    run(
        "evaluate", place / "alone.csv", place / f"{way}_plain.csv", "--holdout", place / "unseen.csv",
        "--json", scores,
    )  # fmt: skip
    measures, found = json.loads(scores.read_text())["faithful"]["measures"], {}
    for name in ("shape", "trend"):
        told = measures.get(name, {"value": float("nan"), "floor": float("nan")})
        found |= {name: told["value"], f"{name} of unseen": told["floor"]}
    return found


def copied(line: dict[str, str], column: str, source: Path, place: Path) -> dict[str, str]:
    """The line with its file copied to a place of its own; the name says nothing."""
    name = f"files/{len(list((place / 'files').glob('*'))):05}{Path(line[column]).suffix}"
    (place / "files").mkdir(exist_ok=True)
    shutil.copy(source / line[column], place / name)
    return {**line, column: name}


def write(rows: Sequence[dict[str, str]], columns: Sequence[str], place: Path) -> None:
    """These columns as CSV."""
    with place.open("w", newline="") as file:
        sheet = csv.DictWriter(file, list(columns), extrasaction="ignore")
        sheet.writeheader()
        sheet.writerows(rows)


if __name__ == "__main__":
    main()
