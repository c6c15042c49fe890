import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import reverie as rv
from reverie.core.errors import ConfigError, DataError
from reverie.io.moulds import Mould
from reverie.models.base import Budget
from reverie.models.families import gan, vae
from reverie.reports import latent_map
from reverie.sampling import variation
from reverie.sampling.learning import learn
from reverie.sampling.table import Learned, describe
from reverie.schema.types import Constraint

SMALL = vae.Config(
    latents=4, width=32, depth=1, bins=16, parts=4, components=2,
    training={"epochs": 16, "rate": 5e-3, "least_steps": 20, "cosine": True, "average": 0.98},
)  # fmt: skip


@pytest.fixture(scope="module")
def clouds() -> pa.Table:
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, 500)
    low = np.round(10 * side + rng.normal(size=500), 3)
    return pa.table(
        {
            "side": np.array(["left", "right"])[side],
            "low": low,
            "high": low + np.round(rng.gamma(1.0, size=500), 3),
        }
    )


@pytest.fixture(scope="module")
def space(clouds: pa.Table) -> Learned:
    rule = Constraint(kind="inequality", columns=("low", "high"))
    table = describe("clouds", clouds, [rule])
    return learn(clouds, table, chosen="vae", config=SMALL, critic=False, budget=Budget(threads=1))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_rows_have_places(space: Learned, clouds: pa.Table, rng: np.random.Generator) -> None:
    assert variation.encode(space, clouds.slice(0, 9), rng).shape == (9, 4)


def test_variations_are_of_their_own_row(space: Learned, clouds: pa.Table, rng: np.random.Generator) -> None:
    some = clouds.slice(0, 40)
    varied = variation.vary(space, some, 0.2, 3, rng)
    assert varied.num_rows == 120
    assert varied.schema == clouds.schema
    same = np.repeat(np.array(some["side"].to_pylist()), 3) == np.array(varied["side"].to_pylist())
    assert same.mean() > 0.85
    assert space.rules.valid(varied).all()


def test_way_has_both_ends(space: Learned, clouds: pa.Table, rng: np.random.Generator) -> None:
    left, right = (clouds.filter(pc.equal(clouds["side"], side)).slice(0, 20) for side in ("left", "right"))
    way = variation.interpolate(space, left, right, 4, rng)
    sides = np.array(way["side"].to_pylist()).reshape(20, 4)
    assert np.mean(sides[:, 0] == "left") > 0.85
    assert np.mean(sides[:, -1] == "right") > 0.85


def test_column_that_is_not_there_is_named(
    space: Learned, clouds: pa.Table, rng: np.random.Generator
) -> None:
    with pytest.raises(DataError, match="high"):
        variation.vary(space, clouds.drop_columns(["high"]), 0.2, 1, rng)


def test_family_without_a_space_names_one_with(
    learned: Learned, people: pa.Table, rng: np.random.Generator
) -> None:
    with pytest.raises(ConfigError, match="copula") as error:
        variation.vary(learned, people, 0.2, 1, rng)
    assert "vae" in str(error.value)


@pytest.fixture
def synthesizer(space: Learned) -> rv.Synthesizer:
    made = rv.Synthesizer(model="vae")
    made.model_, made.seed_, made._mould = space, 5, Mould()
    return made


def test_synthesizer_offers_them_all(synthesizer: rv.Synthesizer, clouds: pa.Table) -> None:
    some = clouds.slice(0, 6)
    assert synthesizer.encode(some).shape == (6, 4)
    assert synthesizer.vary(some, 0.2, n=2).num_rows == 12
    assert synthesizer.vary(some, 0.2).equals(synthesizer.vary(some, 0.2))
    assert not synthesizer.vary(some, 0.2, seed=1).equals(synthesizer.vary(some, 0.2, seed=2))
    assert synthesizer.interpolate(some, some, 3).num_rows == 18
    with pytest.raises(ConfigError, match="steps"):
        synthesizer.interpolate(some, some, 1)
    assert synthesizer.reconstruct(some).equals(synthesizer.vary(some, 0.0))


def test_places_become_rows_again(synthesizer: rv.Synthesizer, clouds: pa.Table) -> None:
    again = synthesizer.decode(synthesizer.encode(clouds))
    assert np.mean(np.asarray(again["side"]) == np.asarray(clouds["side"])) > 0.9
    assert pc.all(pc.less_equal(again["low"], again["high"])).as_py()
    assert synthesizer.decode(np.zeros((0, 4))).num_rows == 0


@pytest.mark.parametrize("places", [np.zeros((2, 3)), np.zeros(4), np.full((1, 4), np.nan)])
def test_places_of_another_space_are_refused(synthesizer: rv.Synthesizer, places: np.ndarray) -> None:
    with pytest.raises(DataError, match="latents"):
        synthesizer.decode(places)


def test_map_shows_generated_rows_by_any_column(
    synthesizer: rv.Synthesizer, clouds: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latent_map, "DRAWN", 200)
    told = synthesizer.latent_map(clouds, "side").svg
    assert ">left<" in told
    assert "200 generated rows" in told
    assert told == synthesizer.latent_map(clouds, "side").svg
    assert "high" in synthesizer.latent_map(clouds.slice(0, 1)).svg
    with pytest.raises(ConfigError, match="Did you mean: side"):
        synthesizer.latent_map(clouds, "sides")


def test_rows_that_do_not_belong_together_look_less_real(clouds: pa.Table, rng: np.random.Generator) -> None:
    config = gan.Config(latent=8, width=64, batch=128, least_steps=300, lessons=200)
    table, budget = describe("clouds", clouds, []), Budget(threads=1)
    model = learn(clouds, table, chosen="gan", config=config, critic=False, budget=budget)
    odd = clouds.set_column(0, "side", pa.array(np.array(clouds["side"].to_pylist())[::-1]))
    moved = np.array(odd["side"].to_pylist()) != np.array(clouds["side"].to_pylist())
    real, crossed = (variation.realism(model, rows, rng) for rows in (clouds, odd))
    assert ((real >= 0) & (real <= 1)).all()
    assert np.median(real) == pytest.approx(0.5, abs=0.15)
    assert np.mean(crossed[moved] < real[moved]) > 0.9


def test_family_without_a_critic_names_one_with(synthesizer: rv.Synthesizer, clouds: pa.Table) -> None:
    with pytest.raises(ConfigError, match="vae") as error:
        synthesizer.realism(clouds)
    assert "gan" in str(error.value)
