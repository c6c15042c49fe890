"""Numbers: claims, round trips, storage types, conditions, protection."""

import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Profile, Protection
from reverie.codecs.columns.number import Number, count_places
from reverie.core.errors import ConditionError, DataError
from reverie.schema.types import Column


def _profile(values):
    return Profile("x", values, len(values), values.null_count, None)


def _fit(values, kind="integer", **options):
    column = Column(name="x", type=kind, options=options)
    return Number.finish(column, Number.sketch(column, values), Protection())


def _round_trip(codec, values, seed=0):
    arrays = codec.encode(values, np.random.default_rng(seed))
    return codec.decode(arrays, len(values), np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("values", "kind", "options"),
    [
        (pa.array([1, 2, 3]), "integer", {}),
        (pa.array([1.0, None, 3.0]), "integer", {}),
        (pa.array([1.5, 2.25]), "decimal", {"decimals": 2}),
        (pa.array([0.1, 0.2], pa.float32()), "decimal", {"decimals": 1}),
        (pa.array([np.pi, np.e]), "decimal", {"decimals": 15}),
        (pa.array([1 / 3, 1e9 / 7]), "decimal", {}),
        (pa.array([Decimal("1.50"), Decimal("2.25")]), "decimal", {"decimals": 2}),
        (pa.array([1.5, 2.5]).dictionary_encode(), "decimal", {"decimals": 1}),
    ],
)
def test_claims(values, kind, options):
    match = Number.matches(_profile(values))
    assert match is not None
    assert (match.type, match.options) == (kind, options)


@pytest.mark.parametrize(
    "values", [pa.array(["1", "2"]), pa.array([True]), pa.array([None, None], pa.float64())]
)
def test_no_claim(values):
    assert Number.matches(_profile(values)) is None


def test_places_are_those_that_all_numbers_need():
    assert count_places(np.array([1.0, 2.0])) == 0
    assert count_places(np.array([0.001, 2.5])) == 3
    assert count_places(np.array([0.1], dtype=np.float32).astype(float), np.float32) == 1
    assert count_places(np.array([1e300, 0.5])) is None


