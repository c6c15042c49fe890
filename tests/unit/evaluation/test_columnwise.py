"""Figures of columns: the worst is told, all are kept."""

from reverie.evaluation.base import Measurement
from reverie.evaluation.columnwise import of_column, worst


def figure(name: str, value: float) -> Measurement:
    return Measurement(name, value, value, value, 0.5, 7, "lower", 0.0, "", {"more": value})


def test_the_worst_column_is_told_and_all_are_kept() -> None:
    columns = [("a", [figure("far", 1.0), figure("near", 3.0)]), ("b", [figure("far", 2.0)]), ("c", [])]
    found = worst(columns, lambda one: one.value)
    assert [(one.name, one.value, one.detail["more"]) for one in found] == [
        ("far", 2.0, 2.0),
        ("near", 3.0, 3.0),
    ]
    assert of_column(found, "a") == {
        "far": {"value": 1.0, "floor": 0.5, "n": 7, "better": "lower", "ideal": 0.0, "more": 1.0},
        "near": {"value": 3.0, "floor": 0.5, "n": 7, "better": "lower", "ideal": 0.0, "more": 3.0},
    }
    assert list(of_column(found, "b")) == ["far"]
    assert of_column(found, "c") == {}


def test_no_figures_are_none() -> None:
    assert worst([("a", [])], lambda one: one.value) == []
