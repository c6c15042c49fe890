"""What is shown of media: made cells by label, never real ones or copies, with their figures."""

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison, Measurement
from reverie.evaluation.columnwise import worst
from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.verdicts import Verdict
from reverie.io import pictures, sounds
from reverie.reports.build import build
from reverie.reports.cells import shown
from reverie.reports.exhibits import MOST, SMALL, exhibits, labels_of, said
from reverie.schema.types import Column, Table

KINDS = {"kind": "category", "mood": "category", "photo": "image", "call": "audio", "note": "prose"}
SCHEMA = Table(name="t", columns=tuple(Column(name=name, type=kind) for name, kind in KINDS.items()))


def picture(level: int) -> bytes:
    return pictures.write(np.full((8, 8, 1), level, np.uint8))


def call(pitch: float) -> bytes:
    return sounds.write(np.sin(pitch * np.arange(800))[:, None], 8_000)


def table(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table({
        "kind": ["rare", "rare", *rng.choice(["cat", "dog", "owl"], n - 2)],
        "mood": rng.choice(["bad", "good"], n),
        "photo": pa.array([picture(int(level)) for level in rng.permutation(256)[:n]], pa.binary()),
        "call": pa.array([call(pitch) for pitch in rng.uniform(0.1, 1, n)], pa.binary()),
        "note": [f"<b>note {seed} {row}" for row in range(n)],
    })  # fmt: skip


def figure(name: str, value: float, floor: float | None, **detail) -> Measurement:
    return Measurement(name, value, value, value, floor, 9, "lower", 0.0, "", detail)


def evaluated(real: pa.Table, fake: pa.Table, *figures: tuple[str, list[Measurement]]) -> Evaluation:
    comparison = Comparison(real, fake, table(40, 9), SCHEMA)
    verdicts = {name: Verdict("not shown", "not measured") for name in ("faithful", "useful", "private")}
    found = tuple(worst(figures, lambda one: one.value))
    return Evaluation({"faithful": found, "useful": (), "private": ()}, verdicts, comparison)


def test_each_column_is_shown_by_label() -> None:
    real, fake = table(120, 1), table(200, 2)
    photo, heard, note = exhibits(evaluated(real, fake))
    assert [one.kind for one in (photo, heard, note)] == ["pictures", "sounds", "texts"]
    # Of categories that nothing tells, the one with more labels; no label that few real rows hold.
    assert photo.by == "kind"
    assert [shelf.label for shelf in photo.shelves] == ["cat", "dog", "owl"]
    kinds = dict(zip(fake["photo"].to_pylist(), fake["kind"].to_pylist(), strict=True))
    rows = {shown("photo", cell, SMALL).picture: kind for cell, kind in kinds.items()}
    assert all(rows[cell.picture] == shelf.label for shelf in photo.shelves for cell in shelf.cells)
    assert sum(len(shelf.cells) for shelf in heard.shelves) == MOST["sounds"]
    assert all(cell.sound for shelf in heard.shelves for cell in shelf.cells)
    assert all(text.startswith("<b>note 2") for shelf in note.shelves for text in shelf.texts)
    assert not photo.checked


def test_neither_real_cells_nor_copies_are_shown() -> None:
    real = table(120, 1)
    fake = pa.concat_tables([real.slice(0, 100), table(60, 2)])
    first = exhibits(evaluated(real, fake))
    known = {shown(name, cell, SMALL) for name in ("photo", "call") for cell in real[name].to_pylist()}
    assert not known & {cell for one in first for shelf in one.shelves for cell in shelf.cells}
    assert not {"<b>note 1 0"} & {text for one in first for shelf in one.shelves for text in shelf.texts}
    clear = list(range(150, 160))
    copies = [("photo", [figure("media_copies", 3.0, 1.0, clear=clear)])]
    second = exhibits(evaluated(real, fake, *copies))[0]
    far = {shown("photo", fake["photo"][row].as_py(), SMALL) for row in clear}
    assert {cell for shelf in second.shelves for cell in shelf.cells} <= far
    assert second.checked


def test_where_all_are_real_ones_that_is_said() -> None:
    real = table(120, 1)
    found = evaluated(real, real)
    assert [(one.shelves, one.left_out) for one in exhibits(found)] == [((), 120)] * 3
    page = build(found)
    assert page.count("looked at (120) are real ones, or nearly") == 3
    assert "data:image/png" not in page


def test_the_label_that_is_told_best_lays_out() -> None:
    told = [{"name": "mood", "made": 99.0, "unseen": 99.0}, {"name": "kind", "made": 40.0, "unseen": 40.0}]
    comparison = Comparison(table(120, 1), table(50, 2), None, SCHEMA)
    found = labels_of(comparison, {"media_coherence": {"columns": told}})
    assert found is not None
    assert found.names == ("bad", "good")
    bare = Table(name="t", columns=SCHEMA.columns[2:])
    assert labels_of(Comparison(table(120, 1), table(50, 2), None, bare), {}) is None


def test_figures_are_said_beside_what_unseen_rows_reach() -> None:
    figures = {
        "media_nearer": {"value": 0.52, "floor": 0.5},
        "media_frechet": {"value": 3.25, "floor": None},
    }
    first, second = said(figures, "pictures")
    assert (first.value, first.floor) == ("3.250", "")
    assert "real pictures" in first.sentence
    assert (second.value, second.floor) == ("52.0 %", "50.0 % is no copying")


def test_the_report_holds_them() -> None:
    copies = [("photo", [figure("media_copies", 3.0, 1.0, clear=list(range(5)))])]
    page = build(evaluated(table(120, 1), table(60, 2), *copies))
    for words in ("Pictures: photo", "Sounds: call", "Texts: note", "&lt;b&gt;note 2", "are nearly one"):
        assert words in page
    assert 'href="#exhibit-0"' in page
    assert "http" not in page.split("</head>")[1].replace("http-equiv", "")
    assert "note 1 " not in page


def test_a_table_without_media_has_none(evaluation) -> None:
    assert exhibits(evaluation) == ()
