"""What every model family must do, run for each one that is discovered."""

import json

import numpy as np
import pytest
from scipy import stats

from reverie.core import space
from reverie.core.errors import ArtifactError, ConditionError
from reverie.models.base import Budget, State, families, family
from reverie.schema.blocks import (
    Blocks,
    Category,
    CategoryEvidence,
    Gate,
    Real,
    RealEvidence,
    concatenate,
)

ROWS = 3001
SPECS = (
    Category("colour", 3),
    Real("x"),
    Real("y"),
    Category("level", 4, positions=(0.0, 1.0, 2.0, 3.0)),
    Category("z.kind", 3, positions=(None, -1.0, None)),
    Real("z", gate=Gate("z.kind", 2)),
    Category("city", 4, muted=(3,)),
)


def normal_scores(values):
    return stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values)).reshape(-1, 1, 1)


def made(rows=ROWS, seed=0):
    """Blocks in which x leans on colour, y on x, level and z on y, z is missing more often for colour 2."""
    rng = np.random.default_rng(seed)
    colour = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    x = np.array([-0.7, 0.2, 1.2])[colour] + rng.normal(size=rows)
    y = 0.8 * x + 0.6 * rng.normal(size=rows)
    level = np.searchsorted([-1.0, 0.3, 1.2], y + 0.5 * rng.normal(size=rows))
    kind = np.where(rng.random(rows) < np.array([0.15, 0.3, 0.5])[colour], 0, rng.choice([1, 2, 2], rows))
    z = np.full((rows, 1, 1), np.nan)
    z[kind == 2] = normal_scores((0.7 * y + 0.7 * rng.normal(size=rows))[kind == 2])
    city = rng.choice(4, rows, p=[0.6, 0.25, 0.1, 0.05])
    codes = {"colour": colour, "level": level, "z.kind": kind, "city": city}
    arrays = {name: code.astype(np.int32) for name, code in codes.items()}
    return Blocks(SPECS, arrays | {"x": normal_scores(x), "y": normal_scores(y), "z": z}, rows)


def only(blocks, *names):
    specs = tuple(spec for spec in blocks.specs if spec.name in names)
    return Blocks(specs, {spec.name: blocks[spec.name] for spec in specs}, blocks.rows)


QUICK = {
    "gan": {"width": 96, "batch": 128, "lessons": 60},
    "vae": {"width": 96},
}
"""Smaller networks, where the families' own would take minutes."""


def learn(name, blocks, **options):
    module = family(name)
    one = Budget(threads=1)  # small tables: more threads only wait for each other
    return module.fit(
        blocks,
        config=module.Config(**QUICK.get(name, {})),
        rng=np.random.default_rng(5),
        budget=one,
        **options,
    )


def draw(fitted, n, seed=11, given=None):
    return fitted.sample(n, rng=np.random.default_rng(seed), given=given)


def codes(k, *allowed):
    return CategoryEvidence(allowed=np.isin(np.arange(k), allowed))


def equal(left, right):
    return all(np.array_equal(array, right[spec.name], equal_nan=True) for spec, array in left)


def flat(blocks, name):
    return blocks[name].reshape(-1)


@pytest.fixture(scope="module", params=families())
def name(request):
    if not {"category", "real"} <= set(family(request.param).CAPABILITIES.modalities):
        pytest.skip("takes other blocks")
    return request.param


@pytest.fixture(scope="module")
def blocks():
    return made()


@pytest.fixture(scope="module")
def fitted(name, blocks):
    return learn(name, blocks)


@pytest.fixture(scope="module")
def free(fitted):
    """Many unconditional rows: the brute force that conditional ones are compared with."""
    return draw(fitted, 150_000, seed=1)


@pytest.fixture
def conditional(name, fitted):
    if not family(name).CAPABILITIES.given:
        pytest.skip("cannot condition")
    return fitted


