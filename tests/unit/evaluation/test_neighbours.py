import numpy as np
import pytest

from reverie.evaluation import neighbours
from reverie.evaluation.view import View, view

from .tables import SCHEMA, people


def brute(seen: View) -> np.ndarray:
    """All distances, as defined, one pair of rows at a time."""
    low, high = np.nanmin(seen.real.numbers, axis=0), np.nanmax(seen.real.numbers, axis=0)
    numbers = [np.nan_to_num((side.numbers - low) / (high - low), nan=-1) for side in (seen.fake, seen.real)]
    gaps = np.square(numbers[0][:, None] - numbers[1][None]).sum(-1)
    return np.sqrt(gaps + (seen.fake.codes[:, None] != seen.real.codes[None]).sum(-1))


@pytest.mark.parametrize("wide", [24, 0])
def test_nearest_are_those_of_all_pairs(monkeypatch: pytest.MonkeyPatch, wide: int) -> None:
    monkeypatch.setattr(neighbours, "WIDE", wide)
    seen = view(people(200, 1), people(150, 2), None, SCHEMA)
    found, every = neighbours.nearest(seen, seen.fake, seen.real), np.sort(brute(seen), axis=1)
    assert found.first == pytest.approx(every[:, 0], abs=1e-6)
    assert found.second == pytest.approx(every[:, 1], abs=1e-6)
    np.testing.assert_array_equal(brute(seen)[np.arange(150), found.record], found.first)


def test_a_copy_is_at_distance_zero_exactly() -> None:
    seen = view(people(200, 1), people(200, 1), None, SCHEMA)
    found = neighbours.nearest(seen, seen.fake, seen.real)
    assert (found.first == 0).all()
    assert (found.ratio == 0).all()


def test_ratio_of_two_copies_is_one() -> None:
    found = neighbours.Nearest(np.zeros(1), np.zeros(1), np.zeros(1, int))
    assert found.ratio == [1]
