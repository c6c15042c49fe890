"""The choice of an order of columns."""

import numpy as np
import pytest

from reverie.models.boosting import Bins
from reverie.models.features import FeatureSpace
from reverie.models.ordering import FEWEST_ROWS, MARGIN, choose_order
from reverie.schema.blocks import Blocks, Category, Real

ROWS = 2000


def table(rows: int = ROWS) -> Blocks:
    """A number, what follows from it and from chance, a number alone, and a category, in this order."""
    rng = np.random.default_rng(1)
    cause, alone = rng.normal(size=(2, rows))
    numbers = {"effect": cause + 0.3 * rng.normal(size=rows), "cause": cause, "alone": alone}
    arrays = {name: array.reshape(-1, 1, 1) for name, array in numbers.items()}
    arrays["group"] = rng.integers(0, 3, rows).astype(np.int32)
    return Blocks((*(Real(name) for name in numbers), Category("group", 3)), arrays, rows)


def chosen(blocks: Blocks, first: str | None = None) -> tuple[str, ...]:
    """The order chosen when those that begin with `first` are likely; without it, none may be asked about."""

    def score(space: FeatureSpace, bins: Bins, some: Blocks) -> float:
        assert first is not None
        np.testing.assert_array_equal(space.bins(some).codes, bins.codes)
        return float(space.order[0] == first)

    return choose_order(FeatureSpace.learn(blocks), blocks, score, np.random.default_rng(0)).order


@pytest.mark.parametrize("first", ["effect", "alone", "group"])
def test_the_likeliest_candidate_is_chosen(first: str) -> None:
    found = chosen(table(), first)
    assert found[0] == first
    assert sorted(found) == ["alone", "cause", "effect", "group"]


def test_with_few_rows_nothing_is_compared_and_what_others_explain_comes_last() -> None:
    found = chosen(table(FEWEST_ROWS - 1))
    assert (found[0], found[3]) == ("alone", "group")


def test_a_gain_within_chance_changes_nothing() -> None:
    blocks = table()

    def score(space: FeatureSpace, bins: Bins, some: Blocks) -> float:
        return 0.9 * MARGIN * (space.order[0] == "group")

    found = choose_order(FeatureSpace.learn(blocks), blocks, score, np.random.default_rng(0)).order
    assert found[0] == "alone"


def test_one_column_has_one_order() -> None:
    only = Blocks((Category("group", 3),), {"group": np.arange(ROWS, dtype=np.int32) % 3}, ROWS)
    assert chosen(only) == ("group",)
