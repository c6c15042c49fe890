"""The page of neighbours: pairs side by side, the run of words marked, a warning at its top."""

import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError
from reverie.evaluation.base import Comparison
from reverie.reports.neighbours import build, neighbours
from reverie.schema.types import Column, Table

from .test_exhibits import SCHEMA, table

SECRET = "my aunt in the north sewed me this very long grey dress by hand <i>"


def compared() -> Comparison:
    """Three copies among what was made."""
    real, fake = table(120, 1), table(90, 2)
    notes = [*fake["note"].to_pylist()[:88], f"She said: {SECRET}", "new"]
    real = real.set_column(4, "note", pa.array([*real["note"].to_pylist()[:119], f"Oh, {SECRET} ..."]))
    photos = [real["photo"][7].as_py(), *fake["photo"].to_pylist()[1:]]
    calls = [real["call"][9].as_py(), *fake["call"].to_pylist()[1:]]
    fake = fake.set_column(2, "photo", pa.array(photos, pa.binary()))
    fake = fake.set_column(3, "call", pa.array(calls, pa.binary())).set_column(4, "note", pa.array(notes))
    return Comparison(real, fake, table(70, 3), SCHEMA)


def test_copies_come_first_beside_what_they_copy() -> None:
    photo, heard, note = neighbours(compared())
    first = photo.made[0]
    assert first.cells is not None
    assert first.cells[0].picture == first.cells[1].picture
    assert first.copy
    assert "differ by 0.0 %" in first.told
    assert heard.made[0].copy
    assert not any(one.copy for one in (*photo.unseen, *heard.unseen))
    assert len(photo.unseen) == 6
    assert len(heard.made) + len(heard.unseen) == 6
    copied = note.made[0].texts
    assert copied is not None
    assert note.made[0].copy
    assert [one.before for one in copied] == ["She said: ", "Oh, "]
    assert {one.run for one in copied} == {SECRET}
    assert copied[1].after == " ..."


def test_the_page_warns_and_marks() -> None:
    page = build(compared(), {"Real": "r.csv"})
    assert page.index("This page shows real people&#39;s data".replace("&#39;", "'")) < page.index("<h1")
    assert "shows no row of the real data" not in page
    assert "<mark>my aunt in the north sewed me this very long grey dress by hand &lt;i&gt;</mark>" in page
    assert "counts as a copy" in page
    assert "http" not in page.split("</head>")[1]


def test_too_few_are_told() -> None:
    few = Comparison(table(120, 1), table(90, 2), table(20, 3), SCHEMA)
    photo = neighbours(few)[0]
    assert not photo.made
    assert "each table needs 50 pictures" in photo.about


def test_a_table_without_media_is_refused() -> None:
    bare = Table(name="t", columns=(Column(name="kind", type="category"),))
    with pytest.raises(ConfigError, match="pictures, sounds or texts"):
        build(Comparison(table(9, 1), table(9, 2), None, bare), {})