RNG = np.random.default_rng(0)
COLUMNS = {
    "ages": (pa.array(RNG.integers(17, 91, 3_000)), "integer", {}),
    "incomes": (pa.array(np.floor(RNG.lognormal(10, 1, 3_000)).astype(np.int64)), "integer", {}),
    "prices": (pa.array(np.round(RNG.lognormal(3, 1, 3_000), 2)), "decimal", {"decimals": 2}),
    "full precision": (pa.array(RNG.normal(size=3_000)), "decimal", {}),
    "mostly zero": (pa.array(RNG.integers(0, 900, 3_000) * (RNG.random(3_000) < 0.1)), "integer", {}),
    "with holes": (pa.array(RNG.integers(0, 900, 3_000), mask=RNG.random(3_000) < 0.3), "integer", {}),
    "small ints": (pa.array(RNG.integers(-128, 128, 3_000).astype(np.int8)), "integer", {}),
    "unsigned": (pa.array(RNG.integers(0, 2**63, 3_000).astype(np.uint64) * 2), "integer", {}),
    "floats of integers": (pa.array(RNG.integers(0, 50, 3_000).astype(float)), "integer", {}),
    "float32": (pa.array(RNG.integers(0, 5_000, 3_000).astype(np.float32) / 8), "decimal", {"decimals": 3}),
    "text": (pa.array([str(i) for i in RNG.integers(0, 5_000, 3_000)]), "integer", {}),
    "huge": (pa.array(np.r_[RNG.normal(size=2_990), np.full(10, 1e308)]), "decimal", {"decimals": 2}),
    "large int64": (pa.array(RNG.integers(2**62, 2**62 + 40, 3_000)), "integer", {}),
    "decimal128": (
        pa.array([Decimal(i) / 4 for i in range(500)], pa.decimal128(9, 2)),
        "decimal",
        {"decimals": 2},
    ),
    "one row": (pa.array([42]), "integer", {}),
    "dictionary": (pa.array(RNG.integers(0, 99, 3_000)).dictionary_encode(), "integer", {}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_come_back_within_the_stated_tolerance_in_their_own_type(name):
    values, kind, options = COLUMNS[name]
    codec = _fit(values, kind, **options)
    again = _round_trip(codec, values)
    assert again.type == values.type
    assert again.is_null().equals(values.is_null())
    before, after = (
        array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) for array in _plain(values, again)
    )
    tolerance = codec.tolerance(values)
    there = ~np.isnan(tolerance)
    digits = np.maximum(np.abs(before), np.abs(after))[there] * (
        1e-7 if values.type == pa.float32() else 1e-15
    )
    assert np.all(np.abs(before / 2 - after / 2)[there] <= tolerance[there] / 2 + digits)
    exact = pa.array(tolerance == 0)
    assert again.filter(exact).equals(values.filter(exact))
    if name not in ("full precision", "huge", "unsigned"):
        assert np.mean(tolerance[there] == 0) > 0.95


def _plain(*arrays):
    return [array.dictionary_decode() if pa.types.is_dictionary(array.type) else array for array in arrays]


@pytest.mark.parametrize("name", COLUMNS)
def test_state_is_plain_and_rebuilds_the_codec(name):
    values, kind, options = COLUMNS[name]
    codec = _fit(values, kind, **options)
    state = codec.state()
    json.dumps({key: value for key, value in state.items() if not isinstance(value, np.ndarray)})
    again = Number.from_state(codec.column, state)
    assert again.specs == codec.specs
    assert _round_trip(again, values).equals(_round_trip(codec, values))


def test_fitting_in_parts_is_fitting_the_whole():
    values = COLUMNS["with holes"][0]
    column = Column(name="x", type="integer")
    parts = Number.merge(column, Number.sketch(column, values[:1_000]), Number.sketch(column, values[1_000:]))
    assert Number.finish(column, parts, Protection()).state().keys() == _fit(values).state().keys()
    assert np.array_equal(
        Number.finish(column, parts, Protection()).line.scale.edges, _fit(values).line.scale.edges
    )


def test_nan_is_missing():
    values = pa.array([1.0, np.nan, 2.0] * 20, from_pandas=False)
    assert _round_trip(_fit(values), values).null_count == 20


def test_no_draw_leaves_the_storage_type_or_the_sign_of_the_data():
    small = pa.array(np.minimum(RNG.exponential(60, 2_000), 127).astype(np.int8))
    drawn = _fit(small).decode(_scores(_fit(small)), 20_000, np.random.default_rng(1))
    assert drawn.type == pa.int8()
    assert min(drawn.to_pylist()) >= 0


def test_shares_never_pass_one():
    shares = pa.array(np.round(RNG.random(3_000), 3))
    drawn = _fit(shares, "decimal", decimals=3).decode(
        _scores(_fit(shares, "decimal", decimals=3)), 20_000, np.random.default_rng(1)
    )
    assert min(drawn.to_pylist()) >= 0
    assert max(drawn.to_pylist()) <= 1


def _scores(codec, rows=20_000):
    scores = np.random.default_rng(2).standard_normal(rows) * 1.5
    return {"x": scores.reshape(-1, 1, 1), "x#kind": np.zeros(rows, dtype=np.int32)}


def test_the_state_holds_no_value_of_fewer_than_k_rows():
    values = np.r_[RNG.integers(10**6, 10**9, 3_000), np.full(9, 12_345)]
    codec = _fit(pa.array(values))
    kept = codec.line.scale
    single = kept.low == kept.high
    assert 12_345 in kept.low[single]
    assert not np.isin(kept.low[single], values[:3_000]).any()


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (pa.array([1.5, 2.0]), "integer", "x: 1 values are not whole numbers"),
        (pa.array([1.0, np.inf, -np.inf]), "decimal", "x: 2 values are infinite"),
        (pa.array(["1", "secret"]), "integer", "x: 1 values do not read as numbers"),
    ],
)
def test_what_does_not_fit_is_counted_not_shown(values, kind, message):
    with pytest.raises(DataError, match=message) as raised:
        _fit(values, kind)
    assert "secret" not in str(raised.value)


def test_conditions_are_in_the_columns_own_units():
    codec = _fit(COLUMNS["prices"][0], "decimal", decimals=2)
    found = codec.evidence(Condition("x", low="12.345"))["x"]
    lowest = codec.decode({"x": np.array([found.low]).reshape(-1, 1, 1)}, 1, np.random.default_rng(0))
    assert lowest.to_pylist() == [12.35]


def test_conditions_that_are_no_numbers_or_never_occur():
    codec = _fit(COLUMNS["ages"][0])
    with pytest.raises(ConditionError, match="'old' is not a number"):
        codec.evidence(Condition("x", values=("old",)))
    with pytest.raises(ConditionError, match="Its values go from 17 to 90"):
        codec.evidence(Condition("x", low=120))


@pytest.mark.parametrize(
    ("texts", "kind", "options"),
    [
        (["16,20 €", "1.234,50 €", "NA"], "decimal", {"decimals": 1, "format": "1.234,56 €"}),
        (["9,123", "12,000", "999"], "integer", {"format": "1,234"}),
    ],
)
def test_text_that_spells_numbers(texts, kind, options):
    values = pa.array(texts * 10)
    match = Number.matches(_profile(values))
    assert match is not None
    assert (match.type, dict(match.options)) == (kind, options)
    assert f"written like '{options['format']}'" in match.reason
    assert ("taken for the mark of thousands" in match.reason) == (kind == "integer")
    codec = _fit(values, match.type, **match.options)
    assert _round_trip(codec, values).to_pylist() == [None if t == "NA" else t for t in texts * 10]
