import numpy as np
import pytest

from reverie.models.chain import can_settle, settle
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence

SPREAD, ROWS = 0.5, 20_000


class Line:
    """x and y are a standard normal latent and noise of their own; the encoder is deliberately a bit off."""

    specs = (Real("x"), Real("y"))
    chunk = 1 << 13

    def encode(self, blocks):
        total = blocks["x"].reshape(-1, 1) + blocks["y"].reshape(-1, 1)
        return 0.9 * total / (2 + SPREAD**2), np.full(total.shape, 1.3 * (1 + 2 / SPREAD**2) ** -0.5)

    def log_joint(self, blocks, latent):
        errors = [(blocks[name].reshape(-1) - latent[:, 0]) / SPREAD for name in ("x", "y")]
        return -0.5 * (np.square(errors).sum(axis=0) + latent[:, 0] ** 2)

    def decode(self, latent, rng, given=None):
        drawn = {name: latent[:, 0] + SPREAD * rng.standard_normal(len(latent)) for name in ("x", "y")}
        for name, evidence in (given or {}).items():
            drawn[name] = np.where(np.isnan(evidence.values), drawn[name], evidence.values)
        return Blocks(self.specs, {k: v.reshape(-1, 1, 1) for k, v in drawn.items()}, len(latent))


def test_chain_ends_in_the_conditional_distribution():
    """y given x = 2 is normal of mean x / (1 + s²), from a start as far off as the prior."""
    rng = np.random.default_rng(0)
    x = np.where(np.arange(ROWS) % 2 == 0, 2.0, np.nan)
    start = Line().decode(rng.standard_normal((ROWS, 1)), rng, {"x": RealEvidence(values=x)})
    found = settle(Line(), start, {"x": RealEvidence(values=x)}, rng)
    known, free = (found["y"].reshape(-1)[i::2] for i in (0, 1))
    np.testing.assert_array_equal(found["x"].reshape(-1)[::2], 2.0)
    share = 1 / (1 + SPREAD**2)
    assert known.mean() == pytest.approx(2 * share, abs=0.03)
    assert known.var() == pytest.approx(1 / share - share, abs=0.03)
    assert free.mean() == pytest.approx(0, abs=0.05)
    assert free.var() == pytest.approx(1 / share, abs=0.06)
    assert abs(start["y"].reshape(-1)[::2].mean() - 2 * share) > 0.5


def test_rows_are_not_changed_in_place():
    rng = np.random.default_rng(0)
    start = Line().decode(rng.standard_normal((10, 1)), rng)
    kept = start["y"].copy()
    settle(Line(), start, {"x": RealEvidence(values=np.zeros(10))}, rng)
    np.testing.assert_array_equal(start["y"], kept)


def test_what_can_be_settled():
    specs = (Category("kind", 2), Real("z", gate=Gate("kind", 1)), Real("x"))
    codes, values = CategoryEvidence(codes=np.zeros(3, np.int32)), RealEvidence(values=np.zeros(3))
    assert can_settle(specs, {"kind": codes})
    assert can_settle(specs, {"z": values, "x": RealEvidence(low=0.0)})
    assert not can_settle(specs, {"x": RealEvidence(low=0.0)})
    assert not can_settle(specs, {"kind": codes, "z": RealEvidence(low=0.0)})
