"""Pictures beside real ones: distances with known answers, and rows that do not show what they say."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison
from reverie.evaluation.quality.media import MEASURE, covered, frechet

from ..test_recognition import SCHEMA, table


def test_frechet_distance_of_known_moments() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(20_000, 3)), 2 * rng.normal(size=(20_000, 3)) + 1
    # Each dimension: the square of the difference of means and of that of deviations.
    assert frechet(one, other) == pytest.approx(6, rel=0.05)
    assert frechet(one, one) == pytest.approx(0, abs=1e-6)


def test_what_is_covered() -> None:
    records = np.arange(10.0)[:, None]
    assert covered(np.array([[4.5], [11.0], [40.0]]), records).tolist() == [True, True, False]


def measured(fake: pa.Table) -> dict:
    found = MEASURE.measure(Comparison(table(200, 1), fake, table(200, 3), SCHEMA))
    return {one.name: one for one in found}


def test_real_rows_are_as_good_as_unseen_ones() -> None:
    found = measured(table(200, 2))
    assert set(found) == {"media_frechet", "media_precision", "media_recall", "media_coherence"}
    assert found["media_frechet"].value < 3 * found["media_frechet"].floor
    assert found["media_precision"].value > 70
    assert found["media_recall"].value > 70
    assert found["media_coherence"].value > 95
    assert found["media_coherence"].detail["columns"][0]["name"] == "kind"


def test_rows_that_show_something_else_are_found() -> None:
    fake = table(200, 2)
    mixed = fake.set_column(0, "kind", pa.array(fake["kind"].to_pylist()[::-1]))
    assert measured(mixed)["media_coherence"].value < 70


def test_pictures_that_are_all_alike_are_found() -> None:
    fake = table(200, 2)
    first = fake["photo"][0].as_py()
    same = fake.set_column(2, "photo", pa.array([first] * 200, pa.binary()))
    found = measured(same)
    assert found["media_frechet"].value > 10 * found["media_frechet"].floor
    assert found["media_recall"].value < 30


def test_too_few_pictures_are_not_measured() -> None:
    assert MEASURE.measure(Comparison(table(200, 1), table(20, 2), None, SCHEMA)) == []
