import numpy as np

from reverie.evaluation.fingerprints import fingerprints
from reverie.evaluation.view import Side, view

from .tables import SCHEMA, people


def test_equal_rows_and_only_they_have_equal_hashes() -> None:
    seen = view(people(2000, 1), people(2000, 1), None, SCHEMA)
    assert (fingerprints(seen.real) == fingerprints(seen.fake)).all()
    rows = np.unique(np.hstack([seen.real.numbers, seen.real.codes]), axis=0)
    assert len(np.unique(fingerprints(seen.real))) == len(rows)


def test_columns_are_not_interchangeable() -> None:
    codes = np.array([[1, 2], [2, 1]], np.int32)
    first, second = fingerprints(Side(np.empty((2, 0)), codes))
    assert first != second


def test_zero_signs_missing_and_rounding_do_not_matter() -> None:
    none = np.empty((2, 0), np.int32)
    for pair in ([0.0, -0.0], [np.nan, -np.nan], [0.1 + 0.2, 0.3], [1e300, 1e300]):
        first, second = fingerprints(Side(np.array(pair)[:, None], none))
        assert first == second
