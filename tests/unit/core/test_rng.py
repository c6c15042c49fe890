import numpy as np
import pytest

from reverie.core.rng import child


def draws(*path: str | int, seed: int = 7) -> np.ndarray:
    return child(seed, *path).random(2000)


def test_the_same_path_gives_the_same_numbers() -> None:
    np.testing.assert_array_equal(draws("table", 3), draws("table", 3))


def test_numbers_stay_the_same_between_versions() -> None:
    """Files made last year with a seed can be made again."""
    assert child(7, "table", 3).integers(1 << 32) == 1161022245


@pytest.mark.parametrize(
    "other",
    [("table", 4), ("table",), ("table", 3, 0), ("table3",), (3, "table"), ("tabl", "e3")],
    ids=str,
)
def test_other_paths_give_unrelated_numbers(other: tuple[str | int, ...]) -> None:
    assert abs(np.corrcoef(draws("table", 3), draws(*other))[0, 1]) < 0.1


@pytest.mark.parametrize("seed", [0, 8, 7 + (1 << 32), 7 + (1 << 63)])
def test_other_seeds_give_unrelated_numbers(seed: int) -> None:
    assert abs(np.corrcoef(draws("table"), draws("table", seed=seed))[0, 1]) < 0.1
