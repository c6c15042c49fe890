import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation import pairs
from reverie.evaluation.view import Side, View, view
from reverie.schema.types import Column, Table

from .tables import SCHEMA, people

RNG = np.random.default_rng(7)


def seen(real: pa.Table, fake: pa.Table, **types: str) -> View:
    return view(
        real, fake, None, Table(name="t", columns=tuple(Column(name=n, type=t) for n, t in types.items()))
    )


def test_equal_tables_have_no_error() -> None:
    one = view(people(300, 1), people(300, 1), None, SCHEMA)
    found = pairs.compare(one, one.real, one.fake)
    assert found.error.max() == 0
    assert len(found.error) == 10


def test_correlation_known_answer() -> None:
    x = RNG.normal(size=500)
    one = seen(pa.table({"x": x, "y": 2 * x}), pa.table({"x": x, "y": -x}), x="decimal", y="decimal")
    found = pairs.compare(one, one.real, one.fake)
    assert found.error == pytest.approx([1])
    assert (found.real[0], found.fake[0]) == pytest.approx((1, -1))
    assert found.related.all()


def test_correlation_survives_large_offsets_and_values() -> None:
    x, y = RNG.normal(size=(2, 500))
    for shift, scale in ((1e9, 1.0), (0.0, 1e300)):
        table = pa.table({"x": (x + shift) * scale, "y": x + y})
        one = seen(table, table, x="decimal", y="decimal")
        expected = np.corrcoef(x + shift, x + y)[0, 1]
        assert pairs.compare(one, one.real, one.fake).real[0] == pytest.approx(expected, abs=1e-6)


def test_contingency_known_answer() -> None:
    real = pa.table({"a": ["p", "p", "q", "q"], "b": ["s", "s", "t", "t"]})
    fake = pa.table({"a": ["p", "p", "q", "q"], "b": ["s", "t", "t", None]})
    one = seen(real, fake, a="category", b="category")
    found = pairs.compare(one, one.real, one.fake)
    assert found.error == pytest.approx([0.5])
    assert found.real == pytest.approx([1])


def test_constant_columns_have_no_strength() -> None:
    table = pa.table({"a": ["p"] * 900, "b": ["s", "t"] * 450, "x": RNG.normal(size=900)})
    one = seen(table, table, a="category", b="category", x="decimal")
    found = pairs.compare(one, one.real, one.fake)
    assert np.isnan(found.real[:2]).all()
    assert not found.related.any()


def test_sparse_tables_are_counted_as_dense_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    one = view(people(400, 1), people(300, 2), None, SCHEMA)
    dense = pairs.compare(one, one.real, one.fake, influence=True)
    monkeypatch.setattr(pairs, "DENSE", 0)
    sparse = pairs.compare(one, one.real, one.fake, influence=True)
    np.testing.assert_allclose(dense.error, sparse.error)
    np.testing.assert_allclose(dense.real, sparse.real)
    np.testing.assert_allclose(dense.influence, sparse.influence, atol=1e-12)


def weighted(side: Side, row: int, times: int) -> Side:
    return side.take(np.append(np.arange(side.rows), np.full(times, row)))


@pytest.mark.parametrize("which", ["numbers", "categories"])
def test_influence_is_the_change_when_a_row_comes_again(which: str) -> None:
    n = 4000
    x = RNG.normal(size=n)
    labels = np.array(["p", "q", "r"])
    real = {
        "x": x + RNG.normal(size=n),
        "y": x,
        "a": labels[(x > 0) * 1 + (x > 1)],
        "b": labels[RNG.integers(0, 3, n)],
    }
    fake = {"x": x, "y": RNG.normal(size=n), "a": labels[RNG.integers(0, 3, n)], "b": labels[(x > 0) * 1]}
    types = {"x": "decimal", "y": "decimal"} if which == "numbers" else {"a": "category", "b": "category"}
    one = seen(pa.table(real), pa.table(fake), **types)
    found = pairs.compare(one, one.real, one.fake, influence=True)
    times = 20
    for row in range(5):
        more = pairs.compare(one, weighted(one.real, row, times), one.fake).error.sum()
        change = (more - found.error.sum()) * (n + times) / times / n
        assert found.influence[0, row] == pytest.approx(change, rel=0.05, abs=2e-6)
