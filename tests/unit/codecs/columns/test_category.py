"""Categories: frequency order, protection of the rare, original types, conditions by level."""

import json

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Profile, Protection
from reverie.codecs.columns.category import Category
from reverie.core.errors import ConditionError, DataError
from reverie.schema.types import Column


def _fit(values, kind="category", **options):
    column = Column(name="x", type=kind, options=options)
    return Category.finish(column, Category.sketch(column, values), Protection())


def _round_trip(codec, values):
    return codec.decode(codec.encode(values, np.random.default_rng(0)), len(values), np.random.default_rng(0))


def _match(values, rows=None):
    return Category.matches(Profile("x", values, rows or len(values), values.null_count, None))


LEVELS = pa.array(["b"] * 20 + ["a"] * 30 + [None] * 9 + ["once", "twice", "twice"])


def test_claims():
    assert _match(pa.array([True, False])).type == "boolean"
    assert _match(pa.array(["yes", "no", None] * 5)).type == "boolean"
    assert _match(pa.array(["low", "high", "medium"] * 5)).type == "ordinal"
    assert _match(pa.array(["red", "blue"] * 50)).score == 0.7
    assert _match(pa.array([f"{i}" for i in range(100)] * 10)).score == 0.6
    assert _match(pa.array([f"{i}" for i in range(100)])).score == 0.3
    assert _match(pa.array([1, 2])) is None
    assert _match(pa.array([None, None], pa.string())) is None
    assert _match(pa.array(["a", "b"] * 9).dictionary_encode()).type == "category"


def test_codes_are_levels_by_falling_frequency_then_missing_then_the_muted_rare():
    codec = _fit(LEVELS)
    (spec,) = codec.specs
    assert (spec.k, spec.muted, spec.positions) == (4, (3,), None)
    assert codec.levels.to_pylist() == ["a", "b"]
    codes = codec.encode(LEVELS, np.random.default_rng(0))["x"]
    assert codes.dtype == np.int32
    assert codes.tolist() == [1] * 20 + [0] * 30 + [2] * 9 + [3] * 3


def test_rare_levels_are_in_no_state_and_decode_to_kept_ones_by_frequency():
    codec = _fit(LEVELS)
    assert "once" not in str(codec.state())
    assert "twice" not in str(codec.state())
    drawn = codec.decode(
        {"x": np.full(5_000, 3, dtype=np.int32)}, 5_000, np.random.default_rng(1)
    ).to_pylist()
    assert set(drawn) == {"a", "b"}
    assert drawn.count("a") / 5_000 == pytest.approx(0.6, abs=0.03)


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["x", "y", None] * 9),
        pa.array(["x", "y"] * 9, pa.large_string()),
        pa.array([True, False, None] * 9),
        pa.array([3, 1, 2] * 9, pa.int64()),
        pa.array([0.5, 1.5] * 9),
        pa.array(["x", "y", "x"] * 9).dictionary_encode(),
        pa.array(["ñandú", "", "日本"] * 9),
        pa.array(["same"] * 9),
        pa.array([None] * 9, pa.string()),
    ],
)
def test_values_come_back_in_their_own_type(values):
    codec = _fit(values)
    again = _round_trip(codec, values)
    assert again.type == values.type
    assert again.to_pylist() == values.to_pylist()
    state = json.loads(json.dumps(codec.state() | {"counts": codec.counts.tolist()}))
    rebuilt = Category.from_state(codec.column, state)
    assert rebuilt.specs == codec.specs
    assert _round_trip(rebuilt, values).to_pylist() == values.to_pylist()


def test_levels_past_the_limit_are_rare():
    values = pa.array([f"l{i}" for i in range(50) for _ in range(60 - i)])
    codec = _fit(values, max_levels=10)
    assert codec.levels.to_pylist() == [f"l{i}" for i in range(10)]
    assert codec.specs[0].muted == (10,)


def test_fitting_in_parts_is_fitting_the_whole():
    column = Column(name="x", type="category")
    parts = Category.merge(column, Category.sketch(column, LEVELS[:25]), Category.sketch(column, LEVELS[25:]))
    codec = Category.finish(column, parts, Protection())
    assert codec.levels.equals(_fit(LEVELS).levels)
    assert codec.specs == _fit(LEVELS).specs


