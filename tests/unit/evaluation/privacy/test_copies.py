import pyarrow as pa

from reverie.evaluation.base import Comparison
from reverie.evaluation.privacy.copies import MEASURE
from reverie.schema.types import Column, Table

from ..tables import compared, named, people


def test_a_quarter_of_copies_is_a_quarter() -> None:
    real = people(400, 1)
    fake = pa.concat_tables([real.slice(0, 100), people(300, 2)])
    found = named(MEASURE.measure(compared(real, fake, people(200, 3))))
    assert found["copies"].value == 25
    assert found["copies"].low < 25 < found["copies"].high
    assert found["copies"].floor == 0
    assert found["copies"].detail == {"floor_n": 200}


def test_new_keys_do_not_hide_copies() -> None:
    real = people(100, 1)
    renamed = real.set_column(0, "id", pa.array([f"new{row}" for row in range(100)]))
    assert named(MEASURE.measure(compared(real, renamed)))["copies"].value == 100


def test_rows_that_many_people_share_are_not_unique() -> None:
    schema = Table(name="t", columns=(Column(name="x", type="category"),))
    real, fake = pa.table({"x": ["a", "a", "b"]}), pa.table({"x": ["a", "b", "c", "c"]})
    found = named(MEASURE.measure(Comparison(real, fake, fake, schema)))
    assert found["copies"].value == 50
    assert found["copies_unique"].value == 25
    assert found["copies"].floor == 50