@pytest.fixture
def scoring(name, fitted):
    if not family(name).CAPABILITIES.log_prob:
        pytest.skip("has no density")
    return fitted


# ---- unconditional


def test_rows_are_in_the_form_of_the_blocks(fitted, blocks):
    sample = draw(fitted, 1000)
    assert sample.rows == 1000
    assert sample.specs == blocks.specs
    for spec, array in sample:
        assert array.shape == (1000, *blocks[spec.name].shape[1:])
        assert array.dtype.kind == blocks[spec.name].dtype.kind


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows(fitted, n):
    assert draw(fitted, n).rows == n


def test_same_seed_same_rows(name, fitted, blocks):
    assert equal(draw(fitted, 500, seed=3), draw(fitted, 500, seed=3))
    assert not equal(draw(fitted, 500, seed=3), draw(fitted, 500, seed=4))
    assert equal(draw(learn(name, blocks), 500, seed=3), draw(fitted, 500, seed=3))


def test_margins(free, blocks):
    for spec, array in blocks:
        if isinstance(spec, Category):
            kept = np.setdiff1d(np.arange(spec.k), spec.muted)
            mass = np.bincount(array, minlength=spec.k)[kept]
            new = np.bincount(free[spec.name], minlength=spec.k)[kept]
            assert np.abs(mass / mass.sum() - new / new.sum()).sum() / 2 < 0.03, spec.name
        else:
            real, fake = flat(blocks, spec.name), flat(free, spec.name)
            assert stats.ks_2samp(real[~np.isnan(real)], fake[~np.isnan(fake)]).statistic < 0.05, spec.name


def test_dependence_of_numbers(free, blocks):
    real = np.corrcoef(flat(blocks, "x"), flat(blocks, "y"))[0, 1]
    assert np.corrcoef(flat(free, "x"), flat(free, "y"))[0, 1] == pytest.approx(real, abs=0.06)


@pytest.mark.parametrize("category", ["colour", "level"])
def test_dependence_of_a_number_on_a_category(free, blocks, category):
    for code in range(3):
        real = flat(blocks, "y")[blocks[category] == code].mean()
        assert flat(free, "y")[free[category] == code].mean() == pytest.approx(real, abs=0.15)


def test_dependence_of_what_is_missing(free, blocks):
    for code in range(3):
        real = np.mean(blocks["z.kind"][blocks["colour"] == code] == 0)
        assert np.mean(free["z.kind"][free["colour"] == code] == 0) == pytest.approx(real, abs=0.1)


def test_numbers_are_absent_exactly_where_gates_are_closed(free):
    assert np.array_equal(np.isnan(flat(free, "z")), free["z.kind"] != 2)
    assert not np.isnan(free["x"]).any()


def test_muted_codes_are_never_generated(free):
    assert 3 not in free["city"]


def test_weight_of_three_is_three_rows(name, blocks):
    heavy = blocks["colour"] == 2
    weighted = learn(name, blocks, weights=np.where(heavy, 3.0, 1.0))
    repeated = learn(name, concatenate([blocks, blocks.take(heavy), blocks.take(heavy)]))
    left, right, plain = (draw(model, 20_000) for model in (weighted, repeated, learn(name, blocks)))
    for code in range(3):
        assert np.mean(left["colour"] == code) == pytest.approx(np.mean(right["colour"] == code), abs=0.03)
    for real in ("x", "y"):
        assert left[real].mean() == pytest.approx(right[real].mean(), abs=0.06)
        assert left[real].mean() > plain[real].mean() + 0.1


# ---- state


def test_state_round_trip(name, fitted, blocks):
    state = fitted.state()
    assert all(array.dtype.kind in "biuf" for array in state.arrays.values())
    again = family(name).from_state(fitted.specs, State(json.loads(json.dumps(state.json)), state.arrays))
    assert equal(draw(fitted, 500), draw(again, 500))
    if family(name).CAPABILITIES.log_prob:
        part = blocks.take(np.arange(50))
        np.testing.assert_allclose(fitted.log_prob(part), again.log_prob(part))


