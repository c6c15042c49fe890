"""Numbers are read as business files of many countries write them, and written back the same."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.codecs.numerals import Numeral, find_numeral


@pytest.mark.parametrize(
    ("texts", "form", "numbers"),
    [
        (["1,5", "2,25", "3", "-0,5"], "1234,##", [1.5, 2.25, 3, -0.5]),
        (["16,20 €", "1.234,50 €", "-3,10 €"], "1.234,56 €", [16.2, 1234.5, -3.1]),
        (["1 234,56", "2,10"], "1 234,56", [1234.56, 2.1]),
        (["1\u00a0234,56", "2,10"], "1\u00a0234,56", [1234.56, 2.1]),
        (["1\u202f234", "999"], "1\u202f234", [1234, 999]),
        (["$1,234.50", "$2.00", "($3.10)"], "$1,234.56;($1,234.56)", [1234.5, 2, -3.1]),
        (["$-1,234", "$5"], "$1,234;$-1,234", [-1234, 5]),
        (["12 %", "7 %"], "1234 %", [12, 7]),
        (["12.5%", "-7.0%"], "1234.5%", [12.5, -7]),
        (["1'234", "999", "−5"], "1'234;−1'234", [1234, 999, -5]),
        (["1’234", "999"], "1’234", [1234, 999]),
        (["(123)", "5"], "1234;(1234)", [-123, 5]),
        (["1.500,00-", "6,00"], "1.234,56;1.234,56-", [-1500, 6]),
        (["CHF 1'234.50", "CHF 0.05"], "CHF 1'234.56", [1234.5, 0.05]),
        (["1,234,567", "3"], "1,234", [1234567, 3]),
        (["1.234.567", "3"], "1.234", [1234567, 3]),
        (["1,234 kr", "2 kr"], "1,234 kr", [1234, 2]),
    ],
)
def test_the_way_of_writing_is_found_read_and_written(texts, form, numbers):
    found = find_numeral(pa.array(texts))
    assert found is not None
    assert found.numeral.format == form
    assert Numeral.of(form) == found.numeral
    assert found.numeral.read(pa.array(texts)).to_pylist() == numbers
    assert found.numeral.write(pa.array(numbers)).to_pylist() == texts


@pytest.mark.parametrize(
    ("texts", "form", "other"),
    [
        (["9,123", "12,000", "999"], "1,234", "1234,###"),
        (["1.234 €", "2.500 €"], "1.234 €", "1234,567 €".replace(",", ".")),
        (["5,123", "0,123"], "1234,567", None),
        (["5,123", "1234"], "1234,###", None),
        (["5,123", "6,5"], "1234,5##", None),
        (["12,500 %", "7,125 %"], "1234,567 %", None),
        (["1,234.5", "7.0"], "1,234.5", None),
    ],
)
def test_thousands_are_told_from_decimals(texts, form, other):
    found = find_numeral(pa.array(texts))
    assert found is not None
    assert found.numeral.format == form
    assert (found.other and found.other.format) == other


@pytest.mark.parametrize(
    "texts",
    [
        ["1", "2.5", "-3"],
        ["612 345 678", "612 345 679"],
        ["ORD-1", "ORD-2"],
        ["007 €", "1 €"],
        ["1,2,3", "4,5,6"],
        ["1,234.5", "2,5"],
        ["1,5 €", "$1,5"],
        ["(5", "6"],
        ["-5", "(6)"],
        ["192.168.1.1"],
        ["1,5", "much"],
        ["", "1,5"],
        [],
    ],
)
def test_other_texts_and_plain_numbers_are_left(texts):
    assert find_numeral(pa.array(texts, pa.string())) is None


def test_what_is_not_written_so_reads_as_null():
    numeral = Numeral.of("1.234,56 €")
    texts = pa.array(["1234,5 €", " 7,00 € ", "1.23,00 €", "5", "€", "1,5", None])
    assert numeral.read(texts).to_pylist() == [1234.5, 7.0, None, None, None, None, None]


def test_a_rounded_zero_has_no_sign():
    assert Numeral.of("1234,5").write(pa.array([-0.01, -0.06, None])).to_pylist() == ["0,0", "-0,1", None]


@pytest.mark.parametrize("form", ["", "5", "1.234.56", "1234,5;6", "%d"])
def test_what_is_no_format(form):
    with pytest.raises(ValueError, match="no format of numbers"):
        Numeral.of(form)


_FORMATS = ["1.234,56 €", "$1,234.56;($1,234.56)", "1\u00a0234,5##", "1'234", "1234 %;1234- %", "1234,#"]


@given(st.sampled_from(_FORMATS), st.lists(st.integers(-(10**14), 10**14), min_size=1))
def test_round_trip(form, units):
    numeral = Numeral.of(form)
    numbers = [unit / 10**numeral.most if numeral.most else unit for unit in units]
    texts = numeral.write(pa.array(numbers))
    assert numeral.read(texts).to_pylist() == numbers
    assert numeral.write(numeral.read(texts)).equals(texts)
