"""Detection over all kinds: planted rules are found, and nothing is found where nothing is."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.sampling.constraints import check, check_consistent, detect


def independent(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "normal": rng.normal(size=n),
            "wide": rng.normal(0, 100, n),
            "signed": rng.integers(-50, 50, n),
            "level": pa.array(np.array(list("abcd"))[rng.integers(0, 4, n)]).dictionary_encode(),
            "other": np.array(list("pqr"))[rng.integers(0, 3, n)],
            "flag": rng.random(n) < 0.3,
            "bit": rng.integers(0, 2, n),
            "date": pa.array(rng.integers(0, 900, n), pa.int32()).cast(pa.date32()),
            "later": pa.array(rng.integers(0, 900, n), pa.int32()).cast(pa.date32()),
            "holes": pa.array(rng.normal(size=n), mask=rng.random(n) < 0.3),
            "more_holes": pa.array(rng.normal(size=n), mask=rng.random(n) < 0.3),
        }
    )


@given(st.integers(0, 2**32), st.integers(100, 3000))
@settings(max_examples=15, deadline=None)
def test_finds_nothing_in_independent_columns(describe, seed: int, n: int) -> None:
    table = independent(n, seed)
    assert detect(table, describe(table)) == ()


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_finds_what_was_planted_and_it_holds(describe, seed: int) -> None:
    table, rng = independent(800, seed), np.random.default_rng(seed)
    level = np.array(table["level"].to_pylist())
    a, b = rng.integers(0, 200, 800), np.round(rng.normal(50, 40, 800), 1)
    planted = {
        "above": table["normal"].to_numpy() + rng.exponential(size=800),
        "code": (level == "a").astype(int) * 3 + (level == "b"),
        "a": a, "b": b, "a_plus_b": np.round(a + b, 1),
        "end": pa.array(rng.normal(size=800), mask=~table["flag"].to_numpy()),
    }  # fmt: skip
    for name, values in planted.items():
        table = table.append_column(name, pa.array(values))
    found = detect(table, describe(table))
    kinds = {(c.kind, frozenset(c.columns)) for c in found}
    assert kinds >= {
        ("inequality", frozenset({"normal", "above"})),
        ("fixed_combinations", frozenset({"level", "code"})),
        ("formula", frozenset({"a_plus_b", "a", "b"})),
        ("conditional", frozenset({"flag", "end"})),
    }
    assert all(mask.all() for _, mask in check(table, found))
    check_consistent(found, describe(table), table)


def test_what_a_formula_implies_is_not_repeated(describe) -> None:
    rng = np.random.default_rng(1)
    part, rest = rng.integers(0, 300, 500), rng.integers(0, 300, 500)
    table = pa.table({"part": part, "rest": rest, "whole": part + rest})
    found = detect(table, describe(table))
    assert {c.kind for c in found} == {"formula", "range"}


@pytest.mark.parametrize("rows", [1000, 30_000])
def test_what_a_formula_makes_is_no_key(describe, rows: int) -> None:
    rng = np.random.default_rng(5)
    product, quantity = rng.integers(0, 4, rows), 1 + rng.poisson(2, rows)
    price = np.round(np.array([9.5, 39.9, 89.0, 249.0])[product] * rng.choice([1, 0.9, 0.8], rows), 2)
    names = np.array(["mug", "lamp", "chair", "desk"])[product]
    table = pa.table(
        {"product": names, "price": price, "quantity": quantity, "total": np.round(price * quantity, 2)}
    )
    found = {(c.kind, c.columns) for c in detect(table, describe(table)) if c.kind != "range"}
    assert found == {
        ("formula", ("total", "price", "quantity")),
        ("fixed_combinations", ("price", "product")),
    }


def test_flags_that_a_category_determines_are_looked_up(describe) -> None:
    level = np.random.default_rng(1).integers(0, 4, 500)
    flags = {f"is_{i}": (level == i).astype(int) for i in range(4)}
    table = pa.table({"level": [f"v{i}" for i in level], **flags})
    found = detect(table, describe(table))
    assert [c.kind for c in found if c.enforced] == ["fixed_combinations"] * 4


def test_a_copied_column_is_a_formula(describe) -> None:
    values = np.random.default_rng(1).integers(-100, 100, 5000)
    table = pa.table({"a": values, "b": values, "c": -values})
    assert {c.kind for c in detect(table, describe(table))} == {"formula"}


@pytest.mark.parametrize("rows", [0, 1, 2, 50])
def test_short_tables_show_nothing(describe, rows: int) -> None:
    table = independent(100, 1).slice(0, rows)
    assert detect(table, describe(table)) == ()


def test_odd_columns_do_no_harm(describe) -> None:
    n = 200
    table = pa.table(
        {
            "nothing": pa.nulls(n),
            "no_numbers": pa.nulls(n, pa.float64()),
            "constant": ["same"] * n,
            "same": np.ones(n),
            "extreme": np.resize([np.nan, np.inf, -np.inf, 1e308, -1e308], n),
            "bytes": pa.array([b"x", b"y"] * (n // 2)),
            "list": pa.array([[1], [2]] * (n // 2)),
            "": np.arange(n) % 3,
        }
    )
    check_consistent(detect(table, describe(table)), describe(table), table)
