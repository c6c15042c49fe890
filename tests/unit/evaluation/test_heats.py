"""What a race will be."""

import numpy as np
import pytest

from reverie.evaluation.heats import SHARE, Plan, make_plan
from reverie.models.base import Budget
from reverie.sampling.table import prepare

from .tables import SCHEMA, people

TABLE = people(2_000, seed=1)


def plan(rows: int, seconds: float | None, slowness: float = 1.0) -> Plan:
    def ready(places: np.ndarray) -> object:
        return prepare(TABLE.take(places % 2_000), SCHEMA)

    return make_plan(("trees", "copula"), rows, ready, Budget(seconds, threads=1), slowness)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "part", "unseen", "folds"),
    [(120, 60, 60, 2), (500, 400, 100, 3), (2_000, 1_600, 400, 1), (100_000, 10_000, 2_500, 1)],
)
def test_how_many_rows_are_raced_on(rows: int, part: int, unseen: int, folds: int) -> None:
    heats = plan(rows, 600.0).heats
    assert [(len(heat.part), len(heat.unseen)) for heat in heats] == [(part, unseen)] * folds


def test_nothing_held_back_is_learned_from_or_held_back_twice() -> None:
    heats = plan(500, 600.0).heats
    assert not any(np.intersect1d(heat.part, heat.unseen).size for heat in heats)
    held = np.concatenate([heat.unseen for heat in heats])
    assert len(np.unique(held)) == len(held)


def test_a_shorter_budget_means_a_smaller_part_and_then_no_race() -> None:
    parts = [len(plan(100_000, seconds).heats[0].part) for seconds in (600.0, 13.0)]
    assert parts[1] < parts[0]
    found = plan(100_000, 1.0)
    assert not found.heats
    assert "there is no time to try it" in found.left_out["copula"]


def test_a_slow_machine_has_a_smaller_race() -> None:
    parts = [len(plan(100_000, 40.0, slowness).heats[0].part) for slowness in (1.0, 4.0)]
    assert parts[1] < parts[0]
    assert not plan(100_000, 40.0, 20.0).heats


def test_all_slots_together_stay_within_the_share() -> None:
    found = plan(100_000, 60.0)
    assert sum(slot or 0 for slot in found.slots.values()) * len(found.heats) <= SHARE * 60
    assert set(plan(100_000, None).slots.values()) <= {None}


def test_too_few_rows_are_said() -> None:
    assert plan(99, 600.0) == Plan(why="as 99 rows are too few to compare families on")
