import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.core.errors import ConfigError
from reverie.models.features import PENDING, Feature, FeatureSpace
from reverie.schema.blocks import Blocks, Category, Gate, Real, Spec, Tokens

MISSING, SPIKE, PRESENT = 0, 1, 2
KIND = Category("kind", 3, positions=(None, 0.5, None))
NUMBER = Real("x", gate=Gate("kind", PRESENT))


def blocks(*columns: tuple[Spec, np.ndarray]) -> Blocks:
    arrays = {
        spec.name: values.astype(np.int32) if isinstance(spec, Category) else values
        for spec, values in columns
    }
    return Blocks(tuple(spec for spec, _ in columns), arrays, len(columns[0][1]))


def column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, float).reshape(-1, 1, 1)


def only(space: FeatureSpace) -> Feature:
    (feature,) = space.features
    return feature


@pytest.fixture(scope="module")
def gated() -> Blocks:
    """A number that is missing, at its spike, or normal."""
    rng = np.random.default_rng(0)
    kind = rng.choice(3, 5000, p=[0.2, 0.3, 0.5])
    x = np.where(kind == PRESENT, rng.normal(size=5000), np.nan)
    return blocks((KIND, kind), (NUMBER, column(x)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=400), st.integers(2, 250))
def test_bins_are_in_the_order_of_the_numbers(values: list[float], most: int) -> None:
    data = blocks((Real("x"), column(np.sort(values))))
    space = FeatureSpace.learn(data, most)
    bins = space.bins(data)
    assert (np.diff(bins.codes[0].astype(int)) >= 0).all()
    assert bins.codes.min() >= 1
    assert bins.codes.max() < bins.sizes[0] <= most + 2


def test_few_numbers_get_a_bin_each() -> None:
    data = blocks((Real("x"), column(np.tile([7.0, -1.0, 3.5], 50))))
    np.testing.assert_array_equal(FeatureSpace.learn(data).bins(data).codes[0, :3], [3, 1, 2])


def test_many_numbers_get_equal_shares() -> None:
    data = blocks((Real("x"), column(np.random.default_rng(0).lognormal(size=10_000))))
    counts = np.bincount(FeatureSpace.learn(data, 100).bins(data).codes[0])[1:]
    assert len(counts) == 100
    assert counts.min() >= 99
    assert counts.max() <= 101


def test_a_number_and_its_kind_are_one_feature(gated: Blocks) -> None:
    feature = only(FeatureSpace.learn(gated))
    assert feature.names == ("kind", "x")
    assert feature.ordered


def test_what_is_missing_has_its_own_bin(gated: Blocks) -> None:
    found = only(FeatureSpace.learn(gated)).bins(gated.arrays)
    np.testing.assert_array_equal(found == 0, gated["kind"] == MISSING)


def test_a_spike_stands_at_its_place_among_the_numbers(gated: Blocks) -> None:
    found, x = only(FeatureSpace.learn(gated)).bins(gated.arrays).astype(int), gated["x"].reshape(-1)
    (spike,) = set(found[gated["kind"] == SPIKE])
    assert found[x < 0.5].max() <= spike <= found[x > 0.5].min()
    assert np.count_nonzero(found[~np.isnan(x)] == spike) < 50


def test_a_spike_between_few_numbers_has_its_own_bin() -> None:
    x = np.array([0.0, np.nan, 1.0])
    data = blocks((KIND, np.array([PRESENT, SPIKE, PRESENT])), (NUMBER, column(x)))
    np.testing.assert_array_equal(only(FeatureSpace.learn(data)).bins(data.arrays), [1, 2, 3])


def test_a_number_still_to_be_drawn_is_pending(gated: Blocks) -> None:
    feature = only(FeatureSpace.learn(gated))
    assert feature.table[PRESENT] == PENDING
    assert PENDING not in feature.bins(gated.arrays)
    assert feature.size <= PENDING


def test_a_number_without_places_of_its_kind_is_one_feature_too() -> None:
    kind = np.array([0, 1, 1, 1])
    data = blocks(
        (Category("kind", 2), kind), (Real("x", gate=Gate("kind", 1)), column(np.array([np.nan, 1, 2, 3])))
    )
    np.testing.assert_array_equal(only(FeatureSpace.learn(data)).bins(data.arrays), [0, 1, 2, 3])


def test_ranks_of_an_ordinal_decide_its_bins() -> None:
    spec = Category("size", 4, positions=(2.0, 0.0, None, 1.0))
    data = blocks((spec, np.array([0, 1, 2, 3])))
    feature = only(FeatureSpace.learn(data))
    np.testing.assert_array_equal(feature.bins(data.arrays), [3, 1, 0, 2])
    assert feature.ordered


def test_codes_without_order_keep_their_number() -> None:
    data = blocks((Category("city", 5), np.array([4, 0, 2])))
    feature = only(FeatureSpace.learn(data))
    np.testing.assert_array_equal(feature.bins(data.arrays), [4, 0, 2])
    assert (feature.ordered, feature.size) == (False, 5)


@pytest.mark.parametrize("k", [250, 251, 252, 300, 70_000])
def test_too_many_codes_share_the_last_bin(k: int) -> None:
    data = blocks((Category("city", k), np.arange(k)))
    feature = only(FeatureSpace.learn(data))
    found = feature.bins(data.arrays)
    np.testing.assert_array_equal(found[:250], np.arange(250))
    assert found.max() < feature.size < PENDING


def test_features_with_few_bins_come_first() -> None:
    rng = np.random.default_rng(0)
    data = blocks(
        (Real("x"), column(rng.normal(size=500))),
        (Category("city", 9), rng.integers(9, size=500)),
        (Category("sex", 2), rng.integers(2, size=500)),
    )
    space = FeatureSpace.learn(data)
    assert space.order == ("sex", "city", "x")
    np.testing.assert_array_equal(space.bins(data).codes[0], data["sex"])


def test_new_numbers_beyond_all_seen_are_in_the_outermost_bins() -> None:
    feature = only(FeatureSpace.learn(blocks((Real("x"), column(np.arange(10.0))))))
    np.testing.assert_array_equal(feature.place(np.array([-1e300, 1e300, np.nan])), [1, 10, 0])


def test_state_comes_back_whole(gated: Blocks) -> None:
    feature = only(FeatureSpace.learn(gated))
    back = Feature(**feature.state())
    np.testing.assert_array_equal(back.bins(gated.arrays), feature.bins(gated.arrays))
    assert back.names == feature.names


@pytest.mark.parametrize("spec", [Real("photo", n=16, d=8), Tokens("note", 50, 20)], ids=lambda s: s.name)
def test_what_trees_cannot_take_is_refused_by_name(spec: Spec) -> None:
    with pytest.raises(ConfigError, match=f"^{spec.name}: holds vectors or tokens"):
        FeatureSpace.learn(Blocks((spec,), {spec.name: np.zeros((3, 16, 8))}, 3))


def test_a_spike_leaves_bins_to_what_is_beside_it() -> None:
    rng = np.random.default_rng(0)
    numbers = np.where(rng.random(20_000) < 0.9, 0.0, rng.normal(size=20_000))
    codes = FeatureSpace.learn(Blocks((Real("x"),), {"x": numbers.reshape(-1, 1, 1)}, 20_000), 100)
    found = codes.bins(Blocks((Real("x"),), {"x": numbers.reshape(-1, 1, 1)}, 20_000)).codes[0]
    spike = np.unique(found[numbers == 0])
    assert len(spike) == 1
    assert not np.isin(found[numbers != 0], spike).any()
    assert len(np.unique(found)) > 90
