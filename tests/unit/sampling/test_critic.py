import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import stats

from reverie.core.nested import join, split
from reverie.models.base import Fitted, State
from reverie.models.deadline import NEVER, Deadline
from reverie.sampling.critic import Critic, choose, effective_share, train
from reverie.schema.blocks import Blocks, Category, Real, Tokens, concatenate

SPECS = (Category("plan", 3), Real("age"), Real("spend"))
ROWS = 6000


def draw(rows: int, rng: np.random.Generator, *, plans=(0.5, 0.3, 0.2), shift=0.0, lean=0.7) -> Blocks:
    """Customers: spend leans on age, and both on the plan."""
    plan = rng.choice(3, rows, p=plans)
    age = rng.normal(size=rows) + 0.5 * plan + shift
    spend = lean * age + rng.normal(size=rows)
    numbers = {"age": age.reshape(-1, 1, 1), "spend": spend.reshape(-1, 1, 1)}
    return Blocks(SPECS, {"plan": plan.astype(np.int32)} | numbers, rows)


@dataclass
class Generator(Fitted):
    """A model of the customers, with what is wrong with it."""

    wrong: dict[str, object] = field(default_factory=dict)
    specs = SPECS
    family = "made"

    def sample(self, n, *, rng, given=None):
        return draw(n, rng, **self.wrong)

    def log_prob(self, blocks):
        return np.zeros(blocks.rows)

    def state(self):
        return State()


DEFECTS: dict[str, tuple[dict[str, object], Callable[[Blocks], float]]] = {
    "a shifted number": ({"shift": 0.5}, lambda blocks: blocks["age"].mean()),
    "wrong shares of a category": ({"plans": (0.3, 0.3, 0.4)}, lambda blocks: np.mean(blocks["plan"] == 2)),
    "a relation too loose": (
        {"lean": 0.2},
        lambda blocks: np.corrcoef(blocks["age"].ravel(), blocks["spend"].ravel())[0, 1],
    ),
}


@pytest.fixture(scope="module")
def real() -> Blocks:
    return draw(ROWS, np.random.default_rng(0))


@pytest.fixture(scope="module")
def critic(real: Blocks) -> Critic:
    """Of a generator whose ages are shifted."""
    found = train(Generator(DEFECTS["a shifted number"][0]), real, rng=np.random.default_rng(1))
    assert found is not None
    return found


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_mended(real, defect) -> None:
    wrong, measure = DEFECTS[defect]
    generator = Generator(wrong)
    found = train(generator, real, rng=np.random.default_rng(1))
    assert found is not None
    truth = measure(draw(200_000, np.random.default_rng(2)))
    before = measure(generator.sample(20_000, rng=np.random.default_rng(3)))
    after = measure(found.resample(generator, 20_000, rng=np.random.default_rng(3)))
    assert abs(after - truth) < 0.4 * abs(before - truth)
    assert found.effective < 0.95


def test_a_perfect_generator_is_left_as_it_is(real) -> None:
    generator, seeds = Generator(), [np.random.default_rng(seed) for seed in (4, 5)]
    found = train(generator, real, rng=seeds[0])
    if found is None:
        return
    assert found.effective > 0.95
    chosen = found.resample(generator, 20_000, rng=seeds[1])
    truth = draw(20_000, np.random.default_rng(6))
    for name in ("age", "spend"):
        assert stats.ks_2samp(chosen[name].ravel(), truth[name].ravel()).statistic < 0.025


def test_the_ratio_follows_the_true_one(critic) -> None:
    """Between normals of mean 0 and 0.5, given the plan, the log ratio falls by 0.5 with each unit of age."""
    seen = draw(5000, np.random.default_rng(7), shift=0.25)
    true = -0.5 * (seen["age"].ravel() - 0.5 * seen["plan"] - 0.25)
    found = critic.log_ratio(seen)
    assert np.corrcoef(found, true)[0, 1] > 0.85
    assert 0.7 < np.polyfit(true, found, 1)[0] < 1.3


def test_chosen_rows_are_some_of_the_surplus_none_twice(critic) -> None:
    chosen = critic.resample(Generator({"shift": 0.5}), 1000, rng=np.random.default_rng(8))
    assert chosen.rows == 1000
    assert len(np.unique(chosen["age"])) == 1000


def test_the_same_seed_gives_the_same_critic_and_rows(real, critic) -> None:
    again = train(Generator({"shift": 0.5}), real, rng=np.random.default_rng(1))
    assert again is not None
    one, two = (c.resample(Generator(), 500, rng=np.random.default_rng(9)) for c in (critic, again))
    np.testing.assert_array_equal(one["age"], two["age"])


def test_what_is_given_reaches_the_generator(critic) -> None:
    class Listening(Generator):
        def sample(self, n, *, rng, given=None):
            heard.append(given)
            return super().sample(n, rng=rng)

    heard: list[object] = []
    critic.resample(Listening(), 10, rng=np.random.default_rng(0), given={})
    assert heard == [{}]


