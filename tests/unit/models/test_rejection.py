"""Conditions answered by keeping and matching generated rows, against a known joint distribution."""

import numpy as np
import pytest

from reverie.core.errors import ConditionError
from reverie.models import rejection
from reverie.models.rejection import answer, kept, matched, meets
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence

SPECS = (
    Category("a", 4, muted=(3,)),
    Real("x"),
    Category("kind", 3),
    Real("z", gate=Gate("kind", 2)),
)


def generated(n, rng):
    """a in 0..2, x about a, kind 2 more often for larger a, z near 10 a where kind is 2."""
    a = rng.integers(3, size=n)
    kind = np.where(rng.random(n) < 0.2 + 0.3 * a, 2, rng.integers(2, size=n))
    z = np.where(kind == 2, 10 * a + 0.1 * rng.normal(size=n), np.nan)
    numbers = {"x": a + 0.5 * rng.normal(size=n), "z": z}
    arrays = {"a": a.astype(np.int32), "kind": kind.astype(np.int32)}
    return Blocks(SPECS, arrays | {name: array.reshape(-1, 1, 1) for name, array in numbers.items()}, n)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def codes(*values):
    return CategoryEvidence(codes=np.array(values, np.int32))


def test_what_meets_a_condition(rng):
    rows = generated(500, rng)
    met = meets(rows, {"a": CategoryEvidence(np.array([0, 1, 1, 0], bool)), "z": RealEvidence(low=15.0)})
    z = rows["z"].ravel()
    assert np.array_equal(met, (rows["a"] >= 1) & ~(z < 15))
    assert meets(rows, {"x": RealEvidence(), "a": CategoryEvidence()}).all()


def test_kept_rows_are_those_of_the_model(rng):
    rows = kept(generated, 5000, 5000, rng, {"x": RealEvidence(low=1.0, high=2.0)})
    assert rows.rows == 5000
    brute = generated(60_000, rng)
    brute = brute.take(meets(brute, {"x": RealEvidence(low=1.0, high=2.0)}))
    for code in range(3):
        assert np.mean(rows["a"] == code) == pytest.approx(np.mean(brute["a"] == code), abs=0.03)


def test_work_ends_early_where_it_will_not_suffice(rng):
    drawn = []

    def counted(n, rng):
        drawn.append(n)
        return generated(n, rng)

    with pytest.raises(ConditionError, match="generated rows meet") as caught:
        answer(counted, 10, rng, {"x": RealEvidence(low=30.0)})
    assert caught.value.where == "x"
    assert rejection.WORK // 8 <= sum(drawn) < rejection.WORK // 4


def test_only_muted_is_refused_at_once(rng):
    with pytest.raises(ConditionError, match="protected"):
        answer(generated, 5, rng, {"a": CategoryEvidence(np.arange(4) == 3)})


@pytest.mark.parametrize("given", [{"q": RealEvidence()}, {"a": codes(0, 1)}])
def test_evidence_is_checked(rng, given):
    with pytest.raises(ConditionError):
        answer(generated, 5, rng, given)


def test_no_rows(rng):
    assert answer(generated, 0, rng, {"x": RealEvidence(low=1.0)}).rows == 0


def test_matching_follows_the_known_code_and_number(rng):
    rows = answer(generated, 2000, rng, {"x": RealEvidence(values=np.repeat([0.5, np.nan], 1000))})
    assert (rows["x"].ravel()[:1000] == 0.5).all()
    # By Bayes a is 0 or 1 with equal odds there, and 2 by exp(-4) of those.
    share = np.bincount(rows["a"][:1000], minlength=3) / 1000
    np.testing.assert_allclose(share, np.array([1, 1, np.exp(-4)]) / (2 + np.exp(-4)), atol=0.05)
    np.testing.assert_allclose(np.bincount(rows["a"][1000:], minlength=3) / 1000, 1 / 3, atol=0.06)


def test_matches_are_drawn_by_their_distance(rng):
    """A row at distance WIDTH log 4 is drawn a quarter as often as one at no distance."""
    x = np.array([0.0, rejection.WIDTH * np.log(4)])
    pool = Blocks((Real("x"), Category("mark", 2)), {"x": x.reshape(-1, 1, 1), "mark": np.arange(2)}, 2)
    rows = matched(pool, 8000, rng, {"x": RealEvidence(values=np.zeros(8000))})
    assert rows["mark"].mean() == pytest.approx(0.2, abs=0.015)


def test_gates_agree_with_what_is_known(rng):
    given = {
        "a": codes(2, 2, 0, 3, -1),
        "kind": codes(2, 0, 2, -1, -1),
        "z": RealEvidence(values=np.array([np.nan, np.nan, np.nan, np.nan, 5.0])),
    }
    rows = answer(generated, 5, rng, given)
    z = rows["z"].ravel()
    assert np.array_equal(rows["a"][:4], [2, 2, 0, 3])
    assert np.array_equal(rows["kind"][[0, 1, 2, 4]], [2, 0, 2, 2])
    assert np.array_equal(np.isnan(z), rows["kind"] != 2)
    assert z[[0, 2, 4]] == pytest.approx([20, 0, 5], abs=0.5)


def test_an_open_gate_takes_its_number_from_a_row_that_has_one(rng):
    """The only row with the same a has no z, so z is of the row with a number."""
    arrays = {"a": np.array([0, 1], np.int32), "kind": np.array([0, 2], np.int32)}
    numbers = {"x": np.zeros((2, 1, 1)), "z": np.array([np.nan, 7.0]).reshape(-1, 1, 1)}
    pool = Blocks(SPECS, arrays | numbers, 2)
    both = {"a": codes(0, 0), "x": RealEvidence(values=np.zeros(2)), "kind": codes(2, 0)}
    rows = matched(pool, 2, rng, both)
    assert rows["z"].ravel().tolist() == pytest.approx([7.0, np.nan], nan_ok=True)
    assert rows["a"].tolist() == [0, 0]
    none = pool.take(np.array([0]))
    assert matched(none, 2, rng, both)["z"].ravel().tolist() == pytest.approx([0.0, np.nan], nan_ok=True)


def test_rows_with_values_of_their_own_meet_the_other_conditions(rng):
    given = {
        "a": CategoryEvidence(np.array([1, 0, 0, 0], bool), np.array([3] * 50, np.int32)),
        "x": RealEvidence(low=1.0),
    }
    rows = answer(generated, 50, rng, given)
    assert (rows["a"] == 3).all()
    assert (rows["x"] >= 1).all()


def test_chunks_do_not_change_what_is_compared(rng, monkeypatch):
    monkeypatch.setattr(rejection, "CELLS", 1 << 16)
    known = np.repeat([0, 2], 100).astype(np.int32)
    rows = answer(generated, 200, rng, {"a": CategoryEvidence(codes=known)})
    assert rows["x"].ravel()[:100].mean() == pytest.approx(0, abs=0.2)
    assert rows["x"].ravel()[100:].mean() == pytest.approx(2, abs=0.2)
