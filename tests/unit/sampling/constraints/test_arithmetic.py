"""What formulas compute, and how far off a result may be."""

import numpy as np
import pytest

from reverie.sampling.constraints.arithmetic import reckon, slack
from reverie.schema.types import Constraint

A, B = np.array([6.0, 3.0, np.nan]), np.array([2.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"operation": "sum"}, [8, 3, np.nan]),
        ({"operation": "sum", "weights": [2, -1], "constant": 1}, [11, 7, np.nan]),
        ({"operation": "difference"}, [4, 3, np.nan]),
        ({"operation": "product"}, [12, 0, np.nan]),
        ({"operation": "ratio"}, [3, np.nan, np.nan]),
    ],
)
def test_reckon(options: dict, expected: list[float]) -> None:
    formula = Constraint(kind="formula", columns=("c", "a", "b"), options=options)
    np.testing.assert_array_equal(reckon(formula, [A, B]), expected)


def test_reckon_is_missing_where_it_overflows() -> None:
    formula = Constraint(kind="formula", columns=("c", "a", "b"), options={"operation": "product"})
    assert np.isnan(reckon(formula, [np.array([1e308]), np.array([1e308])])).all()


def test_slack() -> None:
    assert slack(2, np.array([1.0])) == pytest.approx(0.005, rel=1e-6)
    assert 0 < slack(None, np.array([1.0, np.nan])) < 1e-9
    assert slack(None, np.array([])) == 0
