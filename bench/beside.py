"""Tables with pictures, sounds or texts: is the rest of the row as good as if it were learned alone?

Usage: python bench/beside.py [options]. Writes its section of docs/benchmarks.md; half an hour for all.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

import page
import pieces
import reverie as rv
from media import run
from tables import ROOT, SHARED

PLACE = ROOT / "build" / "bench" / "beside"
SEEDS = 5
"""How often rows are drawn."""
TITLE = "The rest of a row beside media"
TEXT = """## {title}

`reverie fit --model diffusion --budget` on four of five rows with their picture, sound or text, and on the
same rows without it; {made:,} rows of each (of the first without their media, which take longer to make) are
compared by `reverie evaluate` with the rows learned from, over the columns that both have. `shape` and
`trend` are errors in percent, means over {seeds} seeds, beside those of the unseen rows.

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
        pieces.put(
            given.page, TEXT.format(title=TITLE, made=given.made, seeds=SEEDS) + page.table(HEADS, rows)
        )


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--budget", default="3m", help="of each fit")
    parser.add_argument("--made", type=int, default=20_000, help="rows that are sampled")
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
    for way, data in {"with": whole, "alone": place / "alone.csv"}.items():
        run("fit", data, "-o", place / f"{way}.reverie", "--budget", given.budget, "--model", "diffusion")
    errors = compared(place, source, given.made)
    (place / "result.json").write_text(json.dumps({"budget": given.budget, **errors}))
    cells = [f"{name}, {given.budget}", str(len(source.plain))]
    for measure in ("shape", "trend"):
        both = [errors[way][measure] for way in ("with", "alone")]
        cells += [f"{both[0]:.2f}", f"{both[1]:.2f}", f"{both[0] - both[1]:+.2f}"]
        cells += [f"{errors['unseen'][measure]:.2f}"]
    return cells


def compared(place: Path, source: Source, rows: int) -> dict[str, dict[str, float]]:
    """Errors in percent of rows of both models, and of unseen ones."""
    real, made = place / "alone.csv", place / "made.csv"
    found: dict[str, list[dict[str, float]]] = {"with": [], "alone": []}
    for seed in range(SEEDS):
        write(rows_alone(place / "with.reverie", rows, seed), source.plain, made)
        found["with"].append(judged(made, real))
        run("sample", place / "alone.reverie", "-n", rows, "-o", made, "--seed", seed)
        found["alone"].append(judged(made, real))
    means = {
        way: {name: float(np.mean([one[name] for one in errors])) for name in errors[0]}
        for way, errors in found.items()
    }
    return {**means, "unseen": judged(place / "unseen.csv", real)}


def rows_alone(model: Path, rows: int, seed: int) -> list[dict[str, object]]:
    """So many rows of a model that keep its rules, without the media that it would make beside them."""
    made, rng, found = rv.load(model).model_, np.random.default_rng(seed), pa.table({})
    while found.num_rows < rows:
        table = made.bare(rows, rng)
        kept = table.filter(pa.array(made.rules.valid(table)))
        found = pa.concat_tables([found, kept]) if found.num_rows else kept
    return found.slice(0, rows).to_pylist()


def judged(made: Path, real: Path) -> dict[str, float]:
    """Errors in percent of the rows made, beside real ones; NaN for no pairs."""
    scores = made.with_suffix(".json")
    run("evaluate", real, made, "--json", scores)
    measures = json.loads(scores.read_text())["faithful"]["measures"]
    return {
        name: measures[name]["value"] if name in measures else float("nan") for name in ("shape", "trend")
    }


def copied(line: dict[str, str], column: str, source: Path, place: Path) -> dict[str, str]:
    """The line with its file copied to a place of its own; the name says nothing."""
    name = f"files/{len(list((place / 'files').glob('*'))):05}{Path(line[column]).suffix}"
    (place / "files").mkdir(exist_ok=True)
    shutil.copy(source / line[column], place / name)
    return {**line, column: name}


def write(rows: Sequence[Mapping[str, object]], columns: Sequence[str], place: Path) -> None:
    """These columns as CSV."""
    with place.open("w", newline="") as file:
        sheet = csv.DictWriter(file, list(columns), extrasaction="ignore")
        sheet.writeheader()
        sheet.writerows(rows)


if __name__ == "__main__":
    main()
