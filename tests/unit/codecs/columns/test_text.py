import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Match, Profile, Protection
from reverie.codecs.columns.text import Text
from reverie.codecs.ngrams import count_words
from reverie.core.errors import ConditionError, DataError
from reverie.schema.blocks import Category, Gate, Real
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
VERBS, THINGS = ["love", "hate", "like"], ["dress", "skirt", "coat", "hat"]
REVIEWS = pa.array(
    [
        None
        if n % 10 == 0
        else f"I {VERBS[n % 3]} this {THINGS[n % 4]}" + " very" * (n % 7) + f" much, code{n}."
        for n in range(400)
    ]
)
LISTS = [pa.array([[1, 2], None]), pa.array([{"a": 1}]), pa.array(['["a"]', '["b", "c"]'])]
OTHERS = [pa.array(["a", "b"] * 50), pa.array([1, 2, 3]), pa.array(["x"]), pa.array(["", ""] * 9)]
TYPES = [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


def claim(values: pa.Array) -> Match | None:
    distinct = None if pa.types.is_nested(values.type) else len(values.drop_null().unique())
    return Text.matches(Profile("review", values, len(values), values.null_count, distinct))


def fit(values: pa.Array) -> Text:
    column = Column(name="review", type="text")
    sketch = Text.merge(column, *(Text.sketch(column, part) for part in (values[:7], values[7:])))
    return Text.finish(column, sketch, Protection())


def test_text_is_claimed_with_its_reason() -> None:
    match = claim(REVIEWS)
    assert match is not None
    assert "360 different values in 360 rows" in match.reason
    assert "code" not in match.reason


@pytest.mark.parametrize("values", LISTS)
def test_lists_and_records_are_text(values: pa.Array) -> None:
    match = claim(values)
    assert match is not None
    assert "lists or records" in match.reason


@pytest.mark.parametrize("values", OTHERS)
def test_other_columns_are_not_claimed(values: pa.Array) -> None:
    assert claim(values) is None


def test_blocks_are_presence_and_length() -> None:
    length = Real("review#length", gate=Gate("review#present", 1))
    assert fit(REVIEWS).specs == (Category("review#present", 2), length)
    assert fit(REVIEWS.drop_null()).specs == (Real("review#length"),)


def test_encode_gates_the_length() -> None:
    arrays = fit(REVIEWS).encode(REVIEWS, RNG)
    assert arrays["review#length"].shape == (400, 1, 1)
    assert np.array_equal(np.isnan(arrays["review#length"].ravel()), arrays["review#present"] == 0)


def test_round_trip_keeps_presence_and_length() -> None:
    values = pa.concat_arrays([REVIEWS, pa.array(["", ""] * 5)])
    codec = fit(values)
    made = codec.decode(codec.encode(values, RNG), len(values), RNG)
    assert made.is_null().equals(values.is_null())
    assert [text == "" for text in made.to_pylist()] == [text == "" for text in values.to_pylist()]
    asked, got = (count_words(texts.drop_null()) for texts in (values, made))
    assert np.corrcoef(asked, got)[0, 1] > 0.9


def test_nothing_of_single_rows_is_told() -> None:
    codec = fit(REVIEWS)
    made = codec.decode(codec.encode(REVIEWS, RNG), 400, RNG)
    assert not any("code" in text for text in made.drop_null().to_pylist())
    assert "code" not in str(codec.state()["words"])


def test_tiny_tables_get_filler() -> None:
    values = pa.array(["Ann Smith was here", "Bob too"])
    codec = fit(values)
    made = codec.decode(codec.encode(values, RNG), 2, RNG).to_pylist()
    assert all(made)
    assert not any(name in " ".join(made) for name in ("Ann", "Smith", "Bob"))


def test_lists_come_back_as_json_text() -> None:
    values = pa.array([["a", "b"], None, ["c"]] * 20)
    codec = fit(values)
    made = codec.decode(codec.encode(values, RNG), 60, RNG)
    assert made.type == pa.string()
    assert made.null_count == 20
    assert made[0].as_py().startswith("[")


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_the_type_comes_back(kind: pa.DataType) -> None:
    values = REVIEWS.dictionary_encode() if pa.types.is_dictionary(kind) else REVIEWS.cast(kind)
    codec = fit(values)
    assert codec.decode(codec.encode(values, RNG), 400, RNG).type == kind


def test_empty_and_all_missing_columns() -> None:
    for values in (pa.array([None] * 9, pa.string()), pa.array([""] * 9)):
        codec = fit(values)
        assert codec.decode(codec.encode(values, RNG), 9, RNG).to_pylist() == values.to_pylist()


def test_other_types_are_refused() -> None:
    with pytest.raises(DataError, match="review: double values are not text"):
        Text.sketch(Column(name="review", type="text"), pa.array([1.5]))


def test_only_missing_can_be_asked() -> None:
    codec = fit(REVIEWS)
    assert codec.evidence(Condition("review", missing=True))["review#present"].allowed.tolist() == [
        True,
        False,
    ]
    with pytest.raises(ConditionError, match="free text"):
        codec.evidence(Condition("review", low="a"))


def test_state_round_trip() -> None:
    codec = fit(REVIEWS)
    again = Text.from_state(codec.column, codec.state())
    arrays = codec.encode(REVIEWS, RNG)
    made = (each.decode(arrays, 400, np.random.default_rng(1)) for each in (codec, again))
    assert next(made).equals(next(made))
    assert again.specs == codec.specs
