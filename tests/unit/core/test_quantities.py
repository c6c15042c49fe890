"""Numbers of rows, times and seeds as they are written."""

import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.core.quantities import parse_count, parse_seconds, parse_seed


@pytest.mark.parametrize(
    ("written", "rows"),
    [("1e6", 10**6), ("1_000", 1000), ("1,000", 1000), (7, 7), (1e3, 1000), (np.int64(5), 5)],
)
def test_counts(written: object, rows: int) -> None:
    assert parse_count(written, "-n") == rows


@pytest.mark.parametrize("written", ["x", 2.5, 0, -1, "nan", True, None, [3], float("inf")])
def test_no_counts(written: object) -> None:
    with pytest.raises(ConfigError, match="whole number"):
        parse_count(written, "-n")


@pytest.mark.parametrize(
    ("written", "seconds"), [("90", 90), ("60s", 60), ("1.5m", 90), ("1h", 3600), (5, 5), (0.5, 0.5)]
)
def test_times(written: object, seconds: float) -> None:
    assert parse_seconds(written, "--budget") == seconds


@pytest.mark.parametrize("written", ["", "0s", "-1", "1d", "s", True, None, -3, float("nan")])
def test_no_times(written: object) -> None:
    with pytest.raises(ConfigError, match="60s"):
        parse_seconds(written, "--budget")


def test_seeds() -> None:
    assert parse_seed(np.int32(3)) == 3
    for wrong in ("a", -1, 1.5, True, None):
        with pytest.raises(ConfigError, match="seed"):
            parse_seed(wrong)
