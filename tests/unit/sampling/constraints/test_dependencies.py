"""Columns determined by others, and limited combinations, found in made data."""

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints.dependencies import determined, forbidden
from reverie.sampling.constraints.observed import Observed

RNG = np.random.default_rng(4)
CITY = RNG.integers(0, 20, 1000)


def texts(codes: np.ndarray) -> list[str]:
    return [f"v{code}" for code in codes]


def keys(describe, table: pa.Table) -> dict[str, str]:
    found = determined(Observed(table, describe(table)))
    return {constraint.options["determined"]: constraint.columns[0] for constraint in found}


def test_finds_the_root_of_a_chain(describe) -> None:
    table = pa.table(
        {
            "country": texts(CITY // 7),
            "city": texts(CITY),
            "zone": CITY // 4,
            "other": texts(RNG.permutation(CITY)),
        }
    )
    assert keys(describe, table) == {"country": "city", "zone": "city"}


def test_of_two_that_fix_each_other_text_is_the_key(describe) -> None:
    table = pa.table({"number": CITY, "name": texts(CITY)})
    assert keys(describe, table) == {"number": "name"}


def test_missing_is_a_value(describe) -> None:
    name = ["none" if c == 0 else f"v{c}" for c in CITY]
    code = [None if c == 0 else int(c) % 5 for c in CITY]
    assert keys(describe, pa.table({"name": name, "code": code})) == {"code": "name"}


def test_one_exception_in_the_whole_table_is_enough(describe) -> None:
    city = RNG.integers(0, 20, 10_000)
    country = city // 7
    country[1] = 9
    assert keys(describe, pa.table({"city": texts(city), "country": country})) == {}


def test_keys_that_hardly_repeat_prove_nothing(describe) -> None:
    key = RNG.permutation(np.concatenate([np.arange(980), np.arange(20)]))
    assert keys(describe, pa.table({"key": key, "x": key % 3})) == {}


def test_a_key_of_rare_values_is_only_offered(describe) -> None:
    key = np.concatenate([np.repeat(np.arange(100), 3), np.arange(700) % 50 + 100])
    (found,) = determined(Observed(table := pa.table({"key": key, "x": key % 7}), describe(table)))
    assert not found.enforced


def orders(n: int) -> pa.Table:
    """Price fixes the product, and the total, made of price and quantity, seems to."""
    rng = np.random.default_rng(5)
    price = np.array([9.5, 39.9, 89.0, 249.0])[(product := rng.integers(0, 4, n))]
    price = np.round(price * rng.choice([1, 0.9], n), 2)
    total = np.round(price * (1 + rng.poisson(1, n)), 2)
    return pa.table({"product": texts(product), "price": price, "total": total})


def test_the_cause_with_the_fewest_levels_is_the_key(describe) -> None:
    assert keys(describe, orders(1000))["product"] == "price"


def test_a_number_that_takes_new_values_is_only_offered_as_a_key(describe) -> None:
    table = orders(1000).drop_columns(["price"])
    (found,) = determined(Observed(table, describe(table)))
    assert found.columns == ("total", "product")
    assert not found.enforced
    named = table.set_column(1, "total", pa.array(texts(table["total"].to_pylist())))
    (found,) = determined(Observed(named, describe(named)))
    assert found.enforced


def test_keys_missing_together_with_the_rest_prove_nothing(describe) -> None:
    text = [None] * 400 + [f"v{i}" for i in range(600)]
    title = [None] * 400 + [f"t{i % 300}" for i in range(600)]
    assert keys(describe, pa.table({"text": text, "title": title})) == {}


def test_forbidden_pairs_are_offered(describe) -> None:
    role, team = RNG.integers(0, 4, 2000), RNG.integers(0, 4, 2000)
    team = np.where((role < 2) == (team < 2), team, 3 - team)
    table = pa.table({"role": texts(role), "team": texts(team), "other": texts(RNG.integers(0, 4, 2000))})
    (found,) = forbidden(Observed(table, describe(table)), set())
    assert found.columns == ("role", "team")
    assert not found.enforced
    assert forbidden(Observed(table, describe(table)), {"team"}) == []
