"""Nested plain data apart from the arrays in it, so that each of the two is stored in its own form."""

from collections.abc import Mapping
from typing import Any

import numpy as np

MARK = "\x00array"


def split(data: Any, path: str = "") -> tuple[Any, dict[str, np.ndarray]]:
    """`data` with each array replaced by a reference to its path, and the arrays by path.

    >>> split({"a": [1, np.zeros(2)]})
    ({'a': [1, {'\\x00array': 'a/1'}]}, {'a/1': array([0., 0.])})
    """
    if isinstance(data, np.ndarray):
        return {MARK: path}, {path: data}
    if isinstance(data, np.generic):
        return data.item(), {}
    if not isinstance(data, Mapping | list | tuple):
        return data, {}
    pairs = data.items() if isinstance(data, Mapping) else enumerate(data)
    plain, arrays = {}, {}
    for key, value in pairs:
        plain[key], found = split(value, f"{path}/{key}" if path else str(key))
        arrays |= found
    return (plain if isinstance(data, Mapping) else list(plain.values())), arrays


def join(plain: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Inverse of `split`. Raises KeyError if an array is missing."""
    if isinstance(plain, Mapping):
        if set(plain) == {MARK}:
            return arrays[plain[MARK]]
        return {key: join(value, arrays) for key, value in plain.items()}
    return [join(value, arrays) for value in plain] if isinstance(plain, list) else plain
