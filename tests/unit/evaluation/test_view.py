import numpy as np
import pyarrow as pa

from reverie.evaluation.view import restricted, view
from reverie.schema.types import Column, Table

from .tables import SCHEMA, people


def test_columns_find_their_places_and_keys_are_left_out() -> None:
    seen = view(people(50, 1), people(30, 2), people(20, 3), SCHEMA)
    assert [(field.name, field.kind) for field in seen.fields] == [
        ("age", "numerical"),
        ("income", "numerical"),
        ("since", "datetime"),
        ("city", "categorical"),
        ("member", "categorical"),
    ]
    assert seen.real.numbers.shape == (50, 3)
    assert seen.fake.codes.shape == (30, 2)
    assert seen.holdout is not None
    assert seen.holdout.rows == 20


def test_numbers_with_two_values_are_categories() -> None:
    schema = Table(name="t", columns=(Column(name="x", type="integer"), Column(name="y", type="integer")))
    real = pa.table({"x": [0, 1, None], "y": [0, 1, 2]})
    fake = pa.table({"x": [0.0, 5.0], "y": [3.0, 3.0]})
    seen = view(real, fake, None, schema)
    assert [field.kind for field in seen.fields] == ["categorical", "numerical"]
    assert seen.fields[0].labels == ("0", "1", "5")
    assert seen.real.codes[:, 0].tolist() == [0, 1, -1]


def test_columns_may_stand_in_another_order() -> None:
    table = people(40, 1)
    turned = table.select(table.column_names[::-1])
    seen = view(table, turned, None, SCHEMA)
    np.testing.assert_array_equal(seen.real.numbers, seen.fake.numbers)
    np.testing.assert_array_equal(seen.real.codes, seen.fake.codes)


def test_take_keeps_rows_together() -> None:
    side = view(people(40, 1), people(40, 2), None, SCHEMA).real
    taken = side.take(np.array([5, 3]))
    np.testing.assert_array_equal(taken.numbers, side.numbers[[5, 3]])
    np.testing.assert_array_equal(taken.codes, side.codes[[5, 3]])


def test_a_restricted_view_has_the_same_values() -> None:
    seen = view(people(50, 1), people(30, 2), people(20, 3), SCHEMA)
    part = restricted(seen, {"member", "income"})
    assert [field.name for field in part.fields] == ["income", "member"]
    whole = {field.name: field for field in seen.fields}
    for field in part.fields:
        np.testing.assert_array_equal(field.of(part.fake), whole[field.name].of(seen.fake))
    assert part.holdout is not None
    assert part.holdout.rows == 20


def test_some_rows_are_rows_of_the_side_without_repeats() -> None:
    side = view(people(50, 1), people(30, 2), None, SCHEMA).real
    some = side.some(20, np.random.default_rng(0))
    assert some.rows == len(np.unique(some.numbers[:, 1])) == 20
    assert np.isin(some.numbers[:, 1], side.numbers[:, 1]).all()
    assert side.some(80, np.random.default_rng(0)).rows == 50
