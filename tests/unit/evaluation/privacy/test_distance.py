import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.neighbours import Nearest
from reverie.evaluation.privacy.distance import MEASURE, share_nearer

from ..tables import compared, named, people

REAL, HOLDOUT = people(800, 1), people(800, 3)


def nearest(first: list[float], record: list[int] | None = None) -> Nearest:
    places = np.arange(len(first)) if record is None else np.array(record)
    return Nearest(np.array(first), np.array(first) + 1, places)


def test_share_counts_ties_half() -> None:
    share, effective = share_nearer(nearest([0, 1, 2, 3]), nearest([1, 1, 1, 1]))
    assert share == pytest.approx(1.5 / 4)
    assert effective == 4


def test_queries_around_one_record_are_one_piece_of_evidence() -> None:
    _, effective = share_nearer(nearest([0] * 10, [3] * 10), nearest([1] * 10))
    assert effective == 1


def test_fresh_rows_are_as_near_to_both() -> None:
    found = named(MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT)))
    assert set(found) == {"dcr_share", "dcr_share_closest", "nndr_share"}
    for figure in found.values():
        assert figure.low < 0.5 < figure.high
        assert figure.floor == pytest.approx(0.5, abs=0.3)
    assert found["dcr_share"].n == 800


def test_copies_are_nearer_to_train() -> None:
    figure = named(MEASURE.measure(compared(REAL, REAL, HOLDOUT)))["dcr_share"]
    assert figure.value == 1
    assert figure.floor == pytest.approx(0.5, abs=0.1)
    assert figure.detail["dcr"]["train"]["median"] == 0
    assert figure.detail["curve"]["train"][0] == 1


def test_a_few_copies_show_among_the_closest() -> None:
    mixed = pa.concat_tables([people(760, 2), REAL.slice(0, 40)])
    found = named(MEASURE.measure(compared(REAL, mixed, HOLDOUT)))
    assert found["dcr_share"].low < 0.5
    assert found["dcr_share_closest"].low > 0.65


def test_sizes_are_made_equal() -> None:
    found = named(MEASURE.measure(compared(REAL, people(500, 2), people(200, 5))))
    assert found["dcr_share"].low < 0.5 < found["dcr_share"].high


def test_interval_covers_when_few_records_answer_many_queries() -> None:
    hits = 0
    for seed in range(40):
        tables = [people(60, 100 * part + seed) for part in (1, 2)]
        figure = named(MEASURE.measure(compared(tables[0], people(1500, 9), tables[1])))["dcr_share"]
        hits += figure.low <= 0.5 <= figure.high
    assert hits >= 34


def test_no_holdout_or_few_rows_say_nothing() -> None:
    assert MEASURE.measure(compared(REAL, people(100, 2))) == []
    assert MEASURE.measure(compared(REAL, people(100, 2), people(20, 3))) == []
