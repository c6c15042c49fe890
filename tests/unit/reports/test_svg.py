"""Pictures as SVG: whatever a text holds, the file is well-formed, and it is written whole or not at all."""

from xml.etree import ElementTree

import pytest

from reverie.core.errors import OutputError
from reverie.reports.svg import Picture, box, dot, picture, short, text

HOSTILE = '</text><script>alert(1)</script> & "quoted" \x00\x0b\ud800 naïve 日本'


def test_hostile_words_stay_words():
    drawn = picture(100, 50, [text(1, 2, HOSTILE), box(0, 0, -3, 4, "red", opacity=0.5), dot(1, 1, "blue")])
    root = ElementTree.fromstring(drawn.encode())
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ['</text><script>alert(1)</script> & "quoted"  naïve 日本']
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_a_long_word_is_cut():
    assert short("a" * 30, 10) == "a" * 9 + "…"
    assert short("short", 10) == "short"


def test_a_picture_is_saved_and_shown(tmp_path):
    made = Picture(picture(10, 10, []))
    made.save(tmp_path / "new.svg")
    assert (tmp_path / "new.svg").read_text(encoding="utf-8") == made._repr_svg_()
    with pytest.raises(OutputError):
        made.save(tmp_path / "no" / "folder" / "new.svg")
