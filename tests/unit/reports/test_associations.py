import numpy as np
import pytest

from reverie.reports.associations import associate, encode
from reverie.reports.protection import K
from reverie.reports.views import LevelView, NumberView, OpaqueView


def number(name: str, values: np.ndarray) -> NumberView:
    return NumberView(name, "number", {"real": values, "fake": values[::-1].copy()})


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5000))
    copy = number("copy", 3 * x + 1)
    found = associate([number("x", x), number("y", y), copy, number("same", np.ones(5000)), OpaqueView("o")])
    assert found is not None
    return found


def test_columns_that_do_not_vary_are_left_out(found):
    assert sorted(found.names) == ["copy", "x", "y"]


def test_strength_is_one_for_a_copy_and_none_for_noise(found):
    strength = {
        (a, b): found.strength["real"][i, j]
        for i, a in enumerate(found.names)
        for j, b in enumerate(found.names)
    }
    assert strength["x", "copy"] > 0.9
    assert strength["x", "y"] < 0.05
    assert strength["x", "y"] == strength["y", "x"]
    assert strength["x", "x"] == 1


def test_columns_that_go_together_stand_together(found):
    assert abs(found.names.index("x") - found.names.index("copy")) == 1


def test_tables_hold_every_row(found):
    table = found.table("real", "x", "y")
    assert table.sum() == 5000
    assert np.array_equal(table, found.table("real", "y", "x").T)


def test_strength_equals_scipy(found):
    from scipy.stats import contingency

    table = found.table("real", "x", "copy").astype(int)
    plain = contingency.association(table, method="cramer")
    i, j = found.names.index("x"), found.names.index("copy")
    assert found.strength["real"][i, j] == pytest.approx(plain, abs=0.01)


def test_rare_levels_have_no_label():
    codes = np.repeat([0, 1, 2], [50, 50, K - 1])
    coded = encode(LevelView("x", ("a", "b", "secret"), {"real": codes, "fake": codes}))
    assert coded is not None
    assert coded.labels == ("a", "b", "other")


def test_missing_is_a_code():
    values = np.append(np.arange(100.0), [np.nan] * 10)
    coded = encode(number("x", values))
    assert coded is not None
    assert coded.labels[-1] == "missing"
    assert np.count_nonzero(coded.codes["real"] == len(coded.labels) - 1) == 10


def test_one_column_has_no_pairs():
    assert associate([number("x", np.arange(100.0))]) is None