def test_state_comes_back_whole_through_json(real, critic) -> None:
    plain, arrays = split(critic.state())
    back = Critic.from_state(join(json.loads(json.dumps(plain)), arrays))
    np.testing.assert_allclose(back.log_ratio(real), critic.log_ratio(real), rtol=1e-6)
    assert back.effective == critic.effective


def test_progress_counts_the_rounds(real) -> None:
    steps = []
    train(Generator({"shift": 0.5}), real, rng=np.random.default_rng(1), on_progress=steps.append)
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= steps[0].total


def test_too_few_rows_have_no_critic(real) -> None:
    few = real.take(np.arange(50))
    assert train(Generator({"shift": 5.0}), few, rng=np.random.default_rng(0)) is None


@pytest.mark.parametrize("spec", [Tokens("note", 9, 4), Real("photo", n=4, d=2)], ids=lambda spec: spec.name)
def test_what_trees_cannot_take_has_no_critic(spec) -> None:
    shape = (1000, 4) if isinstance(spec, Tokens) else (1000, 4, 2)
    wide = Blocks((spec,), {spec.name: np.zeros(shape)}, 1000)
    assert train(Generator(), wide, rng=np.random.default_rng(0)) is None


def test_it_does_not_reward_nearness_to_single_rows(real, critic) -> None:
    """Rows that it learned from score no higher than new ones of the same kind."""
    new = draw(ROWS, np.random.default_rng(10))
    seen, unseen = critic.log_ratio(real), critic.log_ratio(new)
    noise = np.sqrt((seen.var() + unseen.var()) / ROWS)
    assert seen.mean() - unseen.mean() < 4 * noise


def test_parts_are_scored_as_the_whole(real, critic) -> None:
    parts = [real.take(np.arange(10)), real.take(np.arange(10, 30))]
    scores = np.concatenate([critic.log_ratio(part) for part in parts])
    np.testing.assert_allclose(scores, critic.log_ratio(concatenate(parts)), rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 50, 999, 1000])
def test_rows_are_never_chosen_twice(n) -> None:
    log_ratio = np.random.default_rng(0).normal(0, 3, 1000)
    chosen = choose(log_ratio, n, np.random.default_rng(1))
    assert len(chosen) == len(np.unique(chosen)) == n
    assert 0 <= chosen.min() <= chosen.max() < 1000


def test_the_chance_of_a_row_is_proportional_to_its_ratio() -> None:
    ratio = np.array([1.0, 2.0, 3.0, 4.0, 0.5, 0.5, 1.0, 8.0])
    rng = np.random.default_rng(2)
    counts = np.bincount(np.concatenate([choose(np.log(ratio), 2, rng) for _ in range(20_000)]), minlength=8)
    np.testing.assert_allclose(counts / 20_000, 2 * ratio / ratio.sum(), atol=0.015)


def test_a_row_whose_chance_would_pass_one_is_always_chosen_and_the_rest_share() -> None:
    ratio = np.array([1000.0, 1.0, 1.0, 2.0])
    rng = np.random.default_rng(3)
    counts = np.bincount(np.concatenate([choose(np.log(ratio), 2, rng) for _ in range(10_000)]), minlength=4)
    np.testing.assert_allclose(counts / 10_000, [1, 0.25, 0.25, 0.5], atol=0.02)


def test_neighbours_are_chosen_together_as_often_as_others() -> None:
    rng = np.random.default_rng(3)
    pairs = [frozenset(choose(np.zeros(4), 2, rng).tolist()) for _ in range(6000)]
    shares = [pairs.count(pair) / 6000 for pair in map(frozenset, itertools.combinations(range(4), 2))]
    np.testing.assert_allclose(shares, 1 / 6, atol=0.02)


def test_the_order_of_chosen_rows_says_nothing() -> None:
    chosen = choose(np.linspace(-2, 2, 4000), 2000, np.random.default_rng(4))
    assert abs(np.corrcoef(np.arange(2000), chosen)[0, 1]) < 0.08


def test_ratios_are_up_to_a_constant() -> None:
    log_ratio = np.random.default_rng(5).normal(size=300)
    one, two = (choose(log_ratio + add, 100, np.random.default_rng(6)) for add in (0.0, 800.0))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("weights", "share"), [([1, 1, 1, 1], 1.0), ([1, 1, 0, 0], 0.5), ([1, 0, 0, 0], 0.25), ([3, 1], 0.8)]
)
def test_effective_share_is_kishs(weights, share) -> None:
    with np.errstate(divide="ignore"):
        assert effective_share(np.log(np.array(weights, float)) + 700) == pytest.approx(share)


def test_past_its_deadline_there_is_no_critic_and_in_time_it_is_the_same() -> None:
    real, generator = draw(ROWS, np.random.default_rng(0)), Generator({"shift": 0.5})
    assert train(generator, real, rng=np.random.default_rng(1), deadline=Deadline.after(-1)) is None
    free, timed = (
        train(generator, real, rng=np.random.default_rng(1), deadline=limit)
        for limit in (NEVER, Deadline.after(1e6))
    )
    assert free is not None
    assert timed is not None
    np.testing.assert_array_equal(free.log_ratio(real), timed.log_ratio(real))
