import json

import numpy as np
import pytest

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import Budget, State
from reverie.models.families import vae
from reverie.models.mixture import Mixture
from reverie.schema.blocks import Blocks, Category, Gate, Real

SMALL = {
    "latents": 4, "width": 32, "depth": 1, "bins": 16, "parts": 4, "components": 4,
    "training": {"epochs": 10, "rate": 5e-3, "least_steps": 20, "cosine": True, "average": 0.98},
}  # fmt: skip
SPECS = (Category("kind", 2), Real("x", gate=Gate("kind", 1)), Category("class", 2), Category("copy", 2))


def made(rows, seed=0, rare=0.5, missing=0.3):
    """A number, often missing, that is far to the right in the rows of the rare class."""
    rng = np.random.default_rng(seed)
    kind, rarely = rng.random(rows) >= missing, rng.random(rows) < rare
    x = np.where(kind, rng.normal(size=rows) + 3 * rarely, np.nan).reshape(-1, 1, 1)
    codes = {"kind": kind, "class": rarely, "copy": rarely}
    return Blocks(SPECS, {"x": x} | {name: code.astype(np.int32) for name, code in codes.items()}, rows)


def learn(blocks, weights=None, seed=0, **options):
    return vae.fit(
        blocks, config=vae.Config(**{**SMALL, **options}), rng=np.random.default_rng(seed),
        weights=weights, budget=Budget(threads=1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return learn(made(800))


def test_latents_are_not_collapsed_and_the_prior_is_where_they_are(fitted):
    rows = made(400, seed=3)
    mean, scale = fitted.encode(rows)
    assert np.max(mean.var(axis=0)) > 0.3
    places = mean + scale * np.random.default_rng(0).standard_normal(mean.shape)
    assert fitted.prior.log_density(places).mean() > Mixture.standard(4).log_density(places).mean()
    sample = fitted.sample(5000, rng=np.random.default_rng(0))
    assert np.mean(sample["class"] == sample["copy"]) > 0.95


def test_rare_class_and_missing_cells_are_kept(fitted):
    sample = learn(made(1500, rare=0.02), seed=1).sample(20_000, rng=np.random.default_rng(0))
    assert np.mean(sample["class"]) == pytest.approx(0.02, abs=0.012)
    assert np.mean(np.isnan(sample["x"])) == pytest.approx(0.3, abs=0.05)


def test_parts_of_training_share_the_steps(fitted):
    config = vae.Config(training={"epochs": 60, "steps": 4000, "batch": 512, "least_steps": 20})
    net, variables = fitted.net, fitted.variables
    training, bound = vae._part(net, variables, config, 0.4, 100_000)
    assert (training["epochs"], training["steps"]) == (24, 1600)
    assert bound.anneal == int(0.7 * 1600)
    assert vae._part(net, variables, config, 0.4, 1000)[1].anneal == 336


def test_frequencies_are_of_weighted_rows_and_of_none_absent(fitted):
    codes = np.full((4, 5), -1, np.int32)
    at = fitted.variables.first["class"]
    codes[:, at] = [0, 0, 1, 1]
    found = vae._frequencies(fitted.variables, codes, np.array([1.0, 1.0, 3.0, 3.0]))
    here = fitted.variables.order.index("class")
    np.testing.assert_allclose(found[here], [1.5, 3.5])
    assert found[fitted.variables.order.index("x")].sum() == 0.5 * len(
        found[fitted.variables.order.index("x")]
    )


@pytest.mark.parametrize(
    "damage",
    [
        {"json": {"parts": []}},
        {"json": {"sizes": [4, 33, 1]}},
        {"arrays": {"prior.weights": np.array([2.0])}},
        {"arrays": {"knots.0": np.zeros(65)}},
        {"arrays": {"tails.0": np.array([0.0, 1.0])}},
        {"arrays": {"net.decoder.start.weight": np.zeros((32, 4)) * np.nan}},
    ],
    ids=lambda damage: str(next(iter(next(iter(damage.values()))))),
)
def test_damaged_state_is_refused(fitted, damage):
    state = fitted.state()
    whole = State(
        json.loads(json.dumps(state.json)) | damage.get("json", {}),
        dict(state.arrays) | damage.get("arrays", {}),
    )
    with pytest.raises(ArtifactError):
        vae.from_state(SPECS, whole)


def test_vectors_are_refused():
    blocks = Blocks((Real("picture", 2, 3),), {"picture": np.zeros((10, 2, 3))}, 10)
    with pytest.raises(ConfigError, match="picture"):
        learn(blocks)