def test_a_hundred_thousand_levels():
    values = pa.array([f"v{i}" for i in range(100_000)] + ["kept"] * 50)
    codec = _fit(values)
    assert codec.levels.to_pylist() == ["kept"]
    assert set(_round_trip(codec, values).to_pylist()) == {"kept"}


def test_ordinals_have_ranks_and_ranges():
    values = pa.array(["low", "high", "medium", None] * 9)
    codec = _fit(values, "ordinal", levels=["low", "medium", "high"])
    (spec,) = codec.specs
    ranks = dict(zip(codec.levels.to_pylist(), spec.positions, strict=False))
    assert ranks == {"low": 0, "medium": 1, "high": 2}
    assert spec.positions[3] is None
    allowed = codec.evidence(Condition("x", low="medium"))["x"].allowed
    assert {level for level, yes in zip(codec.levels.to_pylist(), allowed, strict=False) if yes} == {
        "medium",
        "high",
    }
    with pytest.raises(DataError, match="1 levels are not in the order"):
        _fit(values, "ordinal", levels=["low", "high"])


def test_conditions():
    codec = _fit(LEVELS)

    def codes(**condition):
        return np.flatnonzero(codec.evidence(Condition("x", **condition))["x"].allowed).tolist()

    assert codes(values=("a",)) == [0]
    assert codes(values=("a", "b")) == [0, 1]
    assert codes(values=("a",), negate=True) == [1]
    assert codes(missing=True) == [2]
    assert codes(missing=False) == [0, 1]


@pytest.mark.parametrize("condition", [{"values": ("once",)}, {"values": ("a", "c")}])
def test_unknown_levels_are_refused_and_only_kept_ones_named(condition):
    with pytest.raises(ConditionError, match="2 levels are known: 'a', 'b'") as raised:
        _fit(LEVELS).evidence(Condition("x", **condition))
    assert "twice" not in str(raised.value)


def test_booleans_take_their_words():
    codec = _fit(pa.array([True, False] * 9), "boolean")
    assert codec.evidence(Condition("x", values=("true",)))["x"].allowed.sum() == 1
    assert codec.evidence(Condition("x", values=(True,)))["x"].allowed.sum() == 1
    with pytest.raises(ConditionError):
        codec.evidence(Condition("x", values=("maybe",)))


def test_whole_numbers_as_levels_have_ranges_by_level():
    codec = _fit(pa.array([10, 20, 30] * 9))
    assert codec.evidence(Condition("x", low="20"))["x"].allowed.sum() == 2


def test_text_has_no_ranges_and_never_missing_says_so():
    codec = _fit(pa.array(["a", "b"] * 9))
    with pytest.raises(ConditionError, match="no order"):
        codec.evidence(Condition("x", low="a"))
    with pytest.raises(ConditionError):
        codec.evidence(Condition("x", missing=True))
    with pytest.raises(DataError, match="1 values are missing"):
        codec.encode(pa.array(["a", None]), np.random.default_rng(0))


def test_levels_never_seen_are_rare_or_the_least_frequent():
    assert _fit(LEVELS).encode(pa.array(["new"]), np.random.default_rng(0))["x"].tolist() == [3]
    plain = _fit(pa.array(["a"] * 9 + ["b"] * 6))
    assert plain.encode(pa.array(["new"]), np.random.default_rng(0))["x"].tolist() == [1]


def test_without_a_level_to_keep_everything_is_missing():
    codec = _fit(pa.array(["a", "b", "c"]))
    assert codec.specs == ()
    assert codec.decode({}, 4, np.random.default_rng(0)).to_pylist() == [None] * 4


def test_levels_that_are_not_kept_are_unknown():
    values = pa.array(["a"] * 9 + ["b"] * 5 + ["rare", None])
    column = Column(name="x", type="category")
    codec = Category.finish(column, Category.sketch(column, values), Protection(5))
    asked = pa.array(["a", "rare", None, "new", "b"])
    assert codec.unknown(asked).tolist() == [False, True, False, True, False]
