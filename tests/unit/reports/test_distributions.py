import numpy as np
import pytest

from reverie.reports.distributions import describe
from reverie.reports.protection import K
from reverie.reports.views import LevelView, NumberView, OpaqueView


def levels(*codes: list[int], labels=("a", "b", "c")) -> LevelView:
    roles = ("real", "fake", "holdout")
    return LevelView("x", labels, {role: np.array(code) for role, code in zip(roles, codes, strict=False)})


def numbers(real, fake=None, unit="number") -> NumberView:
    real = np.asarray(real, dtype=float)
    return NumberView(
        "x", unit, {"real": real, "fake": real if fake is None else np.asarray(fake, dtype=float)}
    )


def test_shares_of_levels():
    found = describe(levels([0] * 6 + [1] * 14, [0] * 10 + [1] * 10))
    assert [bar.label for bar in found.bars] == ["b", "a"]
    assert found.bars[0].shares == {"real": 0.7, "fake": 0.5}
    assert found.missing == {"real": 0.0, "fake": 0.0}


def test_levels_of_few_people_have_no_name():
    found = describe(levels([0] * 20 + [1] * (K - 1), [1] * 20))
    assert [bar.label for bar in found.bars] == ["a", ""]
    assert found.bars[1].shares == {"real": None, "fake": 1.0}
    assert found.bars[1].count == 1


def test_few_unseen_people_are_not_counted():
    found = describe(levels([0] * 20, [0] * 20, [0] * 17 + [-1] * 3))
    assert found.missing["holdout"] is None
    assert found.bars[0].shares["holdout"] == 0.85


def test_few_different_numbers_are_bars():
    found = describe(numbers([1] * 10 + [2] * 20 + [77] * 2))
    assert [bar.label for bar in found.bars] == ["1", "2", ""]
    assert found.histogram is None


def test_a_spike_is_a_bar_of_its_own():
    rng = np.random.default_rng(0)
    found = describe(numbers(np.concatenate([np.zeros(500), rng.normal(5, 1, 500)])))
    assert [(bar.label, bar.shares["real"]) for bar in found.bars] == [("0", 0.5)]
    assert found.histogram is not None
    assert found.histogram.edges[0] > 0


def test_bins_hold_all_that_lies_on_the_axis():
    values = np.random.default_rng(0).normal(size=2000)
    histogram = describe(numbers(values)).histogram
    assert histogram is not None
    assert histogram.shares["real"].sum() + histogram.outside["real"] == pytest.approx(1)
    assert histogram.outside["real"] < 0.02
    counts = histogram.shares["real"] * 2000
    assert np.all((counts < 0.5) | (counts > K - 0.5))


def test_extremes_are_beyond_the_axis():
    values = np.append(np.random.default_rng(0).normal(size=2000), 1e9)
    histogram = describe(numbers(values)).histogram
    assert histogram is not None
    assert histogram.edges[-1] < 10


def test_heavy_tails_get_a_logarithmic_axis():
    values = np.exp(3 * np.random.default_rng(0).normal(size=2000))
    histogram = describe(numbers(values)).histogram
    assert histogram is not None
    assert histogram.logarithmic
    assert -5 < histogram.edges[0] < histogram.edges[-1] < 5


def test_too_few_numbers_are_not_drawn():
    found = describe(numbers([1.5, 2.5, 3.25, np.nan, *range(20, 29)], unit="number"))
    assert found.histogram is None or len(found.histogram.edges) <= 3


def test_opaque_columns_say_so():
    found = describe(OpaqueView("x", {"real": (2, 50), "fake": (2, 50)}))
    assert found.note
    assert found.missing == {"real": None, "fake": 0.04}
