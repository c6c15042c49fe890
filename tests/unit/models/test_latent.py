import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models.base import Budget
from reverie.models.families import vae
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence

ROWS = 900
SPECS = (Category("side", 2), Real("x"), Real("y"), Category("kind", 2), Real("z", gate=Gate("kind", 1)))


def made(rows, seed):
    """Two far clouds, told by `side`; z is there on the right alone."""
    rng = np.random.default_rng(seed)
    side = rng.integers(0, 2, rows)
    x = (2 * side - 1) + 0.3 * rng.normal(size=rows)
    y, z = x + 0.2 * rng.normal(size=rows), np.where(side == 1, rng.normal(size=rows), np.nan)
    numbers = {name: each.reshape(-1, 1, 1) for name, each in (("x", x), ("y", y), ("z", z))}
    codes = {"side": side.astype(np.int32), "kind": side.astype(np.int32)}
    return Blocks(SPECS, codes | numbers, rows)


@pytest.fixture(scope="module")
def model():
    config = vae.Config(
        latents=4, width=32, depth=1, bins=16, parts=4, components=4,
        training={"epochs": 8, "rate": 5e-3, "least_steps": 20, "cosine": True, "average": 0.98},
    )  # fmt: skip
    return vae.fit(made(ROWS, 0), config=config, rng=np.random.default_rng(0), budget=Budget(threads=1))


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def rows():
    return made(300, 5)


def flat(blocks, name):
    return blocks[name].reshape(-1)


def equal(a, b):
    return all(np.array_equal(array, b[spec.name], equal_nan=True) for spec, array in a)


def test_rows_lie_in_the_space_with_a_deviation(model, rows):
    mean, scale = model.encode(rows)
    assert mean.shape == scale.shape == (300, 4)
    assert (scale > 0).all()
    assert np.ptp(scale.min(axis=1)) < 1  # each row is known in some direction
    assert scale.min() < 0.7


def test_reconstructed_rows_are_like_their_own(model, rows, rng):
    again = model.reconstruct(rows, rng)
    assert np.mean(again["side"] == rows["side"]) > 0.97
    assert np.corrcoef(flat(again, "x"), flat(rows, "x"))[0, 1] > 0.85
    assert np.array_equal(np.isnan(flat(again, "z")), again["kind"] != 1)


def test_decoding_is_of_the_generator_alone(model, rows):
    latent = model.encode(rows)[0]
    one, two = (model.decode(latent, np.random.default_rng(3)) for _ in range(2))
    assert equal(one, two)
    assert model.decode(latent[:0], np.random.default_rng(3)).rows == 0


def test_no_strength_gives_the_rows_as_they_are_known(model, rows):
    varied = model.vary(rows, 0.0, np.random.default_rng(2))
    assert equal(varied, model.reconstruct(rows, np.random.default_rng(2)))


def test_strength_lets_rows_go_by_degrees(model, rows, rng):
    found = [
        np.corrcoef(flat(model.vary(rows, strength, rng), "x"), flat(rows, "x"))[0, 1]
        for strength in (0.0, 0.5, 1.0)
    ]
    assert found[0] > found[1] + 0.05 > found[2]
    assert abs(found[2]) < 0.2


def test_variations_of_generated_rows_are_generated_rows(model, rng):
    """The move leaves the prior as it is: the two clouds stay as heavy, and apart."""
    points = model.prior.sample(4000, rng)
    moved = model.move(points, 0.6, rng)
    assert np.mean(moved, axis=0) == pytest.approx(points.mean(axis=0), abs=0.1)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(points.T), atol=0.12)


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_strength_out_of_bounds_is_refused(model, rows, rng, strength):
    with pytest.raises(ConfigError, match="strength"):
        model.vary(rows, strength, rng)


def test_way_leads_from_row_to_row(model, rng):
    left = made(400, 1)
    left, right = left.take(left["side"] == 0), left.take(left["side"] == 1)
    n = min(left.rows, right.rows, 60)
    way = model.interpolate(left.take(np.arange(n)), right.take(np.arange(n)), 5, rng)
    assert way.rows == 5 * n
    x = flat(way, "x").reshape(n, 5).mean(axis=0)
    assert x[0] == pytest.approx(flat(left, "x")[:n].mean(), abs=0.25)
    assert x[-1] == pytest.approx(flat(right, "x")[:n].mean(), abs=0.25)
    assert (np.diff(x) > -0.1).all()


def test_way_between_unequal_rows_is_refused(model, rows, rng):
    with pytest.raises(ConfigError, match="rows"):
        model.interpolate(rows, rows.take(np.arange(2)), 5, rng)
    with pytest.raises(ConfigError, match="steps"):
        model.interpolate(rows, rows, 1, rng)


def test_density_of_a_row_does_not_hang_on_its_neighbours(model, rows):
    whole = model.log_prob(rows)
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(model.log_prob(rows.take(np.arange(7))), whole[:7], rtol=1e-5)


def test_cross_of_the_clouds_is_less_likely(model, rows):
    crossed = Blocks(SPECS, dict(rows.arrays) | {"side": 1 - rows["side"]}, rows.rows)
    assert model.log_prob(rows).mean() > model.log_prob(crossed).mean() + 2


def test_given_cells_tell_of_the_others(model, rng):
    codes = np.repeat([0, 1], 200).astype(np.int32)
    given = {"side": CategoryEvidence(codes=codes), "z": RealEvidence(low=0.0)}
    found = model.sample(400, rng=rng, given=given)
    assert flat(found, "x")[codes == 0].mean() < -0.7
    assert flat(found, "x")[codes == 1].mean() > 0.7
    assert np.nanmin(flat(found, "z")) >= 0


def test_arranged_draws_what_is_known_first(model):
    assert model.arranged({"y": RealEvidence(low=0.0)}).order[0] == "y"
    assert model.arranged({"z": RealEvidence(low=0.0)}).order[:2] == ("kind", "z")