def test_state_without_its_arrays_is_refused(name, fitted):
    with pytest.raises(ArtifactError):
        family(name).from_state(fitted.specs, State({}, {}))


def test_state_holds_no_training_rows(fitted):
    assert not [key for key, array in fitted.state().arrays.items() if ROWS in array.shape]


# ---- small and degenerate tables


@pytest.mark.parametrize("names", [("colour",), ("x",), ("z.kind", "z")])
def test_few_columns(name, blocks, names):
    sample = draw(learn(name, only(blocks, *names)), 5000)
    assert [spec.name for spec in sample.specs] == list(names)
    for one in names:
        assert np.nanmean(sample[one]) == pytest.approx(np.nanmean(blocks[one]), abs=0.1)


def test_one_row(name, blocks):
    fitted = learn(name, blocks.take(np.array([0])))
    sample = draw(fitted, 200)
    assert sample.rows == 200
    assert np.isfinite(sample["x"]).all()


def test_constant_columns(name, blocks):
    specs = (Category("same", 1), Category("colour", 3), Real("flat"))
    arrays = {
        "same": np.zeros(ROWS, np.int32),
        "colour": blocks["colour"],
        "flat": np.zeros((ROWS, 1, 1)),
    }
    sample = draw(learn(name, Blocks(specs, arrays, ROWS)), 500)
    assert (sample["same"] == 0).all()
    assert np.isfinite(sample["flat"]).all()


def test_number_that_is_never_present(name, blocks):
    specs = (Category("kind", 2), Real("none", gate=Gate("kind", 1)), Real("x"))
    arrays = {"kind": np.zeros(ROWS, np.int32), "none": np.full((ROWS, 1, 1), np.nan), "x": blocks["x"]}
    sample = draw(learn(name, Blocks(specs, arrays, ROWS)), 500)
    assert np.array_equal(np.isnan(flat(sample, "none")), sample["kind"] != 1)
    assert np.isfinite(sample["x"]).all()


# ---- density


def test_density_is_finite_and_prefers_real_rows(scoring, blocks):
    rng = np.random.default_rng(2)
    fresh = made(1000, seed=9)
    shuffled = {name: array[rng.permutation(1000)] for name, array in fresh.arrays.items()}
    kind = shuffled["z.kind"] = fresh["z.kind"]
    shuffled["z"] = np.where((kind == 2)[:, None, None], fresh["z"], np.nan)
    real, fake = scoring.log_prob(fresh), scoring.log_prob(Blocks(SPECS, shuffled, 1000))
    assert np.isfinite(real).all()
    assert np.isfinite(fake).all()
    assert real.mean() > fake.mean() + 0.3


def test_probabilities_of_all_combinations_sum_to_one(name, scoring, blocks):
    part = only(blocks, "colour", "level", "z.kind")
    grid = np.stack(np.meshgrid(np.arange(3), np.arange(4), np.arange(3)), axis=-1).reshape(-1, 3)
    arrays = {spec.name: grid[:, i].astype(np.int32) for i, spec in enumerate(part.specs)}
    model = learn(name, part)
    chance = np.exp(model.log_prob(Blocks(part.specs, arrays, len(grid))))
    assert chance.sum() == pytest.approx(1, abs=0.03)
    sample = draw(model, 50_000)
    seen = [
        np.mean((sample["colour"] == a) & (sample["level"] == b) & (sample["z.kind"] == c))
        for a, b, c in grid
    ]
    np.testing.assert_allclose(chance, seen, atol=0.02)


def test_density_integrates_to_one(name, scoring, blocks):
    line = np.linspace(-12, 12, 4001)
    model = learn(name, only(blocks, "x"))
    density = np.exp(model.log_prob(Blocks((Real("x"),), {"x": line.reshape(-1, 1, 1)}, len(line))))
    assert np.trapezoid(density, line) == pytest.approx(1, abs=0.03)


