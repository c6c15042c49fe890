"""The masked network as a family: orders, what is learned of tight relations, and what is refused."""

import sys

import numpy as np
import pytest

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models.base import Budget, State
from reverie.models.families import autoregressive
from reverie.models.families.autoregressive import Autoregressive, Config
from reverie.schema.blocks import Blocks, Category, CategoryEvidence, Gate, Real, RealEvidence, Tokens

SPECS = (
    Category("sex", 2),
    Category("income.kind", 3, positions=(None, 0.0, None)),
    Real("income", gate=Gate("income.kind", 2)),
    Real("age"),
)
CONFIG = Config(width=48, narrow=16, coarse=16, fine=4, training={"epochs": 12, "rate": 4e-3})
ONE = Budget(threads=1)


def made(rows: int, seed: int = 0) -> Blocks:
    rng = np.random.default_rng(seed)
    sex, kind = rng.integers(2, size=rows), rng.choice(3, rows, p=[0.1, 0.2, 0.7])
    age = rng.normal(size=rows) + sex
    income = np.where(kind == 2, 0.8 * age + 0.6 * rng.normal(size=rows), np.nan)
    codes = {"sex": sex.astype(np.int32), "income.kind": kind.astype(np.int32)}
    return Blocks(SPECS, codes | {"income": income.reshape(-1, 1, 1), "age": age.reshape(-1, 1, 1)}, rows)


def learn(blocks: Blocks, config: Config = CONFIG, **options) -> Autoregressive:
    return autoregressive.fit(blocks, config=config, rng=np.random.default_rng(1), budget=ONE, **options)


@pytest.fixture(scope="module")
def fitted() -> Autoregressive:
    return learn(made(2000))


def test_what_is_known_is_drawn_first_and_gates_before_their_numbers(fitted: Autoregressive) -> None:
    assert fitted.order == ("income.kind", "income", "age", "sex")
    by_age = fitted.reordered({"age": RealEvidence(low=1.0)})
    assert by_age.order == ("age", "income.kind", "income", "sex")
    known = CategoryEvidence(codes=np.array([0, -1, -1, -1], np.int32))
    most = fitted.reordered({"sex": known, "income": RealEvidence(values=np.array([1.0, 2.0, np.nan, 0.0]))})
    assert most.order == ("income.kind", "income", "sex", "age")


def test_every_order_gives_about_the_same_density(fitted: Autoregressive) -> None:
    fresh = made(400, seed=3)
    other = fitted.reordered({"sex": CategoryEvidence(allowed=np.array([True, False]))})
    assert other.order != fitted.order
    assert fitted.log_prob(fresh).mean() == pytest.approx(other.log_prob(fresh).mean(), abs=0.1)


def test_the_density_of_fresh_rows_is_near_the_true_one(fitted: Autoregressive) -> None:
    fresh = made(2000, seed=3)
    sex, age = fresh["sex"], fresh["age"].ravel()
    kind, income = fresh["income.kind"], fresh["income"].ravel()
    normal = lambda z: -0.5 * z**2 - 0.5 * np.log(2 * np.pi)  # noqa: E731
    truth = np.log(0.5) + normal(age - sex) + np.log(np.array([0.1, 0.2, 0.7])[kind])
    truth += np.where(kind == 2, normal((np.nan_to_num(income) - 0.8 * age) / 0.6) - np.log(0.6), 0.0)
    assert truth.mean() - fitted.log_prob(fresh).mean() == pytest.approx(0.1, abs=0.1)


def test_a_second_number_behind_a_gate_depends_on_the_first() -> None:
    specs = (Category("kind", 2), Real("x", gate=Gate("kind", 1)), Real("y", gate=Gate("kind", 1)))
    rng = np.random.default_rng(0)
    kind, x = rng.integers(2, size=1500).astype(np.int32), rng.normal(size=1500)
    both = [np.where(kind == 1, v, np.nan).reshape(-1, 1, 1) for v in (x, x + 0.3 * rng.normal(size=1500))]
    sample = learn(Blocks(specs, {"kind": kind, "x": both[0], "y": both[1]}, 1500)).sample(
        4000, rng=np.random.default_rng(2)
    )
    x, y = (sample[name].ravel() for name in ("x", "y"))
    assert np.array_equal(np.isnan(x), sample["kind"] == 0)
    assert np.array_equal(np.isnan(y), sample["kind"] == 0)
    there = sample["kind"] == 1
    assert np.corrcoef(x[there], y[there])[0, 1] > 0.85


