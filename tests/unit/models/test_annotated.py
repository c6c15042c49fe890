"""Texts beside rows that are drawn column by column: each given the other, and the density of both."""

import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models import media
from reverie.models.annotated import Annotated
from reverie.models.base import Budget, State, Varying
from reverie.models.families.autoregressive import Config, fit, from_state
from reverie.schema.blocks import (
    Blocks,
    Category,
    CategoryEvidence,
    Gate,
    Real,
    RealEvidence,
    Tokens,
    TokensEvidence,
)

TEXT = Tokens("t", 300, 8, Gate("there", 1))
SPECS = (Category("a", 2), TEXT, Category("there", 2), Real("x"))
CONFIG = Config(
    width=32, narrow=8, coarse=8, fine=2, dropout=0.0, text_width=32, text_depth=1, text_dropout=0.0,
    text_updates=300,
)  # fmt: skip


def written(codes, rng):
    """Codes from 100 on where the category is 0, and from 200 on where it is 1."""
    found = 100 + 100 * codes[:, None] + rng.integers(10, size=(len(codes), 8))
    return np.where(np.arange(8) < rng.integers(3, 8, size=(len(codes), 1)), found, -1).astype(np.int32)


def made(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    a, there = rng.integers(2, size=rows).astype(np.int32), (rng.random(rows) < 0.8).astype(np.int32)
    text = written(a, rng)
    text[there == 0] = -1
    x = (a - 0.5 + 0.3 * rng.normal(size=rows)).reshape(-1, 1, 1)
    return Blocks(SPECS, {"a": a, "t": text, "there": there, "x": x}, rows)


@pytest.fixture(scope="module")
def model():
    found = fit(made(), config=CONFIG, rng=np.random.default_rng(1), budget=Budget(threads=1))
    assert isinstance(found, Annotated)
    return found


def draw(model, n=200, **options):
    return model.sample(n, rng=np.random.default_rng(2), **options)


def said(text):
    """Which category texts are of, by most of their codes."""
    return ((text >= 200).sum(1) > (text >= 0).sum(1) / 2).astype(int)


def test_texts_say_what_rows_hold_and_are_there_where_they_should(model):
    rows = draw(model)
    there = rows["there"] == 1
    assert rows.specs == SPECS
    assert 0.6 < there.mean() < 0.95
    assert (rows["t"][~there] == -1).all()
    assert (rows["t"][there][:, 0] >= 0).all()
    assert (said(rows["t"][there]) == rows["a"][there]).mean() > 0.8


def test_a_condition_of_all_rows_gives_their_texts(model):
    given = {"a": CategoryEvidence(allowed=np.array([False, True])), "x": RealEvidence(low=0.3)}
    rows = draw(model, given=given)
    assert (rows["a"] == 1).all()
    assert (rows["x"] >= 0.3).all()
    assert (said(rows["t"][rows["there"] == 1]) == 1).mean() > 0.8


def test_rows_hold_what_their_own_texts_say(model):
    wanted = np.arange(100) % 2
    given = {"t": TokensEvidence(values=written(wanted, np.random.default_rng(3)))}
    rows = draw(model, 100, given=given)
    assert (rows["a"] == wanted).mean() > 0.9
    assert ((rows["x"].ravel() > 0) == (wanted == 1)).mean() > 0.85
    present = rows["there"] == 1
    np.testing.assert_array_equal(rows["t"][present], given["t"].values[present])


def test_own_texts_and_conditions_hold_together(model):
    wanted = np.arange(60) % 2
    known = np.where(np.arange(60) < 30, np.nan, 0.1)
    given = {
        "t": TokensEvidence(values=written(wanted, np.random.default_rng(3))),
        "there": CategoryEvidence(allowed=np.array([False, True])),
        "x": RealEvidence(values=known),
    }
    rows = draw(model, 60, given=given)
    np.testing.assert_array_equal(rows["t"], given["t"].values)
    assert (rows["x"].ravel()[30:] == 0.1).all()
    assert (rows["a"] == wanted).mean() > 0.9


def test_one_text_or_its_beginning_can_be_given_for_all_rows(model):
    value = written(np.array([1]), np.random.default_rng(3))
    there = CategoryEvidence(allowed=np.array([False, True]))
    rows = draw(model, 50, given={"t": TokensEvidence(values=value), "there": there})
    assert (rows["a"] == 1).mean() > 0.9
    begun = draw(model, 50, given={"t": TokensEvidence(begins=value[0, :2]), "there": there})
    assert (begun["t"][:, :2] == value[0, :2]).all()
    assert (begun["a"] == 1).mean() > 0.85


def test_texts_are_written_where_some_are_free(model):
    values = written(np.zeros(20, int), np.random.default_rng(3))
    values[10:] = -1
    codes = CategoryEvidence(codes=np.ones(20, np.int32))
    rows = draw(model, 20, given={"t": TokensEvidence(values=values), "there": codes, "a": codes})
    np.testing.assert_array_equal(rows["t"][:10], values[:10])
    assert (rows["a"] == 1).all()
    assert (said(rows["t"][10:]) == 1).mean() > 0.8


def test_the_density_tells_a_true_text_from_one_of_another_row(model):
    fresh = made(200, seed=5)
    wrong = Blocks(SPECS, {**fresh.arrays, "a": 1 - fresh["a"], "x": -fresh["x"]}, 200)
    there = fresh["there"] == 1
    true, false = model.log_prob(fresh), model.log_prob(wrong)
    assert np.isfinite(true).all()
    assert np.mean(true[there] > false[there]) > 0.9
    assert np.mean(true[there] - false[there]) > 1.5
    # Without its text a row of the other kind is as likely.
    assert abs(true[~there].mean() - false[~there].mean()) < 1


def test_the_density_is_of_the_row_and_of_the_text_given_it(model):
    """Over all texts of one and two codes, and what is begun by two, probabilities sum to one."""
    torch.manual_seed(0)
    short = Tokens("t", 6, 2, Gate("there", 1))
    specs = (SPECS[0], short, SPECS[2])
    rng, a = np.random.default_rng(0), np.arange(80, dtype=np.int32) % 2
    text = np.stack([a, rng.integers(-1, 6, 80)], 1).astype(np.int32)
    blocks = Blocks(specs, {"a": a, "t": text, "there": np.ones(80, np.int32)}, 80)
    config = Config(width=16, narrow=4, text_width=32, text_depth=1, text_updates=10)
    small = fit(blocks, config=config, rng=rng, budget=Budget(threads=1))
    every = [(-1, -1)] + [(one, two) for one in range(6) for two in range(-1, 6)]
    rows = len(every)
    for code in range(2):
        whole = Blocks(
            specs,
            {
                "a": np.full(rows, code, np.int32),
                "t": np.array(every, np.int32),
                "there": np.ones(rows, np.int32),
            },
            rows,
        )
        absent = whole.take(np.array([0]))
        absent = Blocks(specs, {**absent.arrays, "there": np.zeros(1, np.int32)}, 1)
        row = Blocks((specs[0], specs[2]), {name: whole[name][:1] for name in ("a", "there")}, 1)
        alone = small.rows_alone.told(small.beside.told(None, 1)).log_prob(row)
        assert np.exp(small.log_prob(whole)).sum() == pytest.approx(np.exp(alone[0]), rel=1e-4)
        assert np.isfinite(small.log_prob(absent)).all()


def test_a_model_is_rebuilt_with_its_texts(model):
    again = from_state(SPECS, State(dict(model.state().json), dict(model.state().arrays)))
    one, other = draw(again, 30), draw(model, 30)
    for spec, array in one:
        np.testing.assert_array_equal(array, other[spec.name])
    np.testing.assert_allclose(again.log_prob(made(20)), model.log_prob(made(20)), rtol=1e-6)


def test_no_rows(model):
    assert draw(model, 0)["t"].shape == (0, 8)
    given = {"t": TokensEvidence(values=np.zeros((0, 8), np.int32))}
    assert draw(model, 0, given=given)["a"].shape == (0,)


def test_rows_are_varied_and_guided(model):
    assert isinstance(model, Varying)
    some = made(40, seed=4)
    near, far = (model.vary(some, strength, np.random.default_rng(2)) for strength in (0.0, 1.0))
    np.testing.assert_array_equal(near["t"], some["t"])
    assert (far["t"] != some["t"]).mean() > 0.3
    way = model.interpolate(some.take(np.arange(2)), some.take(np.arange(2, 4)), 3, np.random.default_rng(0))
    np.testing.assert_array_equal(way["t"][[0, 3]], some["t"][:2])
    guided = model.guided(3.0)
    assert (guided.beside.style.guidance, model.beside.style.guidance) == (3.0, CONFIG.text_guidance)
    rows = draw(guided, 60)
    there = rows["there"] == 1
    assert (said(rows["t"][there]) == rows["a"][there]).mean() > 0.75


def test_each_text_is_given_the_others():
    specs = (Category("a", 3), Tokens("t", 300, 4), Tokens("u", 300, 4))
    rng = np.random.default_rng(0)
    a, secret = rng.integers(3, size=400), rng.integers(2, size=400)
    texts = {name: (100 + 100 * secret[:, None] + rng.integers(5, size=(400, 4))) for name in "tu"}
    arrays = {"a": a.astype(np.int32)} | {name: array.astype(np.int32) for name, array in texts.items()}
    found = fit(Blocks(specs, arrays, 400), config=CONFIG, rng=rng, budget=Budget(threads=1))
    rows = draw(found, 100)
    assert (said(rows["t"]) == said(rows["u"])).mean() > 0.85
    crossed = Blocks(specs, {**arrays, "u": arrays["u"][::-1].copy()}, 400)
    same = secret == secret[::-1]
    gain = found.log_prob(Blocks(specs, arrays, 400)) - found.log_prob(crossed)
    assert gain[~same].mean() > abs(gain[same].mean()) + 1
    assert media.media_of(specs) == specs[1:]


def test_texts_alone_are_learned():
    blocks = Blocks((Tokens("t", 300, 8),), {"t": written(np.zeros(60, int), np.random.default_rng(0))}, 60)
    config = Config(width=16, text_width=32, text_depth=1, text_updates=10)
    model = fit(blocks, config=config, rng=np.random.default_rng(0), budget=Budget(threads=1))
    assert (said(draw(model, 20)["t"]) == 0).mean() > 0.8
    assert model.log_prob(blocks).shape == (60,)
    again = from_state(blocks.specs, model.state())
    np.testing.assert_array_equal(draw(again, 5)["t"], draw(model, 5)["t"])


def test_grids_are_refused():
    specs = (Real("g", 4, 1, None, (2, 2)), Tokens("t", 300, 8))
    arrays = {
        "g": np.zeros((20, 4, 1), np.float32),
        "t": written(np.zeros(20, int), np.random.default_rng(0)),
    }
    with pytest.raises(ConfigError, match="g: holds vectors"):
        fit(Blocks(specs, arrays, 20), config=CONFIG, rng=np.random.default_rng(0), budget=Budget(threads=1))


@pytest.mark.parametrize(
    "options",
    [
        {"text_width": 33},
        {"text_depth": 10**6},
        {"temperature": 0.0},
        {"top": float("nan")},
        {"text_guidance": float("inf")},
        {"text_depth": "x"},
        {"unknown": 1},
    ],
)
def test_options_that_make_no_sense_are_no_model(model, options):
    state = model.state()
    wrong = State({**state.json, "texts": {**state.json["texts"], **options}}, state.arrays)
    with pytest.raises(ArtifactError, match="not a model of this family"):
        from_state(SPECS, wrong)


def test_weights_that_make_no_sense_are_no_model(model):
    state = model.state()
    for name in ("net.absent", "net.towers.0.bias", "net.towers.0.grams.pairs"):
        array = state.arrays[name]
        with pytest.raises(ArtifactError):
            from_state(SPECS, State(state.json, {**state.arrays, name: array[..., :-1]}))
    with pytest.raises(ArtifactError, match="not a model of this family"):
        from_state((*SPECS[:1], Tokens("t", 300, 8, Gate("gone", 1)), *SPECS[2:]), state)
    pairs = state.arrays["net.towers.0.grams.pairs"].copy()
    pairs[0, 0] = 1 << 20
    with pytest.raises(ArtifactError, match="not a model of this family"):
        from_state(SPECS, State(state.json, {**state.arrays, "net.towers.0.grams.pairs": pairs}))
