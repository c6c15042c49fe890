import pytest

from reverie.core.errors import DataError
from reverie.io.delimited import scan
from reverie.io.sources import find
from reverie.io.texts import settle

BIG = 1 << 30


def rows_of(tmp_path, text, limit=BIG):
    (tmp_path / "a.csv").write_text(text, newline="")
    columns, _ = scan(find(tmp_path / "a.csv"), limit)
    return settle(columns)[0].to_pylist()


@pytest.mark.parametrize("limit", [BIG, 1])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_line_ends_and_quoted_newlines(tmp_path, end, limit):
    text = end.join(["a,b", '"x\ny",1', '"p ""q""",2', ""])
    assert rows_of(tmp_path, text, limit) == [{"a": "x\ny", "b": 1}, {"a": 'p "q"', "b": 2}]


def test_stray_quotes_inside_plain_text_are_kept(tmp_path):
    assert rows_of(tmp_path, 'size,n\n5" pipe,1\n6" pipe,2\n') == [
        {"size": '5" pipe', "n": 1},
        {"size": '6" pipe', "n": 2},
    ]


def test_escaped_and_single_quotes(tmp_path):
    assert rows_of(tmp_path, 'a,b\n"x \\"q\\" y, z",1\n') == [{"a": 'x "q" y, z', "b": 1}]
    assert rows_of(tmp_path, "a,b\n'x, y',1\n") == [{"a": "x, y", "b": 1}]


def test_one_column_of_sentences(tmp_path):
    assert rows_of(tmp_path, "text\nHello, you\nbye\n") == [{"text": "Hello, you"}, {"text": "bye"}]


def test_values_longer_than_a_block(tmp_path):
    long = "word " * 900_000
    assert rows_of(tmp_path, f'a,b\n"{long}",1\n')[0]["a"] == long


@pytest.mark.parametrize("limit", [BIG, 1])
def test_broken_row_is_named_by_line(tmp_path, limit):
    text = "a,b\n" + "1,2\n" * 5000 + "1,2,3\n"
    with pytest.raises(DataError, match=r"a\.csv: line 5002 has 3 fields, and the header has 2"):
        rows_of(tmp_path, text, limit)
