import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.quality.c2st import MEASURE, by_fold, fresh
from reverie.evaluation.view import Side

from ..tables import compared, named, people, shuffled

REAL, HOLDOUT = people(500, 1), people(500, 3)


def test_fresh_rows_cannot_be_told_apart() -> None:
    found = named(MEASURE.measure(compared(REAL, people(500, 2), HOLDOUT)))
    assert set(found) == {"c2st_fresh", "c2st_train", "c2st_fresh_linear", "c2st_train_linear"}
    for figure in found.values():
        assert figure.value == pytest.approx(0.5, abs=0.07)
        assert figure.floor == pytest.approx(0.5, abs=0.07)
        assert figure.low < figure.value < figure.high
        assert figure.n == 1000


def test_shuffled_rows_give_themselves_away_to_boosting() -> None:
    found = named(MEASURE.measure(compared(REAL, shuffled(REAL), HOLDOUT)))
    assert found["c2st_fresh"].low > 0.75
    assert found["c2st_fresh"].low > found["c2st_fresh_linear"].value


def test_the_column_that_gives_rows_away_is_named() -> None:
    fake = people(500, 2)
    fake = fake.set_column(2, "income", pa.array(np.asarray(fake["income"]).round(0)))
    columns = named(MEASURE.measure(compared(REAL, fake)))["c2st_train"].detail["columns"]
    assert columns[0]["name"] == "income"
    assert sum(column["share"] for column in columns) == pytest.approx(1)


def test_copies_look_good_against_train_only() -> None:
    found = named(MEASURE.measure(compared(REAL, REAL, HOLDOUT)))
    assert found["c2st_train"].high < 0.45
    assert found["c2st_fresh"].high > 0.45


def test_sizes_are_made_equal_and_too_few_rows_say_nothing() -> None:
    assert named(MEASURE.measure(compared(REAL, people(100, 2))))["c2st_train"].n == 200
    assert MEASURE.measure(compared(REAL, people(20, 2), HOLDOUT)) == []


def test_mean_of_folds() -> None:
    fake = np.tile([False, True], 10)
    fold = np.repeat(np.arange(5), 4)
    scores = np.where(fold == 0, ~fake, fake).astype(float)
    assert by_fold(fake, scores, fold).value == pytest.approx(0.8)
    assert Side(np.empty((3, 0)), np.empty((3, 0), np.int32)).rows == 3


def test_fresh_alone_is_the_same_figure_without_a_floor() -> None:
    real, fake, holdout = people(300, 1), shuffled(people(300, 2)), people(300, 3)
    found = fresh(compared(real, fake, holdout))
    whole = named(MEASURE.measure(compared(real, fake, holdout)))["c2st_fresh"]
    assert found is not None
    assert abs(found.value - whole.value) < 0.03
    assert found.floor is None
    assert fresh(compared(real, fake)) is None
    assert fresh(compared(real, fake, people(40, 3))) is None
