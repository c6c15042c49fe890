from dataclasses import replace

import numpy as np
import pytest

from reverie.core.errors import ArtifactError
from reverie.core.nested import split
from reverie.models.boosting import Bins, Ensemble, Recipe, fit_classes, fit_mean
from reverie.models.deadline import Deadline, OutOfTimeError
from reverie.models.linear import fit_line, normal_scores

RECIPE = Recipe()


def bins(*columns: np.ndarray, sizes: tuple[int, ...], ordered: bool = True) -> Bins:
    codes = np.stack(columns).astype(np.uint8)
    return Bins(codes, np.array(sizes, np.int64), np.full(len(columns), ordered))


def grid(*sizes: int) -> Bins:
    """Every combination of the features' bins, one a row."""
    columns = np.meshgrid(*map(np.arange, sizes), indexing="ij")
    return bins(*(column.reshape(-1) for column in columns), sizes=sizes)


def chances(ensemble: Ensemble, codes: np.ndarray) -> np.ndarray:
    """P(class) of each row, (rows, k)."""
    rows, k = codes.shape[1], len(ensemble.base)
    logs = [ensemble.log_probability(codes, np.full(rows, c, np.int32)) for c in range(k)]
    return np.exp(np.stack(logs, axis=1))


@pytest.fixture(scope="module")
def known() -> tuple[Bins, np.ndarray, np.ndarray]:
    """Two features, classes drawn from a table of probabilities, and that table (4, 3, 3)."""
    rng = np.random.default_rng(1)
    table = rng.dirichlet(np.full(3, 2.0), size=(4, 3))
    first, second = rng.integers(4, size=20_000), rng.integers(3, size=20_000)
    heap = table[first, second].cumsum(axis=1)
    target = (rng.random((20_000, 1)) > heap).sum(axis=1)
    return bins(first, second, sizes=(4, 3)), target.astype(np.int32), table


@pytest.fixture(scope="module")
def learned(known: tuple[Bins, np.ndarray, np.ndarray]) -> Ensemble:
    features, target, _ = known
    return fit_classes(features, target, 3, RECIPE, np.random.default_rng(0))


def test_a_table_of_probabilities_is_recovered(known, learned) -> None:
    found = chances(learned, grid(4, 3).codes).reshape(4, 3, 3)
    np.testing.assert_allclose(found, known[2], atol=0.04)


def test_probabilities_sum_to_one(learned) -> None:
    np.testing.assert_allclose(chances(learned, grid(4, 3).codes).sum(axis=1), 1, atol=1e-5)


def test_draws_are_as_frequent_as_probable(learned) -> None:
    codes = np.repeat(grid(4, 3).codes, 5000, axis=1)
    drawn, mass = learned.draw(codes, np.ones(3, bool), np.random.default_rng(3))
    frequent = np.stack([(drawn == c).reshape(12, 5000).mean(axis=1) for c in range(3)], axis=1)
    np.testing.assert_allclose(frequent, chances(learned, grid(4, 3).codes), atol=0.025)
    np.testing.assert_allclose(mass, 1, atol=1e-5)


def test_only_what_is_allowed_is_drawn(learned) -> None:
    codes, allowed = grid(4, 3).codes, np.array([True, False, True])
    drawn, mass = learned.draw(codes, allowed, np.random.default_rng(3))
    assert set(drawn) <= {0, 2}
    np.testing.assert_allclose(mass, chances(learned, codes)[:, allowed].sum(axis=1), atol=1e-5)


def test_a_step_is_found_where_it_is() -> None:
    rng = np.random.default_rng(2)
    place = rng.integers(100, size=5000)
    mean = fit_mean(bins(place, sizes=(100,)), np.where(place < 37, -1.0, 2.0), RECIPE, rng)
    found = mean.score(grid(100).codes)[:, 0]
    np.testing.assert_allclose(found[:37], -1, atol=0.02)
    np.testing.assert_allclose(found[37:], 2, atol=0.02)


@pytest.mark.parametrize(("depth", "least", "most"), [(1, 0.4, 0.6), (2, 0.95, 1.0)])
def test_an_interaction_needs_two_questions_in_one_tree(depth: int, least: float, most: float) -> None:
    rng = np.random.default_rng(3)
    first, second = rng.integers(2, size=4000), rng.integers(2, size=4000)
    recipe = replace(RECIPE, depth=depth, patience=60)
    ensemble = fit_classes(bins(first, second, sizes=(2, 2)), first ^ second, 2, recipe, rng)
    right = chances(ensemble, grid(2, 2).codes)[np.arange(4), [0, 1, 1, 0]]
    assert least <= right.mean() <= most


