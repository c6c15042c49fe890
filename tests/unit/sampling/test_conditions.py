"""Conditions as text and as Python values."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError, ConfigError
from reverie.sampling.conditions import (
    Wanted,
    at_least,
    at_most,
    between,
    from_given,
    missing,
    not_,
    one_of,
    parse,
    present,
    read_given,
    words,
)

COLUMNS = ["age", "age group", "income", "city", "Größe", "x>=y", "a is b", "net=gross", "a"]


@pytest.mark.parametrize(
    ("text", "column", "wanted"),
    [
        ("age>=65", "age", {"low": "65"}),
        (" age  <=  65 ", "age", {"high": "65"}),
        ("age<65", "age", {"high": "65", "strict_high": True}),
        ("age > 65", "age", {"low": "65", "strict_low": True}),
        ("age=-5", "age", {"values": ("-5",)}),
        ("age==5", "age", {"values": ("5",)}),
        ("age!=5", "age", {"values": ("5",), "negate": True}),
        ("age≥65", "age", {"low": "65"}),
        ("age ≠ 65", "age", {"values": ("65",), "negate": True}),
        ("income=>50K", "income", {"values": (">50K",)}),
        ("income=<=50K", "income", {"values": ("<=50K",)}),
        ("income = '>50K'", "income", {"values": (">50K",)}),
        ("city=New York", "city", {"values": ("New York",)}),
        ('city=" New York "', "city", {"values": (" New York ",)}),
        ("city in {Rome,Oslo}", "city", {"values": ("Rome", "Oslo")}),
        ("city in Rome, Oslo", "city", {"values": ("Rome", "Oslo")}),
        ("city in{Rome}", "city", {"values": ("Rome",)}),
        ('city in ("Washington, D.C.", Oslo)', "city", {"values": ("Washington, D.C.", "Oslo")}),
        ("city in ['a, b','c']", "city", {"values": ("a, b", "c")}),
        ("city not in {Rome,Oslo}", "city", {"values": ("Rome", "Oslo"), "negate": True}),
        ("city is missing", "city", {"missing": True}),
        ("city IS NOT NULL", "city", {"missing": False}),
        ("city is present", "city", {"missing": False}),
        ("city is not present", "city", {"missing": True}),
        ("age between 30 and 40", "age", {"low": "30", "high": "40"}),
        ("age=30..40", "age", {"low": "30", "high": "40"}),
        ("age = 1.5 .. 2e3", "age", {"low": "1.5", "high": "2e3"}),
        ("city=2024-01-01..2024-02-01", "city", {"low": "2024-01-01", "high": "2024-02-01"}),
        ("city=a..b", "city", {"values": ("a..b",)}),
        ("age group=30", "age group", {"values": ("30",)}),
        ("Größe>=3", "Größe", {"low": "3"}),
        ("x>=y<3", "x>=y", {"high": "3", "strict_high": True}),
        ("a is b is missing", "a is b", {"missing": True}),
        ("a is missing", "a", {"missing": True}),
        ("net=gross=1", "net=gross", {"values": ("1",)}),
        ("'age group' >= 3", "age group", {"low": "3"}),
        ("`x>=y` = 3", "x>=y", {"values": ("3",)}),
    ],
)
def test_parse(text: str, column: str, wanted: dict[str, Any]) -> None:
    assert parse(text, COLUMNS) == Condition(column, **wanted)


@pytest.mark.parametrize(
    "text", ["age", "age>=", "age is tall", "age in", "age in {}", "age between 3", "age ~ 5", "age=  "]
)
def test_parse_refuses_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text, COLUMNS)
    assert "\n" not in str(caught.value)


def test_parse_names_the_nearest_columns() -> None:
    with pytest.raises(ConditionError, match=r"no column 'incme'.*Did you mean: income"):
        parse("incme=>50K", COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AGE>70", r"no column 'AGE'\. Did you mean: age\?$"),
        ("age>70 and age<80", r"asks two things at once.*--given once for each"),
        ("city=Rome && age in {3,4}", r"asks two things at once"),
        ("age between 40 and 30", r"^--given 'age between 40 and 30': low is above high"),
        ("city in {}", r"names no value.*'city is missing'"),
        ("city in {Rome", r"'\{' is not closed by '\}'"),
        ("city in (", r"'\(' is not closed by '\)'"),
        ("city like R%", r"cannot be read.* not in, between"),
        ("age ~ 5", r"cannot be read"),
        ("town like R%", r"no column 'town like R%'"),
    ],
)
def test_parse_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        parse(text, COLUMNS)


def test_values_may_hold_the_word_and() -> None:
    assert parse("city=Food and drink", COLUMNS) == Condition("city", values=("Food and drink",))
    assert parse("age between 1 and 2", COLUMNS) == Condition("age", low="1", high="2")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("age>=65", "age>=65"),
        ("age < 65", "age<65"),
        ("age=5", "age=5"),
        ("age!=5", "age!=5"),
        ("age=30..40", "age between 30 and 40"),
        ("city not in {Rome,Oslo}", "city not in {Rome,Oslo}"),
        ("city in {a,b,c,d}", "city in {a,b,c,...}"),
        ("city is missing", "city is missing"),
        ("city is present", "city is present"),
    ],
)
def test_conditions_in_words(text: str, shown: str) -> None:
    assert words(parse(text, COLUMNS)) == shown


def test_given_may_be_a_mapping_or_a_list_of_texts() -> None:
    assert read_given({"age": 3}, COLUMNS) == [Condition("age", values=(3,))]
    both = read_given(["age>=65", Condition("a", missing=True)], COLUMNS)
    assert both == [Condition("age", low="65"), Condition("a", missing=True)]
    assert read_given("rows.csv", COLUMNS) is None
    assert read_given("year=2024/rows.csv", COLUMNS) is None
    assert read_given(pa.table({"age": [1]}), COLUMNS) is None
    with pytest.raises(ConditionError, match=r"^given 'agee>3': no column 'agee'"):
        read_given(["agee>3"], COLUMNS)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ("age>=65", r"^given: is the text of a condition\. Write it in a list"),
        ("city is missing", "text of a condition"),
        ([between(1, 2)], r"Give a dict of columns"),
        ([3], r"Give a dict of columns"),
    ],
)
def test_given_that_is_nothing_of_the_kind(given_: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_given(given_, COLUMNS)


def test_parse_refuses_an_empty_interval() -> None:
    with pytest.raises(ConditionError, match="low is above high"):
        parse("age=40..30", COLUMNS)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1), st.integers())
def test_parse_takes_any_column_name(name: str, value: int) -> None:
    assert parse(f"{name}>={value}", [name, "other"]) == Condition(name, low=str(value))


def test_from_given() -> None:
    given_ = {
        "a": 1,
        "b": [1, 2],
        "c": {"y", "x"},
        "d": None,
        "e": between(30, 40),
        "f": np.int64(3),
        "g": float("nan"),
        "h": np.array(["u", "v"]),
        "i": (True,),
    }
    assert from_given(given_, list(given_)) == [
        Condition("a", values=(1,)),
        Condition("b", values=(1, 2)),
        Condition("c", values=("x", "y")),
        Condition("d", missing=True),
        Condition("e", low=30, high=40),
        Condition("f", values=(3,)),
        Condition("g", missing=True),
        Condition("h", values=("u", "v")),
        Condition("i", values=(True,)),
    ]


def test_a_waveform_with_its_rate_is_one_value() -> None:
    for sound in ((np.zeros(8), 8_000), {"array": np.zeros(8), "sampling_rate": 8_000}):
        assert from_given({"a": sound}, ["a"])[0].values == (sound,)


def test_from_given_refuses_unknown_columns() -> None:
    with pytest.raises(ConditionError, match="Did you mean: income"):
        from_given({"incom": 1}, ["age", "income"])


def test_wishes() -> None:
    assert at_least(3) == Wanted(low=3)
    assert at_most(dt.date(2020, 1, 1)) == Wanted(high=dt.date(2020, 1, 1))
    assert one_of("a", "b").on("x") == Condition("x", values=("a", "b"))
    assert present() == not_(missing())


def test_not() -> None:
    assert not_("a") == Wanted(values=("a",), negate=True)
    assert not_(not_(["a", "b"])) == one_of("a", "b")
    assert not_(at_least(3)) == Wanted(high=3, strict_high=True)
    assert not_(not_(at_most(3))) == at_most(3)
    assert not_(None) == present()


@pytest.mark.parametrize(
    "make",
    [
        lambda: between(None, None),
        lambda: between(2, 1),
        lambda: between(dt.date(2021, 1, 1), dt.date(2020, 1, 1)),
        lambda: one_of(),
        lambda: one_of("a", None),
        lambda: not_(between(1, 2)),
    ],
)
def test_wishes_that_make_no_sense(make: Any) -> None:
    with pytest.raises(ConditionError):
        make()


def test_what_a_text_begins_with() -> None:
    for text in ("note starts with Once upon", "note begins with 'Once upon'"):
        assert parse(text, ["note"]) == Condition("note", begins="Once upon")
    assert words(Condition("note", begins="Once")) == "note starts with Once"


def test_a_prompt_is_what_a_text_begins_with_unless_a_column_is_called_so() -> None:
    assert parse("prompt='ROMEO:'", ["note"]) == Condition("prompt", begins="ROMEO:")
    assert from_given({"prompt": "ROMEO:"}, ["note"]) == [Condition("prompt", begins="ROMEO:")]
    assert parse("prompt=x", ["prompt"]) == Condition("prompt", values=("x",))
    for wrong in ("prompt>3", "prompt!=x", "prompt in {a,b}", "prompt is missing"):
        with pytest.raises(ConditionError, match="no beginning of a text"):
            parse(wrong, ["note"])
