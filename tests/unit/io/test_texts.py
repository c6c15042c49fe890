import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.io.texts import Class, Texts, classify, settle


def settle_column(*batches, literal=False):
    parts = [pa.record_batch([pa.array(batch, pa.string())], names=["x"]) for batch in batches]
    texts = Texts(("x",), lambda: iter(parts), frozenset({"x"}) if literal else frozenset())
    table, notes = settle(texts)
    return table["x"].to_pylist(), table.schema.field("x").type, " ".join(notes)


LOCAL, UTC = pa.timestamp("us"), pa.timestamp("us", "UTC")


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["1", "-2", None], pa.int64(), [1, -2, None]),
        ([" 1", "2 "], pa.int64(), [1, 2]),
        ([str(2**63 - 1), str(-(2**63))], pa.int64(), [2**63 - 1, -(2**63)]),
        (["1", "2.5", ".5", "5.", "1e3", "-0.0"], pa.float64(), [1, 2.5, 0.5, 5.0, 1000.0, -0.0]),
        (["1e308", "1e-308"], pa.float64(), [1e308, 1e-308]),
        ([str(2**70), "0.5"], pa.float64(), [2.0**70, 0.5]),
        (["NA", "1", "null", " ", "NaN"], pa.int64(), [None, 1, None, None, None]),
        (["true", "FALSE", "True", None], pa.bool_(), [True, False, True, None]),
        (["0001-01-01", "9999-12-31"], pa.date32(), [dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
        (["2020-01-01", "NULL"], pa.date32(), [dt.date(2020, 1, 1), None]),
        (["2020-01-01", "2020-01-01T10:00"], LOCAL, [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, 10)]),
        (["1600-01-01 10:00:00.25"], LOCAL, [dt.datetime(1600, 1, 1, 10, 0, 0, 250_000)]),
        (["2020-01-01 10:00:00.123456789"], LOCAL, [dt.datetime(2020, 1, 1, 10, 0, 0, 123_456)]),
        (["2020-01-01T10:00:00+02:00"], UTC, [dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC)]),
        (["2020-01-01T10:00:00Z"], UTC, [dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC)]),
        ([None, None], pa.null(), [None, None]),
    ],
)
def test_typed(texts, kind, values):
    found, found_kind, _ = settle_column(texts)
    assert found_kind == kind
    assert found == values


@pytest.mark.parametrize(
    "texts",
    [
        ["00123", "456"],
        ["+4912", "+331"],
        ["-07", "1"],
        [str(2**63), "1"],
        ["0x1F", "1"],
        ["NA", "NA"],
        ["a", "NA", "?"],
        ["1", "true"],
        ["2020-13-01", "2020-01-01"],
        ["2020-01-01", "2020-01-01T10:00Z"],
        ["20141013T000000"],
        ["1,000", "2"],
        ["12:30", "13:00"],
    ],
)
def test_kept_as_text(texts):
    assert settle_column(texts)[:2] == (texts, pa.string())


def test_question_mark_is_missing_only_among_numbers():
    assert settle_column(["?", "3"])[0] == [None, 3]
    assert "1 values of '?'" in settle_column(["?", "3"])[2]
    assert settle_column(["?", "a"])[0] == ["?", "a"]


def test_infinite_is_missing_and_counted():
    values, kind, note = settle_column(["1.5", "inf", "-Infinity", "1e400"])
    assert (values, kind) == ([1.5, None, None, None], pa.float64())
    assert "3 infinite values" in note
    assert settle_column(["1", "inf"])[:2] == ([1, None], pa.int64())


def test_notes_hold_no_value():
    _, _, note = settle_column(["12", "secret", "00123"])
    assert "secret" not in note
    assert "12" not in note.replace("'x'", "")


def test_mixed_is_noted():
    assert "mixes 2 numbers with 1 other texts" in settle_column(["1", "2.5", "a"])[2]
    assert "leading zeros" in settle_column(["001", "2"])[2]
    assert "more than 64 bits" in settle_column([str(2**64)])[2]


@pytest.mark.parametrize(
    ("texts", "kind"), [(["1", "2"], pa.string()), (["2020-01-01"], pa.date32()), (["true"], pa.string())]
)
def test_literal_text_is_no_number(texts, kind):
    assert settle_column(texts, literal=True)[1] == kind


words = st.sampled_from(
    ["1", "-7", "2.5", "007", "NA", "?", "", "x", "true", "2020-01-01", "inf", str(2**65), "1e5", None]
)


@given(st.lists(words, min_size=1, max_size=30), st.data())
def test_cut_does_not_matter(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    whole, parts = settle_column(texts), settle_column(texts[:cut], texts[cut:])
    assert whole[:2] == parts[:2]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_round_trip(values):
    assert settle_column([str(value) for value in values])[:2] == (values, pa.int64())


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_round_trip(values):
    found, kind, _ = settle_column([repr(value) for value in values])
    assert kind == pa.float64()
    assert found == values


@given(st.lists(st.one_of(words, st.text(max_size=12)), max_size=40))
def test_every_value_has_one_class(texts):
    counts = classify(pa.array(texts, pa.string()))
    assert counts.shape == (len(Class),)
    assert counts.sum() == sum(text is not None for text in texts)


def test_numbers_with_marks_are_text_without_a_note_unless_others_are_among_them():
    for texts in (["1,5", "2"], ["9,123", "5"], ["16,20 €", "(5)"], ["1\u00a0234", "7 %"]):
        assert settle_column(texts) == (texts, pa.string(), "")
    assert "mixes 2 numbers with 1 other texts" in settle_column(["1,5", "2", "much"])[2]