def test_unordered_bins_are_split_by_sets() -> None:
    """One question tells odd bins from even ones, if their order is free."""
    rng = np.random.default_rng(4)
    place = rng.integers(40, size=8000)
    target = (rng.random(8000) < np.where(place % 2, 0.9, 0.1)).astype(np.int32)
    recipe = replace(RECIPE, depth=1)
    apart = {}
    for ordered in (True, False):
        ensemble = fit_classes(bins(place, sizes=(40,), ordered=ordered), target, 2, recipe, rng)
        found = chances(ensemble, grid(40).codes)[:, 1].reshape(20, 2).mean(axis=0)
        apart[ordered] = found[1] - found[0]
    assert apart[False] > 0.75
    assert apart[True] < 0.3


def test_noise_stops_early_and_structure_goes_on(learned) -> None:
    trees = []
    for seed in range(9):
        rng = np.random.default_rng(seed)
        features, target = bins(rng.integers(50, size=3000), sizes=(50,)), rng.integers(3, size=3000)
        same = np.random.default_rng(seed)
        undoubted = fit_classes(features, target, 3, replace(RECIPE, doubt=0.0), same)
        assert len(undoubted.losses) <= len(undoubted.depths) + 1 + RECIPE.patience
        trees.append(len(fit_classes(features, target, 3, RECIPE, rng).depths))
    assert np.median(trees) <= 2
    assert trees[5] <= 2
    assert len(learned.depths) > 10


def test_rounds_are_those_of_the_least_held_out_loss() -> None:
    rng = np.random.default_rng(6)
    place = rng.integers(20, size=3000)
    target = (rng.random(3000) < place / 20).astype(np.int32)
    train = rng.random(3000) < 0.7
    features = bins(place, sizes=(20,))
    ensemble = fit_classes(features, target, 2, replace(RECIPE, doubt=0.0), rng, train=train)
    logs = ensemble.log_probability(features.take(~train).codes, target[~train])
    assert ensemble.losses[len(ensemble.depths)] == pytest.approx(-logs.mean(), rel=1e-4)
    assert ensemble.losses.min() == pytest.approx(-logs.mean(), rel=1e-3)


def test_rounds_that_chance_may_have_made_better_are_left_out() -> None:
    rng = np.random.default_rng(6)
    place, train = rng.integers(20, size=3000), rng.random(3000) < 0.7
    target = (rng.random(3000) < place / 20).astype(np.int32)
    features, kept = bins(place, sizes=(20,)), {}
    for doubt in (0.0, 5.0):
        recipe, same = replace(RECIPE, doubt=doubt), np.random.default_rng(1)
        found = fit_classes(features, target, 2, recipe, same, train=train)
        kept[doubt] = len(found.depths)
    nats = found.losses * np.count_nonzero(~train)
    assert kept[5.0] < kept[0.0]
    assert nats[kept[5.0]] <= nats[kept[0.0]] + 5 < nats[kept[5.0] - 1]


def test_plain_cuts_are_known_again_from_their_tables(learned) -> None:
    back = Ensemble.from_state(learned.state(), 1 + int(learned.features.max(initial=0)))
    assert (learned.cuts >= 0).any()
    for tree, depth in enumerate(learned.depths):
        np.testing.assert_array_equal(back.cuts[tree, :depth], learned.cuts[tree, :depth])


def test_held_out_rows_do_not_teach() -> None:
    rng = np.random.default_rng(7)
    place, train = rng.integers(2, size=2000), np.arange(2000) < 1000
    target = np.where(train, place, 1 - place).astype(np.int32)
    ensemble = fit_classes(bins(place, sizes=(2,)), target, 2, RECIPE, rng, train=train)
    assert not len(ensemble.depths)
    np.testing.assert_allclose(chances(ensemble, grid(2).codes), 0.5, atol=0.05)


def test_without_features_the_classes_are_as_frequent_as_they_were() -> None:
    nothing = Bins(np.zeros((0, 1000), np.uint8), np.zeros(0, np.int64), np.zeros(0, bool))
    target = np.repeat(np.array([0, 1], np.int32), [800, 200])
    ensemble = fit_classes(nothing, target, 3, RECIPE, np.random.default_rng(0))
    found = chances(ensemble, nothing.codes)[0]
    np.testing.assert_allclose(found, [0.8, 0.2, 0.0], atol=0.005)
    assert found[2] > 0


