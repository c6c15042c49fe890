"""A plain text as a table of passages."""

from pathlib import Path

import pytest

from reverie.core.errors import DataError
from reverie.io import passages
from reverie.io.files import read


def table(tmp_path: Path, content: str, encoding: str = "utf-8"):
    (tmp_path / "a.txt").write_bytes(content.encode(encoding))
    return read(tmp_path / "a.txt")


def test_paragraphs_are_rows(tmp_path):
    found = table(
        tmp_path, "ROMEO:\nAy me, sad hours\nseem long.\n\n  \nBENVOLIO:\r\nIt was. What sadness lengthens?\n"
    )
    assert found.single()[1].to_pydict() == {
        "text": ["ROMEO:\nAy me, sad hours\nseem long.", "BENVOLIO:\nIt was. What sadness lengthens?"]
    }
    assert found.notes[0] == "a text in 2 passages"


def test_lines_are_joined_where_there_are_no_paragraphs(tmp_path):
    found = (
        table(tmp_path, "so many words in a line that\nothers follow\n" * 40).single()[1]["text"].to_pylist()
    )
    assert len(found) == 6
    assert all(text.startswith(("so many", "others")) for text in found)
    assert " ".join(" ".join(found).split()).count("so many words") == 40


def test_a_long_line_is_cut_between_words(tmp_path):
    found = table(tmp_path, "word " * 10_000).single()[1]["text"].to_pylist()
    assert len(found) == -(-10_000 // passages.WORDS)
    assert set(" ".join(found).split()) == {"word"}


def test_one_word_of_a_megabyte(tmp_path):
    found = table(tmp_path, "some words are here\n\n" + "x" * 1_000_000).single()[1]
    assert found.num_rows == 2


@pytest.mark.parametrize(
    "content", ["a,b\n1,2\n3,4\n", "name\nann\nbob\n", "first name; city\nAnn Lee; Rome\nBo; Oslo\n"]
)
def test_tables_stay_tables(tmp_path, content):
    assert table(tmp_path, content).single()[1].column_names != ["text"]


def test_other_encodings_are_read(tmp_path):
    content = "Der Bär läuft über die Straße.\n\nEr läuft und läuft nach Haus."
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        found = table(tmp_path, content, encoding).single()[1]["text"].to_pylist()
        assert found == content.split("\n\n")


@pytest.mark.parametrize("content", ["", " \n\n "])
def test_an_empty_text_is_one_clear_line(tmp_path, content):
    with pytest.raises(DataError, match="is empty"):
        table(tmp_path, content)


def test_bytes_that_are_no_text(tmp_path):
    with pytest.raises(DataError, match="zero bytes"):
        table(tmp_path, "some words are here\n\n\x00 and more words here")
