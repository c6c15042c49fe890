"""Partitions: the same rows whatever the workers, in order, a bounded number in flight."""

import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError
from reverie.sampling import plan
from reverie.sampling.conditions import at_least
from reverie.sampling.request import Request
from reverie.sampling.table import Learned


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions of 64 rows."""
    monkeypatch.setattr(plan, "MOST_ROWS", 64)
    monkeypatch.setattr(plan, "FEWEST_ROWS", 1)


def gather(learned: Learned, n: int, **options) -> pa.Table:
    return pa.concat_tables(plan.stream(learned, n, Request(), **{"seed": 1, **options}))


def test_partitions_cover_all_rows_once() -> None:
    parts = plan.partitions(200, 5)
    assert [part.start for part in parts] == [0, 64, 128, 192]
    assert sum(part.rows for part in parts) == 200
    assert len(plan.partitions(200, 5, whole=True)) == 1


def test_partitions_do_not_depend_on_how_many_rows_follow() -> None:
    assert plan.partitions(500, 5)[:3] == plan.partitions(192, 5)


@pytest.mark.parametrize("n", [0, -1])
def test_no_rows_cannot_be_made(n: int) -> None:
    with pytest.raises(ConfigError):
        plan.partitions(n, 5)


@pytest.mark.parametrize("workers", [2, 3, 16])
def test_workers_change_nothing(workers: int, learned: Learned) -> None:
    assert gather(learned, 500, workers=workers).equals(gather(learned, 500, workers=1))


def test_seeds_change_everything(learned: Learned) -> None:
    assert not gather(learned, 100, seed=1).equals(gather(learned, 100, seed=2))


def test_keys_are_unique_over_partitions(learned: Learned) -> None:
    assert len(set(gather(learned, 300)["id"].to_pylist())) == 300


def test_known_rows_are_cut_with_the_partitions(learned: Learned) -> None:
    known = pa.table({"age": [20 + i % 60 for i in range(150)]})
    request = Request.complete(learned, known, strict=True)
    made = pa.concat_tables(plan.stream(learned, 150, request, seed=0, workers=2))
    assert made["age"].to_pylist() == known["age"].to_pylist()


def test_few_are_in_flight(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(plan, "answer", lambda *a, **_: made.append(1) or pa.table({"a": [1]}))
    parts = plan.stream(learned, 64 * 50, Request(), seed=0, workers=2)
    next(parts)
    assert len(made) <= 4
    parts.close()
    assert len(made) <= 5


def test_dictionaries_hold_the_same_values(learned: Learned) -> None:
    packed = gather(learned, 100, dictionaries=True)
    plain = gather(learned, 100)
    assert [column.to_pylist() for column in packed.columns] == [c.to_pylist() for c in plain.columns]


def test_errors_come_through(learned: Learned) -> None:
    with pytest.raises(ConfigError):
        gather(learned, 100, workers=-1)
    request = Request.of(learned, [at_least(50).on("age")])
    assert pa.concat_tables(plan.stream(learned, 130, request, seed=0, workers=2)).num_rows == 130