@pytest.mark.parametrize("rows", [1, 2, 49])
def test_few_rows_are_enough_to_fit(rows: int) -> None:
    few = bins(np.arange(rows) % 2, sizes=(2,))
    rng = np.random.default_rng(0)
    assert np.isfinite(fit_classes(few, np.zeros(rows, np.int32), 2, RECIPE, rng).score(few.codes)).all()
    assert np.isfinite(fit_mean(few, np.ones(rows), RECIPE, rng).score(few.codes)).all()


def test_the_same_seed_gives_the_same_trees(known) -> None:
    features, target, _ = known
    recipe = replace(RECIPE, line=True)
    one, two, other = (
        split(fit_classes(features, target, 3, recipe, np.random.default_rng(seed)).state())[1]
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not np.array_equal(one["values"], other["values"])


def test_a_line_keeps_a_weak_trend_of_few_rows_that_trees_lose() -> None:
    rng = np.random.default_rng(5)
    score, found = rng.permutation(np.linspace(-1.7, 1.7, 200)), {}
    known = bins(np.argsort(np.argsort(score)) + 1, sizes=(201,))
    for line in (False, True):
        slopes = []
        for seed in range(10):
            code = (rng.random(200) < 1 / (1 + np.exp(-0.6 * score))).astype(np.int32)
            ensemble = fit_classes(known, code, 2, replace(RECIPE, line=line), np.random.default_rng(seed))
            logits = ensemble.score(known.codes)
            slopes.append(np.polyfit(score, logits[:, 1] - logits[:, 0], 1)[0])
        found[line] = np.mean(slopes)
    assert found[True] > 0.35
    assert found[True] > 1.5 * found[False]


def test_trees_are_added_to_an_origin() -> None:
    rng = np.random.default_rng(6)
    place = rng.integers(1, 200, 3000)
    known, trend = bins(place, sizes=(201,)), normal_scores(place.astype(np.uint8))
    target = 3 * trend + np.where(trend > 1, 5.0, 0.0) + rng.normal(0, 0.1, 3000)
    origin, _ = fit_line(known, target)
    ensemble = fit_mean(known, target, RECIPE, rng, origin)
    assert ensemble.line is origin.line
    assert len(ensemble.depths)
    assert np.std(target - ensemble.score(known.codes)[:, 0]) < 0.3


def test_state_comes_back_whole(learned) -> None:
    back = Ensemble.from_state(learned.state(), features=2)
    codes = grid(4, 3).codes
    np.testing.assert_array_equal(back.score(codes), learned.score(codes))
    drawn = [e.draw(codes, np.ones(3, bool), np.random.default_rng(0))[0] for e in (learned, back)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: {"features": state["features"] + 2},
        lambda state: {"features": state["features"] - 3},
        lambda state: {"depths": state["depths"] + 9},
        lambda state: {"depths": state["depths"] - 9},
        lambda state: {"depths": state["depths"][:-1]},
        lambda state: {"values": state["values"][:, :3]},
        lambda state: {"values": state["values"][:, :, :2]},
        lambda state: {"tables": state["tables"][:, :, :4]},
        lambda state: {"base": state["base"][:1]},
    ],
)
def test_a_damaged_state_is_refused(learned, damage) -> None:
    state = learned.state()
    with pytest.raises(ArtifactError, match="do not fit its features"):
        Ensemble.from_state(state | damage(state), features=2)


def test_trees_of_more_features_are_refused(learned) -> None:
    with pytest.raises(ArtifactError):
        Ensemble.from_state(learned.state(), features=1)


def test_what_is_as_good_as_certain_needs_no_more_rounds() -> None:
    rng = np.random.default_rng(3)
    place, train = rng.integers(20, size=4000), rng.random(4000) < 0.8
    target, recipe = (place > 7).astype(np.int32), replace(RECIPE, rounds=300, rate=0.3, least_gain=0.0)
    found = fit_classes(bins(place, sizes=(20,)), target, 2, recipe, rng, train=train)
    left = found.losses * np.count_nonzero(~train)
    assert left[-1] < recipe.doubt < left[-2]
    assert len(found.losses) < 100


def test_past_a_deadline_boosting_is_given_up(known) -> None:
    features, target, _ = known
    late = replace(RECIPE, deadline=Deadline.after(-1))
    with pytest.raises(OutOfTimeError):
        fit_classes(features, target, 3, late, np.random.default_rng(0))
