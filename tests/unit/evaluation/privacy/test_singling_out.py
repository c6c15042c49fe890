import numpy as np
import pytest

from reverie.evaluation.privacy.singling_out import MEASURE, Term
from reverie.evaluation.view import Field, Side

from ..tables import compared, named, people

REAL, HOLDOUT = people(800, 1), people(800, 3)


def test_fresh_rows_single_out_nobody() -> None:
    found = named(MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT)))
    assert set(found) == {"singling_out_univariate", "singling_out_multivariate"}
    for figure in found.values():
        assert figure.low < 0.05
        assert figure.detail["attack"] > figure.detail["baseline"]


def test_copies_single_out() -> None:
    for figure in MEASURE.measure(compared(REAL, REAL, HOLDOUT)):
        assert figure.low > 0.5
        assert figure.detail["attack"] == pytest.approx(1, abs=0.02)


def test_none_without_a_holdout_or_with_few_rows() -> None:
    assert MEASURE.measure(compared(REAL, people(800, 2))) == []
    assert MEASURE.measure(compared(REAL, people(20, 2), HOLDOUT)) == []


def test_terms_hold_for_missing_values() -> None:
    side = Side(np.array([[1.0], [np.nan], [3.0]]), np.empty((3, 0), np.int32))
    field = Field("x", "numerical", 0)
    assert Term(field, np.nan, 1).holds(side).tolist() == [False, True, False]
    assert Term(field, 1.0, 0).holds(side).tolist() == [True, False, False]
    assert Term(field, 2.0, 1).holds(side).tolist() == [False, False, True]
    assert Term(field, 2.0, -1).holds(side).tolist() == [True, False, False]


def test_many_predicates_of_few_people_are_little_evidence() -> None:
    found = named(MEASURE.measure(compared(people(3000, 1), people(3000, 9), people(60, 3))))
    assert found["singling_out_multivariate"].low < 0.02
    assert found["singling_out_multivariate"].n < 200
