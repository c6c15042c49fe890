"""Numbers of rows, times and seeds as people write them, on the command line and in Python."""

import re
from typing import Any

from reverie.core.errors import ConfigError

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_count(value: Any, where: str, what: str = "number of rows") -> int:
    """A whole number of at least 1: 1000000, 1e6, or "1_000_000", "1,000,000", "1e6". Raises ConfigError.

    >>> parse_count("1e6", "-n")
    1000000
    """
    try:
        number = float("nan") if isinstance(value, bool) else float(_plain(value))
    except (ValueError, TypeError):
        number = float("nan")
    if not (1 <= number < 2**53 and number.is_integer()):
        fix = "Give a whole number of at least 1, such as 1000000 or 1e6"
        raise ConfigError(f"{_shown(value)} is no {what}", where=where, fix=fix)
    return int(number)


def parse_seconds(value: Any, where: str) -> float:
    """A time in seconds: 90, "90s", "5m" or "1h". Raises ConfigError unless it is above 0.

    >>> parse_seconds("5m", "--budget")
    300.0
    """
    text = "" if isinstance(value, bool) else str(value).lower()
    found = re.fullmatch(r"\s*(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)\s*(s|m|min|h|)\s*", text)
    if not found or float(found[1]) <= 0:
        raise ConfigError(f"{_shown(value)} is no time", where=where, fix="Write for example 60s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def parse_share(value: Any, where: str, most: float = 0.5) -> float:
    """A share of the rows, from 0 to `most`. Raises ConfigError.

    >>> parse_share(0.03, "outliers")
    0.03
    """
    number = float("nan") if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    if not 0 <= number <= most:
        fix = f"Give a number from 0 to {most:g}, such as 0.03"
        raise ConfigError(f"{_shown(value)} is no share of rows", where=where, fix=fix)
    return number


def parse_seed(value: Any, where: str = "seed") -> int:
    """A whole number of at least 0. Raises ConfigError."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
        raise ConfigError(f"{_shown(value)} is no seed", where=where, fix="Give a whole number of at least 0")
    return int(value)


def _plain(value: Any) -> Any:
    return value.replace("_", "").replace(",", "") if isinstance(value, str) else value


def _shown(value: Any) -> str:
    """The value, if it is short and plain, or else its type."""
    return f"'{str(value)[:40]}'" if isinstance(value, str | int | float) else type(value).__name__
