"""Written text as codes in sequence, and back."""

import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Profile, Protection
from reverie.codecs.columns import prose
from reverie.codecs.columns.prose import Prose
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
COLUMN = Column(name="t", type="prose")
WORDS = ["good", "bad", "dress", "colour", "fits", "never", "again", "lovely"]


def texts(rows=200):
    rng = np.random.default_rng(1)
    return [" ".join(rng.choice(WORDS, rng.integers(3, 9))) for _ in range(rows)]


def learned(values, **options):
    column = COLUMN.model_copy(update={"options": options})
    half = len(values) // 2
    parts = [Prose.sketch(column, part) for part in (values[:half], values[half:])]
    return Prose.finish(column, Prose.merge(column, *parts), Protection())


@pytest.fixture(scope="module")
def codec():
    return learned(pa.array([*texts(), "", None]), tokens=64)


def profile(values):
    array = pa.array(values)
    return Profile("t", array, len(values), array.null_count, len(set(values)))


def test_texts_of_several_words_are_claimed():
    found = Prose.matches(profile([f"{text} {row}" for row, text in enumerate(texts())]))
    assert found is not None
    assert found.type == "prose"
    assert found.reason.startswith("free text")
    assert Prose.matches(profile([f"w{row}" for row in range(50)])) is None
    assert Prose.matches(profile([1, 2, 3])) is None


def test_nothing_is_claimed_without_networks(monkeypatch):
    monkeypatch.setattr(prose, "NEEDS", ("no_such_module",))
    assert Prose.matches(profile(texts())) is None


def test_texts_come_back_as_they_were(codec):
    values = pa.array([*texts(), "", None, "שלום 🙂", "one\ntwo"])
    arrays = codec.encode(values, RNG)
    assert arrays["t"].dtype == np.int32
    assert (arrays["t"][200:202] == -1).all()
    assert codec.decode(arrays, len(values), RNG).to_pylist() == values.to_pylist()


def test_codes_can_be_those_of_a_language_model(checkpoint):
    values = pa.array([*texts(), "", None, "שלום 🙂"])
    codec = learned(values, model=str(checkpoint), tokens=64)
    assert codec.specs[-1].model.startswith('{"')
    assert codec.specs[-1].source == str(checkpoint)
    assert codec.holds() == "texts of up to 64 of 284 pieces of a language model"
    arrays = codec.encode(values, RNG)
    assert codec.decode(arrays, len(values), RNG).to_pylist() == values.to_pylist()
    state = json.loads(json.dumps(codec.state()))
    again = Prose.from_state(COLUMN, state)
    assert again.specs == codec.specs
    assert again.specs[-1].source == ""
    np.testing.assert_array_equal(again.encode(values, RNG)["t"], arrays["t"])
    with pytest.raises(SchemaError, match=r"the language model '.*none': there is no such folder"):
        learned(values, model=str(checkpoint / "none"))


def test_a_codec_is_rebuilt(codec):
    again = Prose.from_state(COLUMN, json.loads(json.dumps(codec.state())))
    assert again.specs == codec.specs
    with pytest.raises(ValueError, match="no such texts"):
        Prose.from_state(COLUMN, {**codec.state(), "length": 1 << 30})
    with pytest.raises(ValueError, match="no such pieces"):
        Prose.from_state(COLUMN, {**codec.state(), "merges": ["zz zz"]})


def test_length_is_that_of_most():
    many = pa.array([*texts(300), "word " * 5000])
    codec = learned(many)
    assert codec.length % 8 == 0
    assert codec.length <= 64
    (cut,) = codec.decode(codec.encode(many[-1:], RNG), 1, RNG).to_pylist()
    assert cut.startswith("word")
    assert learned(many, tokens=20, vocabulary=260).specs[0].length == 20
    assert learned(many, tokens=20, vocabulary=260).specs[0].vocabulary <= 260
    for options in ({"tokens": 5000}, {"vocabulary": 10}):
        with pytest.raises(SchemaError, match="not between"):
            learned(many, **options)


@pytest.mark.parametrize(
    "values",
    [["one text here"], ["the same text"] * 50, ["", None, ""], [None, None], ["x" * 1_000_000, "a b c"]],
)
def test_odd_columns(values):
    codec = learned(pa.array(values, pa.string()))
    found = codec.decode(codec.encode(pa.array(values, pa.string()), RNG), len(values), RNG).to_pylist()
    assert [text and text[: codec.length] for text in values] == [
        text and text[: codec.length] for text in found
    ]


def test_numbers_are_no_text():
    with pytest.raises(DataError, match="are not text"):
        Prose.sketch(COLUMN, pa.array([1, 2]))


def test_what_a_condition_says(codec):
    given = codec.evidence(Condition("t", values=("good dress",)))
    assert codec.pairs.decode(given["t"].values) == ["good dress"]
    assert given["t#present"].allowed.tolist() == [False, False, True]
    begun = codec.evidence(Condition("t", begins="never ag"))
    assert codec.pairs.decode(begun["t"].begins[None]) == ["never ag"]
    empty = codec.evidence(Condition("t", values=("",)))
    assert empty["t#present"].allowed.tolist() == [False, True, False]
    assert codec.evidence(Condition("t", missing=True))["t#present"].allowed.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition("t", values=("a", "b")), "of which all or its beginning can be given"),
        (Condition("t", low="a"), "of which all or its beginning can be given"),
        (Condition("t", begins="word " * 100), "is to begin with more than"),
        (Condition("t", values=("word " * 100,)), "is given a text of more than"),
    ],
)
def test_conditions_that_cannot_be_met(codec, condition, told):
    with pytest.raises(ConditionError, match=told):
        codec.evidence(condition)


def test_a_text_that_is_never_empty_cannot_be():
    with pytest.raises(ConditionError, match="never empty"):
        learned(pa.array(texts())).evidence(Condition("t", values=("",)))
