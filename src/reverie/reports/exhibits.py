"""What the report shows of pictures, sounds and texts: some that were made, beside the figures of the column.

Real cells are never shown, nor those made that are copies of one as far as that was measured.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison
from reverie.evaluation.columnwise import of_column
from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.likeness import media_columns
from reverie.evaluation.phrases import text_columns
from reverie.io.attachments import kind_of
from reverie.reports import wording
from reverie.reports.cells import Shown, Size, shown
from reverie.reports.protection import K

SMALL = Size(64, 3.0)
"""What is shown of a picture or a sound."""
MOST = {"pictures": 60, "sounds": 12, "texts": 12}
"""Cells of a column that are shown."""
MOST_A_LABEL, MOST_LABELS = 10, 12
MOST_LETTERS = 400


@dataclass(frozen=True)
class Shelf:
    """Cells of rows with one label: media, or texts."""

    label: str
    cells: tuple[Shown, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """A figure in words: its value, what it is, and what unseen real rows reach, "" where that is not
    known.
    """

    value: str
    sentence: str
    floor: str


@dataclass(frozen=True)
class Labels:
    """The category `column` by which cells are laid out, and its labels that are shown, in order."""

    column: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Exhibit:
    """A column: its kind, cells on shelves, by which column these are laid out ("" for none), and figures.

    Of `left_out` is told as many as were left out for being copies; `checked` is whether such were looked
    for.
    """

    anchor: str
    kind: str
    column: str
    by: str
    shelves: tuple[Shelf, ...]
    said: tuple[Said, ...]
    left_out: int
    checked: bool


def exhibits(evaluation: Evaluation) -> tuple[Exhibit, ...]:
    """One for each column of pictures, sounds or texts of which some were made."""
    comparison = evaluation.comparison
    names = [*media_columns(comparison.schema), *text_columns(comparison.schema)]
    made = (_exhibit(evaluation, name, place) for place, name in enumerate(names))
    return tuple(one for one in made if one.shelves or one.left_out)


def kind_of_column(cells: pa.ChunkedArray) -> str:
    """Pictures, sounds or texts."""
    if not pa.types.is_binary(cells.type):
        return "texts"
    first = cells.drop_null()[:1].to_pylist()
    kind = kind_of(first[0]) if first else None
    return "pictures" if kind is None else kind.name


def labels_of(comparison: Comparison, figures: Mapping[str, Mapping[str, Any]]) -> Labels | None:
    """The category to lay cells out by: that which is told from them best, beyond guessing, or the target.

    Only labels that enough real rows hold can be shown, the most frequent ones. None if there is no category
    with two of them.
    """
    told = {}
    for name in ("media_coherence", "text_coherence"):
        for one in figures.get(name, {}).get("columns", ()):
            told[one["name"]] = one["made"] or 0.0
    found = []
    for field in comparison.view.categories:
        counts = np.bincount(field.of(comparison.view.real) + 1, minlength=len(field.labels) + 1)[1:]
        often = [int(place) for place in np.argsort(-counts, kind="stable") if counts[place] >= K]
        if len(often) > 1:
            names = sorted(field.labels[place] for place in often[:MOST_LABELS])
            gain = told.get(field.name, 0.0) / 100 - 1 / len(often)
            found.append((gain, field.name == comparison.target, Labels(field.name, tuple(names))))
    return max(found, key=lambda one: one[:2])[2] if found else None


def clear_rows(comparison: Comparison, name: str, figures: Mapping[str, Mapping[str, Any]]) -> np.ndarray:
    """Rows of the synthetic table that have a cell which is no copy, in random order, (rows,).

    Of those that were looked at for copies, if that was done; what equals a cell that few real rows hold is
    left out at any rate.
    """
    # Hashes, as a column of pictures may be as large as memory.
    held = Counter(hash(cell.as_py()) for cell in comparison.real.column(name))
    known, cells = {cell for cell, rows in held.items() if rows < K}, comparison.fake.column(name)
    rows = np.flatnonzero(cells.is_valid().to_numpy())
    for figure in ("media_copies", "text_copies"):
        rows = np.array(figures.get(figure, {}).get("clear", rows), np.int64)
    rng = comparison.generator("exhibit", name)
    return np.array([row for row in rng.permutation(rows) if hash(cells[int(row)].as_py()) not in known], int)


def shelves_of(
    comparison: Comparison, name: str, rows: np.ndarray, labels: Labels | None, most: int
) -> tuple[Shelf, ...]:
    """At most about `most` cells of the synthetic rows, as many of each label; shelves without a cell too."""
    cells = comparison.fake.column(name)
    if labels is None:
        return (_shelf("", name, cells, rows[:most]),)
    field = next(field for field in comparison.view.categories if field.name == labels.column)
    codes, each = field.of(comparison.view.fake)[rows], most // len(labels.names)
    held = ((label, rows[codes == field.labels.index(label)]) for label in labels.names)
    return tuple(_shelf(label, name, cells, some[: min(max(each, 1), MOST_A_LABEL)]) for label, some in held)


def _exhibit(evaluation: Evaluation, name: str, place: int) -> Exhibit:
    comparison, cells = evaluation.comparison, evaluation.comparison.fake.column(name)
    figures = of_column(evaluation.all(), name)
    kind, labels = kind_of_column(cells), labels_of(comparison, figures)
    rows = clear_rows(comparison, name, figures)
    shelves = shelves_of(comparison, name, rows, labels, MOST[kind])
    copies = next((figures[one] for one in ("media_copies", "text_copies") if one in figures), None)
    return Exhibit(
        anchor=f"exhibit-{place}",
        kind=kind,
        column=name,
        by=labels.column if labels else "",
        shelves=tuple(one for one in shelves if one.cells or one.texts),
        said=tuple(said(figures, kind)),
        left_out=(len(cells) - cells.null_count if copies is None else copies["n"]) - len(rows),
        checked=copies is not None,
    )


def _shelf(label: str, name: str, cells: pa.ChunkedArray, rows: Sequence[int] | np.ndarray) -> Shelf:
    found = [cells[int(row)].as_py() for row in rows]
    if not pa.types.is_binary(cells.type):
        return Shelf(label, texts=tuple(shortened(str(text)) for text in found))
    return Shelf(label, tuple(shown(name, content, SMALL) for content in found))


def shortened(text: str, most: int = MOST_LETTERS) -> str:
    """A text of so many letters at most."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


