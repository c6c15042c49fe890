"""A goal says which of its bounds was reached."""

import pytest

from goals import Goal


@pytest.mark.parametrize(
    ("value", "better", "reached"),
    [
        (0.5, "lower", "aim"),
        (1.5, "lower", "must"),
        (2.5, "lower", "**missed**"),
        (2.5, "higher", "aim"),
        (None, "lower", "not measured"),
    ],
)
def test_goal_reached(value: float | None, better: str, reached: str) -> None:
    bounds = (2.0, 1.0) if better == "lower" else (1.0, 2.0)
    assert Goal("figure", value, *bounds, better).row()[-1] == reached
