import json

import numpy as np
import pytest

from reverie.core.nested import join, split


def test_arrays_leave_and_come_back():
    data = {"a": [1, np.arange(3), {"b": np.ones((2, 2), bool)}], "c": None, "d/e": np.float64(2.5), "f": []}
    plain, arrays = split(data)
    back = join(json.loads(json.dumps(plain)), arrays)
    assert len(arrays) == 2
    assert back["a"][0] == 1
    assert np.array_equal(back["a"][1], data["a"][1])
    assert back["a"][2]["b"].dtype == bool
    assert (back["c"], back["d/e"], back["f"]) == (None, 2.5, [])


def test_a_lost_array_is_noticed():
    plain, _ = split([np.zeros(1)])
    with pytest.raises(KeyError):
        join(plain, {})