# ---- conditions on all rows


CONDITIONS = {
    "equality": {"colour": codes(3, 2)},
    "set": {"level": codes(4, 0, 3)},
    "interval": {"y": RealEvidence(low=0.5, high=1.5)},
    "missing": {"z.kind": codes(3, 0)},
    "gated interval": {"z.kind": codes(3, 2), "z": RealEvidence(low=0.5)},
    "spike or gated interval": {"z.kind": codes(3, 1, 2), "z": RealEvidence(high=-1.0)},
    "several": {"colour": codes(3, 0, 2), "x": RealEvidence(high=0.0), "level": codes(4, 2, 3)},
    "late": {"z.kind": codes(3, 0), "city": codes(4, 0, 1)},
}


def meets(sample, given):
    """Which rows meet the evidence, (rows,) bool."""
    ok = np.ones(sample.rows, bool)
    for block, evidence in given.items():
        if isinstance(evidence, CategoryEvidence):
            ok &= evidence.allowed[sample[block]]
        else:
            value = flat(sample, block)
            ok &= np.isnan(value) | ((value >= evidence.low) & (value <= evidence.high))
    return ok


def assert_same_distribution(left, right, *, least=1e-4):
    """The two samples do not differ in any block by a chi-square or a Kolmogorov-Smirnov test."""
    for spec, array in left:
        if isinstance(spec, Category):
            table = np.stack([np.bincount(side, minlength=spec.k) for side in (array, right[spec.name])])
            table = table[:, table.sum(axis=0) > 0]
            p = 1.0 if table.shape[1] == 1 else stats.chi2_contingency(table).pvalue
        else:
            sides = [flat(side, spec.name) for side in (left, right)]
            sides = [side[~np.isnan(side)] for side in sides]
            p = stats.ks_2samp(*sides).pvalue if min(map(len, sides)) else 1.0
        assert p > least, f"{spec.name}: p = {p:.2g}"


@pytest.mark.parametrize("case", CONDITIONS)
def test_condition_is_obeyed_and_the_rest_follows(conditional, free, case):
    given = CONDITIONS[case]
    sample = draw(conditional, 3000, given=given)
    assert sample.rows == 3000
    assert meets(sample, given).all()
    assert np.array_equal(np.isnan(flat(sample, "z")), sample["z.kind"] != 2)
    assert 3 not in sample["city"]
    brute = free.take(meets(free, given))
    assert_same_distribution(sample, brute.take(np.arange(min(brute.rows, 6000))))
    assert np.corrcoef(flat(sample, "x"), flat(sample, "y"))[0, 1] == pytest.approx(
        np.corrcoef(flat(brute, "x"), flat(brute, "y"))[0, 1], abs=0.08
    )


def test_same_seed_same_conditional_rows(conditional):
    given = CONDITIONS["several"]
    assert equal(draw(conditional, 300, given=given), draw(conditional, 300, given=given))


def test_rare_condition_is_met(conditional, free):
    """About one row in a thousand: the rows are right, and their numbers not copies of a few."""
    given = {
        "x": RealEvidence(low=1.5),
        "level": codes(4, 0, 1),
        "z.kind": codes(3, 1),
        "city": codes(4, 0, 1),
    }
    chance = np.mean(meets(free, given))
    assert 0 < chance < 0.005
    sample = draw(conditional, 1000, given=given)
    assert meets(sample, given).all()
    assert len(np.unique(sample["y"])) > 500
    brute = free.take(meets(free, given))
    assert sample["x"].mean() == pytest.approx(brute["x"].mean(), abs=0.25)
    assert sample["y"].mean() == pytest.approx(brute["y"].mean(), abs=0.4)


