import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.io.sniff import Dialect, guess_wide_encoding, is_table, sniff, survey
from reverie.io.sources import Source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", Dialect(",")),
        ("a;b\n1,5;2,5\n2,5;1,0\n", Dialect(";")),
        ("a|b\n1|2\n", Dialect("|")),
        ("a\tb c\n1\tx, y\n", Dialect("\t")),
        ("a,b\n1,2", Dialect(",")),
        ("'a','b'\n'1','x, y'\n", Dialect(",", "'")),
        ('a,b\n1,"x \\"q\\" y, z"\n', Dialect(",", '"', True)),
        ("a,b,c\n1,2,3\n1,2\n", Dialect(",")),
    ],
)
def test_dialect(text, expected):
    assert sniff(text) == expected


@pytest.mark.parametrize("text", ["a\n1\n2\n", "text\nHello, you\nbye\na, b, c\n", "a\n"])
def test_one_column_has_no_delimiter_inside(text):
    assert sniff(text).delimiter not in text


def test_suffix_decides_for_tabs():
    assert sniff("a,b\n1,2\n", ".tsv").delimiter == "\t"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8"])
def test_wide_encodings(encoding):
    assert guess_wide_encoding("name,age\nAnn,3\n".encode(encoding)) == encoding


def look(path, content, block, monkeypatch):
    monkeypatch.setattr("reverie.io.sniff.BLOCK", block)
    path.write_bytes(content)
    return survey(Source(path, path.name, "a", "csv"), "utf-8", Dialect())


@pytest.mark.parametrize("block", [3, 4, 5, 7, 1000])
@pytest.mark.parametrize(
    ("content", "sound"),
    [
        (b'a,b\n"x",1\n', True),
        (b'"a","b"\r\n"x ""y"" z","p\nq"\r\n', True),
        (b'\xef\xbb\xbf"a",b\n"","x"', True),
        (b'a,b\n"x"y,1\n', False),
        (b'a,b\n1,"x\n', False),
        (b'a,b,c\n1,"p,2\n3,"q,4\n', False),
        (b'a\n"', False),
    ],
)
def test_quotes_in_order_however_blocks_fall(tmp_path, monkeypatch, content, sound, block):
    seen = look(tmp_path / "a.csv", content, block, monkeypatch)
    assert (seen.sound, seen.quoted, seen.size) == (sound, True, len(content))


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50),
    st.integers(1, 9),
)
def test_utf8_is_known_however_blocks_fall(tmp_path_factory, text, block):
    with pytest.MonkeyPatch.context() as patch:
        seen = look(tmp_path_factory.mktemp("s") / "a.csv", text.encode(), block, patch)
    assert seen.encoding == "utf-8"


def test_single_byte_encodings(tmp_path, monkeypatch):
    assert look(tmp_path / "a", "caf\u00e9".encode("latin-1"), 100, monkeypatch).encoding == "cp1252"
    assert look(tmp_path / "b", b"caf\xe9 \x81", 100, monkeypatch).encoding == "latin-1"


def test_tables_are_told_from_writing():
    assert is_table("a;b\n1;2\n3;4\n")
    assert not is_table("To be, or not to be,\nthat is the question\nwhether, or so, it is\n")
    assert not is_table("")