def test_a_code_that_the_network_holds_for_impossible_can_be_asked_for(fitted: Autoregressive) -> None:
    masked = fitted.masked
    base = masked.base.copy()
    at = masked.starts[fitted.variables.first["sex"]]
    base[at] = -1e4
    sure = Autoregressive(fitted.specs, fitted.variables, type(masked)(**(vars_of(masked) | {"base": base})))
    rng = np.random.default_rng(0)
    assert (sure.sample(50, rng=rng)["sex"] == 1).all()
    given = {"sex": CategoryEvidence(codes=np.zeros(50, np.int32))}
    assert (sure.sample(50, rng=rng, given=given)["sex"] == 0).all()


def vars_of(masked) -> dict:
    return {name: getattr(masked, name) for name in masked.__dataclass_fields__}


def test_without_torch_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError, match=r"reverie\[neural\]"):
        learn(made(50))


def test_sampling_needs_no_torch(fitted: Autoregressive, monkeypatch: pytest.MonkeyPatch) -> None:
    state = fitted.state()
    for name in [name for name in sys.modules if name.split(".")[0] == "torch"]:
        monkeypatch.setitem(sys.modules, name, None)
    again = autoregressive.from_state(SPECS, state)
    assert again.sample(5, rng=np.random.default_rng(0)).rows == 5


def test_vectors_are_refused_and_tokens_under_formal_privacy() -> None:
    with pytest.raises(ConfigError, match="v: holds vectors"):
        learn(Blocks((Real("v", 1, 2),), {"v": np.zeros((40, 1, 2))}, 40))
    blocks, private = Blocks((Tokens("t", 9, 3),), {"t": np.zeros((40, 3), np.int32)}, 40), Budget(secret=...)
    with pytest.raises(ConfigError, match="t: holds vectors or tokens"):
        autoregressive.fit(blocks, config=CONFIG, rng=np.random.default_rng(1), budget=private)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"age": RealEvidence(low=0.5)},
        {"income.kind": CategoryEvidence(codes=np.array([0, 2, 2, -1] * 600, np.int32))},
    ],
    ids=["nothing", "a condition", "values"],
)
def test_rows_that_are_told_something_each_are_as_if_all_were_told_it(
    fitted: Autoregressive, given: dict
) -> None:
    rng, rows = np.random.default_rng(0), 2400
    pair = rng.normal(size=(2, CONFIG.width)).astype(np.float32)
    at = np.arange(rows) // 4 % 2
    mixed = fitted.told(pair[at]).sample(rows, rng=rng, given=given)
    assert [spec.name for spec in mixed.specs] == [spec.name for spec in SPECS]
    shares = []
    for code in range(2):
        alone = fitted.told(pair[code : code + 1]).sample(rows, rng=rng, given=given)
        for name in ("sex", "age"):
            shares.append(alone[name].mean())
            assert mixed[name][at == code].mean() == pytest.approx(shares[-1], abs=0.12), name
    assert abs(shares[0] - shares[2]) + abs(shares[1] - shares[3]) > 0.2  # it tells something
    if "income.kind" in given:
        known = given["income.kind"].codes
        np.testing.assert_array_equal(mixed["income.kind"][known >= 0], known[known >= 0])
    assert "age" not in given or (mixed["age"] >= 0.5).all()


def test_what_rows_are_told_changes_their_density_and_what_heads_are_given(fitted: Autoregressive) -> None:
    some, vector = made(50), np.ones((1, CONFIG.width), np.float32)
    told = fitted.told(vector)
    assert (told.log_prob(some) != fitted.log_prob(some)).all()
    np.testing.assert_allclose(fitted.told(0 * vector).log_prob(some), fitted.log_prob(some))
    vectors = np.repeat(vector, 50, axis=0)
    refined = fitted.refined(some, vectors)
    assert refined.shape == (50, CONFIG.width)
    assert np.abs(refined - fitted.refined(some, 0 * vectors)).max() > 0.1
    assert np.ptp(fitted.refined(None, vectors), axis=0).max() == 0
    assert fitted.told(vectors[:0]).sample(0, rng=np.random.default_rng(0)).rows == 0


@pytest.mark.parametrize("change", ["knots", "parts", "weights"])
def test_a_state_that_makes_no_sense_is_refused(fitted: Autoregressive, change: str) -> None:
    state = fitted.state()
    arrays, json = dict(state.arrays), dict(state.json)
    if change == "knots":
        name = next(name for name in arrays if name.startswith("knots."))
        arrays[name] = arrays[name][::-1]
    elif change == "parts":
        json["parts"] = dict.fromkeys(json["parts"], 0)
    else:
        arrays["net.out"] = arrays["net.out"][:-1]
    with pytest.raises(ArtifactError):
        autoregressive.from_state(SPECS, State(json, arrays))
