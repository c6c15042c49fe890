import numpy as np
import pytest

from reverie.evaluation.quality.trend import MEASURE

from ..tables import compared, named, people, shuffled


def test_broken_relations_are_seen_where_shapes_are_right() -> None:
    real = people(800, 1)
    found = named(MEASURE.measure(compared(real, shuffled(real), people(800, 2))))
    trend = found["trend"]
    assert trend.floor is not None
    assert trend.floor < 10 < trend.value
    assert trend.low < trend.value < trend.high
    assert trend.detail["pairs_counted"] >= 3


def test_all_pairs_are_told_the_worst_first() -> None:
    found = named(MEASURE.measure(compared(people(300, 1), people(300, 2), people(300, 3))))["trend_all"]
    errors = [pair["error"] for pair in found.detail["pairs"]]
    assert len(errors) == 10
    assert errors == sorted(errors, reverse=True)
    assert found.value == pytest.approx(np.mean(errors))


def test_one_column_has_no_pairs() -> None:
    comparison = compared(people(50, 1), people(50, 2))
    schema = comparison.schema.model_copy(update={"columns": (comparison.schema.column("age"),)})
    single = type(comparison)(comparison.real, comparison.fake, None, schema)
    assert MEASURE.measure(single) == []
