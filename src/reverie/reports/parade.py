"""Families side by side on a page: their figures, and cells of each with the same labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reverie.evaluation.columnwise import of_column
from reverie.evaluation.likeness import media_columns
from reverie.evaluation.parade import Entrant, Parade
from reverie.evaluation.phrases import text_columns
from reverie.reports import html, wording
from reverie.reports.exhibits import (
    Labels,
    Shelf,
    clear_rows,
    kind_of_column,
    labels_of,
    shelves_of,
)
from reverie.reports.protection import K

SUFFIXES = (".html",)
WHOLE = ("shape", "trend", "c2st_fresh", "dcr_share", "copies")
"""Figures of rows as a whole."""
MOST = {"pictures": 180, "sounds": 12, "texts": 24}
"""Cells of a column that are shown, of all families together."""
MOST_A_LABEL = {"pictures": 6, "sounds": 1, "texts": 1}
PLAIN = 24
"""Cells of a family that are shown where there is no label to lay them out by."""


@dataclass(frozen=True)
class Line:
    """A figure of each family, in their order, which of them is best, and what unseen real rows reach."""

    title: str
    values: tuple[str, ...]
    best: tuple[bool, ...]
    floor: str = ""


@dataclass(frozen=True)
class Row:
    """One label, and the cells that each family made of it."""

    label: str
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True)
class Stand:
    """A column: its kind, by which column its cells are laid out, a row for each label, and its figures."""

    kind: str
    column: str
    by: str
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]


def build(parade: Parade, provenance: Mapping[str, str]) -> str:
    """The page as HTML text that makes no network request."""
    shown = parade.shown
    return html.render(
        "parade.html.j2",
        title="Families side by side",
        k=K,
        families=[one.family for one in shown],
        stopped=[one for one in parade.entrants if one.stopped],
        facts={"Rows learned from": f"{parade.rows:,}", "Rows held back": f"{parade.held_back:,}"},
        lines=_whole(shown),
        stands=stands(parade),
        provenance=provenance,
    )


def stands(parade: Parade) -> tuple[Stand, ...]:
    """One for each column of pictures, sounds or texts."""
    shown = parade.shown
    if not shown or shown[0].comparison is None:
        return ()
    schema = shown[0].comparison.schema
    return tuple(_stand(shown, name) for name in (*media_columns(schema), *text_columns(schema)))


def _stand(shown: Sequence[Entrant], name: str) -> Stand:
    figures = [of_column(one.figures.values(), name) for one in shown]
    compared = [one.comparison for one in shown if one.comparison is not None]
    kind = kind_of_column(compared[0].real.column(name))
    labels = labels_of(compared[0], figures[0])
    if labels is not None:
        most = max(MOST[kind] // len(shown), 2)
        labels = Labels(labels.column, labels.names[:most])
        each = max(min(most // len(labels.names), MOST_A_LABEL[kind]), 1) * len(labels.names)
    else:
        each = min(PLAIN, max(MOST[kind] // len(shown), 1))
    sides = [
        shelves_of(one, name, clear_rows(one, name, told), labels, each)
        for one, told in zip(compared, figures, strict=True)
    ]
    rows = tuple(Row(cells[0].label, cells) for cells in zip(*sides, strict=True))
    names = dict.fromkeys(figure for found in figures for figure in found)
    lines = (
        _line(figure, [found.get(figure) for found in figures]) for figure in sorted(names, key=wording.order)
    )
    return Stand(kind, name, labels.column if labels else "", rows, tuple(lines))


def _whole(shown: Sequence[Entrant]) -> tuple[Line, ...]:
    """Time and the figures of whole rows."""
    seconds = Line("Seconds of learning", tuple(f"{one.seconds:.1f}" for one in shown), (False,) * len(shown))
    names = [name for name in WHOLE if any(name in one.figures for one in shown)]
    told = ([_told(one, name) for one in shown] for name in names)
    return (seconds, *(_line(name, figures) for name, figures in zip(names, told, strict=True)))


def _told(one: Entrant, name: str) -> Mapping[str, Any] | None:
    return vars(one.figures[name]) if name in one.figures else None


def _line(name: str, figures: Sequence[Mapping[str, Any] | None]) -> Line:
    known = [one for one in figures if one is not None]
    badness = _badness(known[0])
    least = min(badness(one["value"]) for one in known)
    best = tuple(one is not None and len(known) > 1 and badness(one["value"]) == least for one in figures)
    values = tuple("–" if one is None else wording.number(one["value"], name) for one in figures)
    return Line(wording.title(name), values, best, wording.number(known[0]["floor"], name))


def _badness(figure: Mapping[str, Any]) -> Callable[[float], float]:
    """What makes values of a figure worse."""
    if figure["better"] == "target":
        return lambda value: abs(value - figure["ideal"])
    return lambda value: value if figure["better"] == "lower" else -value
