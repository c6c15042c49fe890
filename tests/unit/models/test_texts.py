"""Texts beside rows: learned jointly, each given the other."""

import numpy as np
import pytest

from reverie.core.errors import ArtifactError
from reverie.models import texts
from reverie.models.base import Budget, State
from reverie.models.families.diffusion import Config, fit, from_state
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Tokens, TokensEvidence

TEXT = Tokens("t", 300, 8, Gate("there", 1))
SPECS = (Category("a", 2), Category("there", 2), TEXT)
CONFIG = Config(width=32, depth=1, dropout=0.0, rate=5e-3, text_width=32, text_depth=1, text_updates=300)


def written(codes, rng):
    """Codes from 100 on where the category is 0, and from 200 on where it is 1."""
    found = 100 + 100 * codes[:, None] + rng.integers(10, size=(len(codes), 8))
    return np.where(np.arange(8) < rng.integers(3, 8, size=(len(codes), 1)), found, -1).astype(np.int32)


def made(rows=300):
    rng = np.random.default_rng(0)
    a, there = rng.integers(2, size=rows).astype(np.int32), (rng.random(rows) < 0.9).astype(np.int32)
    text = written(a, rng)
    text[there == 0] = -1
    return Blocks(SPECS, {"a": a, "there": there, "t": text}, rows)


@pytest.fixture(scope="module")
def model():
    return fit(made(), config=CONFIG, rng=np.random.default_rng(1), budget=Budget(threads=1))


def draw(model, n=200, **options):
    return model.sample(n, rng=np.random.default_rng(2), **options)


def said(text):
    """Which category texts are of, by most of their codes."""
    return ((text >= 200).sum(1) > (text >= 0).sum(1) / 2).astype(int)


def test_texts_say_what_rows_hold(model):
    rows = draw(model)
    there = rows["there"] == 1
    assert rows.specs == SPECS
    assert (rows["t"][~there] == -1).all()
    assert (rows["t"][there][:, 0] >= 0).all()
    assert (said(rows["t"][there]) == rows["a"][there]).mean() > 0.85


def test_rows_hold_what_given_texts_say(model):
    wanted = np.arange(100) % 2
    given = {"t": TokensEvidence(values=written(wanted, np.random.default_rng(3)))}
    rows = draw(model, 100, given={**given, "there": CategoryEvidence(allowed=np.array([False, True]))})
    assert (rows["a"] == wanted).mean() > 0.85
    np.testing.assert_array_equal(rows["t"], given["t"].values)


def test_one_text_or_its_beginning_can_be_given_for_all_rows(model):
    value = written(np.array([1]), np.random.default_rng(3))
    rows = draw(model, 50, given={"t": TokensEvidence(values=value)})
    assert (rows["a"] == 1).mean() > 0.85
    begun = draw(model, 50, given={"t": TokensEvidence(begins=value[0, :2])})
    there = begun["there"] == 1
    assert (begun["t"][there, :2] == value[0, :2]).all()
    assert (begun["a"][there] == 1).mean() > 0.8


def test_texts_are_written_where_some_are_free(model):
    values = written(np.zeros(20, int), np.random.default_rng(3))
    values[10:] = -1
    codes = CategoryEvidence(codes=np.ones(20, np.int32))
    rows = draw(model, 20, given={"t": TokensEvidence(values=values), "there": codes})
    np.testing.assert_array_equal(rows["t"][:10], values[:10])
    assert (rows["t"][10:, 0] >= 0).all()


def test_a_model_is_rebuilt_with_its_texts(model):
    again = from_state(SPECS, model.state())
    np.testing.assert_array_equal(draw(again, 10)["t"], draw(model, 10)["t"])


def test_no_rows(model):
    assert draw(model, 0)["t"].shape == (0, 8)


def test_texts_alone_are_learned():
    blocks = Blocks((Tokens("t", 300, 8),), {"t": written(np.zeros(60, int), np.random.default_rng(0))}, 60)
    config = Config(width=16, depth=1, text_width=32, text_depth=1, text_updates=10)
    model = fit(blocks, config=config, rng=np.random.default_rng(0), budget=Budget(threads=1))
    assert (said(draw(model, 20)["t"]) == 0).mean() > 0.8


@pytest.mark.parametrize(
    "options",
    [
        {"text_width": 33},
        {"text_width": 1 << 20},
        {"text_depth": 10**6},
        {"text_dropout": 2.0},
        {"temperature": 0.0},
        {"top": 0.0},
        {"text_guidance": float("nan")},
        {"text_depth": "x"},
    ],
)
def test_options_that_make_no_sense_are_no_model(model, options):
    state = model.state()
    wrong = State({**state.json, "config": {**state.json["config"], **options}}, state.arrays)
    with pytest.raises(ArtifactError, match="not a model of this family"):
        from_state(SPECS, wrong)


def test_counts_that_make_no_sense_are_no_model(model):
    state = model.state()
    pairs = state.arrays["net.towers.0.grams.pairs"].copy()
    assert len(pairs)
    pairs[0, 0] = 1 << 20
    with pytest.raises(ArtifactError, match="not a model of this family"):
        from_state(SPECS, State(state.json, {**state.arrays, "net.towers.0.grams.pairs": pairs}))


def test_options_are_of_the_texts():
    found = texts.fitted(texts.Options(text_depth=1), made(20))
    assert (found.text_width, found.text_depth, found.text_dropout) == (texts.SMALLER[0], 1, texts.SMALLER[2])
    assert texts.style(texts.Options(top=0.5)).top == 0.5
    with pytest.raises(ValueError, match="no such texts"):
        texts.check(texts.Options(top=2.0))


def test_a_budget_lets_many_rows_be_learned_for_longer():
    told, timed, many = texts.Options(text_updates=7), Budget(seconds=1.0), 1_000_000
    assert texts.course(told, many, timed)["steps"] == 7
    assert texts.course(texts.Options(), many, Budget())["steps"] == texts.UPDATES
    assert texts.course(texts.Options(), 10, timed)["steps"] == texts.UPDATES
    assert texts.course(texts.Options(), many, timed)["steps"] == texts.PASSES * many // texts.BATCH


def test_rows_are_parted_from_texts():
    rows = texts.rows_of(made(5))
    assert [spec.name for spec in rows.specs] == ["a", "there"]
    assert set(rows.arrays) == {"a", "there"}


def test_many_texts_take_a_larger_network(monkeypatch):
    assert texts.usual(made(20)) == texts.SMALLER
    monkeypatch.setattr(texts, "FEW_CODES", 10)
    assert texts.usual(made(20)) == texts.LARGER
    assert texts.arrays_of(made(5))["text0"].shape == (5, 8)
