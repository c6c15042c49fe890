"""Codes of a tokenizer that others trained."""

import json
from pathlib import Path

import numpy as np
import pytest

from reverie.codecs.borrowed import Borrowed


def test_texts_come_back_as_they_were(checkpoint: Path) -> None:
    codes = Borrowed.load(str(checkpoint))
    texts = ["a lovely soft thing", "Zoë, 東京 🙂\n", "", "  two"]
    found = codes.encode(texts, 100)
    assert len(found[0]) < 8
    most = max(map(len, found))
    padded = np.array([[*one, *[-1] * (most - len(one))] for one in found])
    assert codes.decode(padded) == texts
    assert json.loads(codes.model)["model_type"] == "llama"


def test_a_longer_text_ends_with_a_word(checkpoint: Path) -> None:
    codes = Borrowed.load(str(checkpoint))
    found = codes.encode(["a lovely soft thing and a lot of unknown words"], 7)
    assert codes.decode(np.array(found))[0] == "a lovely soft thing and a"


def test_codes_are_rebuilt_and_know_no_folder(checkpoint: Path) -> None:
    codes = Borrowed.load(str(checkpoint))
    state = json.loads(json.dumps(codes.state()))
    again = Borrowed.from_state(state)
    assert (again.model, len(again)) == (codes.model, len(codes))
    assert again.encode(["soft thing"], 9) == codes.encode(["soft thing"], 9)
    assert str(checkpoint) not in json.dumps(state)


@pytest.mark.parametrize("change", [{"tokenizer": "{}"}, {"tokenizer": "x"}, {"tokenizer": " " * (1 << 26)}])
def test_states_that_make_no_sense_are_refused(checkpoint: Path, change: dict) -> None:
    state = Borrowed.load(str(checkpoint)).state()
    with pytest.raises(ValueError):
        Borrowed.from_state({**state, **change})


def test_a_tokenizer_that_changes_texts_is_refused(checkpoint: Path) -> None:
    codes = Borrowed.load(str(checkpoint))
    told = json.loads(codes.spelled)
    told["normalizer"] = {"type": "Lowercase"}
    with pytest.raises(ValueError, match="as they were"):
        Borrowed(json.dumps(told), codes.model)


def test_what_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        Borrowed.load(str(tmp_path / "nowhere"))