@pytest.mark.parametrize(
    "given",
    [
        {"colour": codes(3)},
        {"x": RealEvidence(low=1.0, high=0.0)},
        {"city": codes(4, 3)},
        {"price": codes(3, 1)},
        {"colour": CategoryEvidence(codes=np.zeros(7, np.int32))},
    ],
    ids=["nothing allowed", "empty interval", "only muted", "unknown block", "other number of rows"],
)
def test_impossible_condition_is_refused(conditional, given):
    with pytest.raises(ConditionError):
        draw(conditional, 10, given=given)


# ---- each row's own values


def holes(blocks, name, share, seed):
    """Evidence that knows each row's value but for a share of rows."""
    hidden = np.random.default_rng(seed).random(blocks.rows) < share
    if blocks[name].dtype.kind == "f":
        return RealEvidence(values=np.where(hidden, np.nan, flat(blocks, name)))
    return CategoryEvidence(codes=np.where(hidden, -1, blocks[name]).astype(np.int32))


def test_known_values_are_kept_row_by_row(conditional):
    rows = made(400, seed=4)
    given = {spec.name: holes(rows, spec.name, 0.4, i) for i, spec in enumerate(SPECS) if spec.name != "z"}
    kind = given["z.kind"].codes
    given["z"] = RealEvidence(values=np.where(kind == 2, flat(rows, "z"), np.nan))
    sample = draw(conditional, 400, given=given)
    for block, evidence in given.items():
        known = evidence.codes if isinstance(evidence, CategoryEvidence) else evidence.values
        told = known >= 0 if known.dtype.kind == "i" else ~np.isnan(known)
        assert told.any()
        np.testing.assert_array_equal(flat(sample, block)[told], known[told])
    assert np.array_equal(np.isnan(flat(sample, "z")), sample["z.kind"] != 2)
    hidden = given["city"].codes < 0
    assert 3 not in sample["city"][hidden]


def test_unknown_values_follow_the_known_ones(conditional, free):
    """Rows with one known code each are distributed as the brute force among rows with that code."""
    known = np.repeat([0, 2], 1500).astype(np.int32)
    sample = draw(conditional, 3000, given={"level": CategoryEvidence(codes=known)})
    for code in (0, 2):
        some = sample.take(known == code)
        brute = free.take(np.flatnonzero(free["level"] == code)[:4000])
        assert_same_distribution(some, brute, least=1e-5)


def test_known_numbers_pull_the_others(conditional, free):
    values = np.repeat([-1.5, 1.5], 500)
    sample = draw(conditional, 1000, given={"y": RealEvidence(values=values)})
    np.testing.assert_array_equal(flat(sample, "y"), values)
    for value in (-1.5, 1.5):
        near = np.abs(flat(free, "y") - value) < 0.1
        assert sample["x"][values == value].mean() == pytest.approx(free["x"][near].mean(), abs=0.15)


def test_known_values_and_a_condition_for_all_rows(conditional):
    rows = made(300, seed=6)
    given = {"colour": holes(rows, "colour", 0.0, 0), "y": RealEvidence(low=0.0), "level": codes(4, 1, 2)}
    sample = draw(conditional, 300, given=given)
    np.testing.assert_array_equal(sample["colour"], rows["colour"])
    assert (sample["y"] >= 0).all()
    assert np.isin(sample["level"], [1, 2]).all()


def test_known_muted_code_is_kept(conditional):
    sample = draw(conditional, 50, given={"city": CategoryEvidence(codes=np.full(50, 3, np.int32))})
    assert (sample["city"] == 3).all()


# ---- large tables


def test_rows_in_files_are_learned_as_rows_in_memory_are(name, fitted, blocks, monkeypatch):
    monkeypatch.setattr(space, "LIMIT", 1000)
    held = Blocks(
        blocks.specs, {key: space.moved(array) for key, array in blocks.arrays.items()}, blocks.rows
    )
    assert equal(draw(fitted, 500), draw(learn(name, held), 500))
