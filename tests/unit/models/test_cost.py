"""What fitting will cost."""

from types import SimpleNamespace

import numpy as np
import pytest

from reverie.core import registry
from reverie.models.base import Budget, families
from reverie.models.cost import estimate, timed
from reverie.schema.blocks import Blocks, Category, Real

SPECS = (Category("a", 3), Real("x"), Real("y"))


@pytest.mark.parametrize("name", sorted({"trees", "copula"} & set(families())))
def test_more_rows_and_columns_cost_more(name: str) -> None:
    few, many = (estimate(name, SPECS, rows, Budget()) for rows in (500, 50_000))
    wide = estimate(name, SPECS + tuple(Category(f"c{i}", 4) for i in range(50)), 50_000, Budget())
    assert 0 < few < many < wide  # type: ignore[operator]


def test_a_family_without_a_formula_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    module = SimpleNamespace(Config=SimpleNamespace, fit=lambda blocks, **_: seen.append(blocks.rows))
    monkeypatch.setattr(registry, "load", lambda *_: module)
    blocks = Blocks((Real("x"),), {"x": np.zeros((3_000, 1, 1))}, 3_000)
    assert estimate("mine", blocks.specs, 5, Budget()) is None
    assert timed("mine", blocks, Budget()) >= 0
    assert seen == [300]
