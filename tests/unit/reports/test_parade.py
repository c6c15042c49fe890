"""The page of families side by side: the same labels in a row, the best figures, and nobody's copies."""

from dataclasses import replace

from reverie.evaluation.base import Comparison
from reverie.evaluation.columnwise import worst
from reverie.evaluation.parade import Entrant, Parade
from reverie.reports.cells import shown
from reverie.reports.exhibits import SMALL
from reverie.reports.parade import build, stands

from .test_exhibits import SCHEMA, figure, table


def entrant(name: str, seed: int, distance: float) -> Entrant:
    comparison = Comparison(table(120, 1), table(90, seed), table(60, 9), SCHEMA)
    figures = [
        figure("media_frechet", distance, 0.5),
        figure("media_copies", 1.0, 1.0, clear=list(range(80))),
    ]
    told = {one.name: one for one in worst([("photo", figures)], lambda one: one.value)}
    return Entrant(name, 2.0, comparison, told | {"shape": figure("shape", 10 * distance, 1.0)})


HELD = Parade(
    (entrant("smooth", 2, 1.5), Entrant("late", 1.0, stopped="no time <b>"), entrant("sharp", 3, 0.75)),
    120,
    60,
)


def test_the_same_label_stands_in_a_row() -> None:
    photo, heard, note = stands(HELD)
    assert (photo.by, [row.label for row in photo.rows]) == ("kind", ["cat", "dog", "owl"])
    for row in photo.rows:
        for one, shelf in zip(HELD.shown, row.shelves, strict=True):
            assert one.comparison is not None
            fake = one.comparison.fake
            cells = dict(zip(fake["photo"].to_pylist(), fake["kind"].to_pylist(), strict=True))
            kinds = {shown("photo", cell, SMALL): kind for cell, kind in cells.items()}
            assert len(shelf.cells) == 6
            assert {kinds[cell] for cell in shelf.cells} == {row.label}
    assert sum(len(shelf.cells) for row in heard.rows for shelf in row.shelves) == 6
    assert all(shelf.texts for row in note.rows for shelf in row.shelves)


def test_the_best_is_marked() -> None:
    line = next(line for line in stands(HELD)[0].lines if "Frechet" in line.title)
    assert (line.values, line.best, line.floor) == (("1.500", "0.750"), (False, True), "0.500")


def test_the_page_holds_every_family() -> None:
    page = build(HELD, {"Data": "photos/"})
    for words in (
        "smooth",
        "sharp",
        "late stopped: no time &lt;b&gt;",
        "photos/",
        "<b>0.750</b>",
        "Seconds of",
    ):
        assert words in page
    assert page.count('<th scope="row">cat</th>') == 3
    assert "http" not in page.split("</head>")[1]


def test_where_all_stopped_that_is_said() -> None:
    none = replace(HELD, entrants=HELD.entrants[1:2])
    assert stands(none) == ()
    assert "late stopped" in build(none, {})
