import numpy as np
import pyarrow as pa

from reverie.evaluation import outliers
from reverie.evaluation.outliers import ordinary
from reverie.sampling.table import describe


def table(rows: int = 400) -> pa.Table:
    """A cloud, and ten rows far from it and from each other."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=rows), 50 + 20 * np.arange(10)])
    order = rng.permutation(rows + 10)
    return pa.table({"row": order, "x": x[order], "kind": np.array(["a", "b"])[order % 2]})


def left(found: pa.Table) -> set[int]:
    return set(range(410)) - set(found["row"].to_pylist())


def test_the_rows_farthest_from_others_are_left_out_and_the_order_stays() -> None:
    whole = table()
    schema = describe("t", whole.drop_columns(["row"]))
    found = ordinary(whole, schema, 10 / 410)
    assert left(found) == set(range(400, 410))
    places = [whole["row"].to_pylist().index(row) for row in found["row"].to_pylist()]
    assert places == sorted(places)


def test_among_some_of_the_rows_the_same_are_found(monkeypatch) -> None:
    monkeypatch.setattr(outliers, "RECORDS", 200)
    whole = table()
    assert left(ordinary(whole, describe("t", whole.drop_columns(["row"])), 10 / 410)) == set(range(400, 410))


def test_copies_are_nobody_s_outliers() -> None:
    whole = pa.table({"x": [9.0, 9.0, *np.linspace(0, 1, 98)]})
    assert 9.0 in ordinary(whole, describe("t", whole), 0.05)["x"].to_pylist()


def test_nothing_is_left_out_where_nothing_is_to_be_or_can_be_compared() -> None:
    whole = table()
    assert ordinary(whole, describe("t", whole), 0.0) is whole
    keys = pa.table({"id": [f"K{i}" for i in range(100)]})
    assert ordinary(keys, describe("t", keys), 0.1) is keys
