"""Exact sums, products and ratios, found in made data."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from reverie.sampling.constraints.observed import Observed
from reverie.sampling.constraints.relations import products, sums

RNG = np.random.default_rng(7)
N = 600
A, B = RNG.integers(1, 500, N), np.round(RNG.lognormal(3, 1, N), 2)
NOISE = RNG.normal(size=N)


def found_sums(describe, **columns: object) -> list[tuple]:
    table = pa.table(columns)
    return [(c.columns, c.options) for c in sums(Observed(table, describe(table)))]


def found_products(describe, **columns: object) -> list[tuple]:
    table = pa.table(columns)
    found = products(Observed(table, describe(table)), [])
    return [(c.columns[0], set(c.columns[1:]), c.options["operation"]) for c in found]


def test_sum_of_two(describe) -> None:
    ((columns, options),) = found_sums(describe, a=A, b=B, noise=NOISE, c=np.round(A + B, 2))
    assert columns[0] == "c"
    assert set(columns[1:]) == {"a", "b"}
    assert options == {"operation": "sum", "weights": [1.0, 1.0]}


def test_sum_of_many(describe) -> None:
    months = {f"m{i}": RNG.integers(0, 100, N) for i in range(12)}
    ((columns, options),) = found_sums(describe, noise=NOISE, year=sum(months.values()), **months)
    assert columns[0] == "year"
    assert set(columns[1:]) == set(months)
    assert set(options["weights"]) == {1.0}


def test_shares_that_add_up_to_a_hundred(describe) -> None:
    a, b = RNG.integers(0, 51, N), RNG.integers(0, 50, N)
    ((columns, options),) = found_sums(describe, a=a, b=b, c=100 - a - b)
    assert set(columns) == {"a", "b", "c"}
    assert options["constant"] == 100


def test_weights_and_rounding(describe) -> None:
    ((columns, options),) = found_sums(describe, net=B, gross=np.round(1.2 * B, 2), noise=NOISE)
    assert (columns, options["weights"]) == (("gross", "net"), [1.2])


def test_two_sums_at_once(describe) -> None:
    c = RNG.integers(0, 50, N)
    found = found_sums(
        describe, a=A, c=c, ac=A + c, total=A + c + A * 0 + np.arange(N) % 70, rest=np.arange(N) % 70
    )
    assert {columns[0] for columns, _ in found} == {"ac", "total"}


def test_span_between_dates(describe) -> None:
    start = RNG.integers(0, 3000, N)
    days = RNG.integers(0, 100, N)
    dates = {
        "start": pa.array(start, pa.int32()).cast(pa.date32()),
        "end": pa.array(start + days, pa.int32()).cast(pa.date32()),
    }
    ((columns, options),) = found_sums(describe, days=days, **dates)
    assert set(columns) == {"start", "end", "days"}
    assert set(map(abs, options["weights"])) == {1.0}


def test_missing_cells(describe) -> None:
    a = np.where(RNG.random(N) < 0.2, np.nan, A)
    mostly_missing = np.where(np.arange(N) < 20, 1.0 * A, np.nan)
    ((columns, _),) = found_sums(describe, a=a, b=B, c=a + B, mostly_missing=mostly_missing)
    assert columns[0] == "c"


@pytest.mark.parametrize(
    "result",
    [A + B + 0.01 * NOISE, np.where(np.arange(N) == 3, 0, A + B), (A + B) // 200, A * 1.0 + B.max() * NOISE],
    ids=["noise", "one exception", "few results", "independent"],
)
def test_nothing_that_is_not_exact(describe, result: np.ndarray) -> None:
    assert found_sums(describe, a=A, b=B, c=result) == []


def test_products_and_ratios(describe) -> None:
    quantity = RNG.integers(1, 9, N)
    total = np.round(B * quantity, 2)
    assert found_products(describe, b=B, quantity=quantity, total=total, noise=NOISE) == [
        ("total", {"b", "quantity"}, "product")
    ]
    mean = np.round(A / quantity, 2)
    assert found_products(describe, a=A, quantity=quantity, mean=mean, noise=NOISE) == [
        ("mean", {"a", "quantity"}, "ratio")
    ]


def test_no_product_by_a_constant_or_by_chance(describe) -> None:
    assert found_products(describe, a=A, one=np.ones(N), b=A) == []
    assert found_products(describe, a=A, b=B, c=RNG.permutation(np.round(A * B, 2))) == []


def test_huge_and_empty_columns(describe) -> None:
    huge = np.where(np.arange(N) == 0, 1e308, 1.0 * A)
    nothing = pa.nulls(N, pa.float64())
    assert found_sums(describe, huge=huge, nothing=nothing, b=B) == []
    assert found_products(describe, huge=huge, nothing=nothing, b=B) == []


def test_short_tables(describe) -> None:
    assert found_sums(describe, a=A[:50], b=2 * A[:50]) == []
    assert found_sums(describe, day=[dt.date(2020, 1, 1)], a=[1]) == []
