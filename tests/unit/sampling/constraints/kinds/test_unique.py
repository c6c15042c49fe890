"""Values that do not repeat."""

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints.kinds.unique import Unique
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint


def test_valid_keeps_the_first() -> None:
    table = pa.table({"a": ["x", "y", "x", None, None]})
    assert Unique(Constraint(kind="unique", columns=("a",))).valid(table).tolist() == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_valid_on_combinations() -> None:
    table = pa.table({"a": [1, 1, 1, 2], "b": ["x", "y", "x", "x"]})
    assert Unique(Constraint(kind="unique", columns=("a", "b"))).valid(table).tolist() == [
        True,
        True,
        False,
        True,
    ]


def test_nan_is_missing() -> None:
    table = pa.table({"a": [float("nan"), float("nan")]})
    assert Unique(Constraint(kind="unique", columns=("a",))).valid(table).all()


def test_detects_and_only_offers(describe) -> None:
    rng = np.random.default_rng(3)
    table = pa.table(
        {
            "number": rng.permutation(500) + 1000,
            "sparse": rng.integers(0, 2**50, 500),
            "price": rng.uniform(size=500),
            "count": rng.integers(0, 400, 500),
        }
    )
    (found,) = Unique.detect(Observed(table, describe(table)))
    assert found.columns == ("number",)
    assert not found.enforced