_SENTENCES = {
    "media_frechet": ("from real {kind} as a whole (Frechet distance)", "unseen real ones: {floor}"),
    "media_precision": ("look like a real one", "of unseen real ones {floor}"),
    "media_recall": ("of the real ones are like one that was made", "{floor} are like an unseen one"),
    "media_coherence": (
        "of the categories of their rows are told from them",
        "of those of unseen real rows {floor}",
    ),
    "media_nearer": ("are nearer to one learned from than to an unseen one", "{floor} is no copying"),
    "media_copies": ("are nearly one learned from", "so are {floor} of unseen real ones"),
    "text_perplexity": ("bits a word for a model of real texts", "unseen real ones take {floor}"),
    "text_distinct": ("of their pairs of words differ", "of those of unseen real ones {floor}"),
    "text_length": ("off in their lengths", "unseen real ones are {floor} off"),
    "text_coherence": (
        "of the categories of their rows are told from them",
        "of those of unseen real rows {floor}",
    ),
    "text_copies": (
        "repeat a run of words that few real rows hold",
        "so do {floor} of unseen real ones",
    ),
}
"""Figures of a column in the order in which they are read: what follows the value, and what is said of
unseen real rows.
"""


def said(figures: Mapping[str, Mapping[str, Any]], kind: str) -> Iterable[Said]:
    """The figures of a column in words."""
    for name, (sentence, beside) in _SENTENCES.items():
        if name in figures:
            value, floor = (_number(figures[name][key], name) for key in ("value", "floor"))
            known = figures[name]["floor"] is not None
            yield Said(value, sentence.format(kind=kind), beside.format(floor=floor) if known else "")


def _number(value: float | None, name: str) -> str:
    if name == "media_nearer" and value is not None:
        return f"{100 * value:.1f} %"
    return wording.number(value, name)
