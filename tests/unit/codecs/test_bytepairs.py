"""Texts as codes of bytes and pieces of words."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.codecs.bytepairs import BYTES, LONGEST_PIECE, BytePairs, Words

TEXTS = [
    "the cat sat on the mat",
    "the dog sat",
    "the cat ran",
    "the cat and the dog",
    "a secretname sat",
] * 2


@pytest.fixture(scope="module")
def pairs():
    return BytePairs.learn(Words.count(TEXTS).shared(3), 300)


def padded(rows):
    found = np.full((len(rows), max(map(len, rows), default=0) or 1), -1)
    for row, codes in enumerate(rows):
        found[row, : len(codes)] = codes
    return found


def test_words_are_counted_in_rows():
    parts = [Words.count(TEXTS[:3]), Words.count(TEXTS[3:])]
    assert parts[0] + parts[1] == Words.count(TEXTS)
    shared = Words.count(TEXTS).shared(3)
    assert shared["Ġthe"] == 4
    assert shared["the"] == 8
    assert "Ġsecretname" not in shared


def test_words_of_few_rows_become_no_piece(pairs):
    pieces = list(pairs.pieces)[BYTES:]
    assert "Ġcat" in pieces
    assert not [piece for piece in pieces if piece.strip("Ġ") in "secretname" and len(piece.strip("Ġ")) > 3]


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_comes_back(text):
    pairs = BytePairs.learn(Words.count(TEXTS).shared(3), 300)
    assert pairs.decode(padded(pairs.encode([text], 400))) == [text]


@pytest.mark.parametrize(
    "text", ["héllo 🙂👩‍👩‍👧 שלום עולם", "مرحبا بالعالم", "日本語", "a\r\n\t b", "\x00\x01", " "]
)
def test_any_script_comes_back(pairs, text):
    assert pairs.decode(padded(pairs.encode([text], 200))) == [text]


def test_long_texts_end_with_a_word(pairs):
    (codes,) = pairs.encode(["the cat sat on secretname"], 8)
    assert len(codes) <= 8
    assert pairs.decode(padded([codes])) == ["the cat sat on"]
    (codes,) = pairs.encode(["x" * 1_000_000], 8)
    assert pairs.decode(padded([codes])) == ["x" * 8]


def test_codes_that_are_no_text_are_left_out(pairs):
    assert pairs.decode(np.array([[0xFF, ord("a"), 0xE2, 0x82, ord("b"), -1, -1]])) == ["ab"]
    assert pairs.decode(np.array([[-1, -1]])) == [""]


def test_pieces_are_rebuilt(pairs):
    again = BytePairs.from_state(json.loads(json.dumps(pairs.state())))
    assert again.pieces == pairs.pieces
    assert again.encode(TEXTS, 50) == pairs.encode(TEXTS, 50)
    assert BytePairs.learn({}, 500).encode(["ab"], 5) == [[97, 98]]


@pytest.mark.parametrize(
    "state",
    [
        ["a"],
        ["a b c"],
        ["zz a"],
        ["a b", "a b"],
        ["a b"] * 40_000,
        [5],
        [f"{'a' * n} a" for n in range(1, 40)],
    ],
)
def test_merges_that_make_no_sense_are_refused(state):
    with pytest.raises(ValueError, match="no such pieces"):
        BytePairs.from_state(state)
    assert LONGEST_PIECE < 40
