"""The note that synthetic rows look like a sample with conditions."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from reverie.evaluation.conditioned import conditioned
from reverie.evaluation.view import view

from .tables import SCHEMA, people

REAL, FAKE = people(3000, 1), people(3000, 2)


def note(fake: pa.Table) -> str:
    return conditioned(view(REAL, fake, None, SCHEMA))


def test_a_sample_of_the_whole_is_not_noted() -> None:
    assert note(FAKE) == ""
    assert note(FAKE.slice(0, 30)) == ""


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (pc.equal(FAKE["city"], "Wien"), "only city=Wien"),
        (pc.equal(FAKE["member"], True), "only member=true"),
        (pc.is_in(FAKE["city"], pa.array(["Wien", "Bern"])), "only city in {Wien,Bern}"),
        (pc.greater_equal(FAKE["age"], 65), "none of the lowest 6"),
        (pc.less(FAKE["since"], pa.scalar(FAKE["since"][5]).cast(pa.date32())), "of since"),
    ],
)
def test_a_condition_is_named(rows: pa.ChunkedArray, said: str) -> None:
    found = note(FAKE.filter(rows))
    assert found.startswith("fake: looks like a sample with conditions: ")
    assert said in found
    assert "made without conditions" in found


def test_few_rows_may_miss_a_part_by_chance() -> None:
    assert note(FAKE.filter(pc.equal(FAKE["city"], "Wien")).slice(0, 3)) == ""


def test_values_of_few_real_rows_are_not_named() -> None:
    city = pa.array(["Nowhere"] * FAKE.num_rows)
    found = note(FAKE.set_column(4, "city", city))
    assert "Nowhere" not in found
    assert "city with 0 of its 4 common values" in found


@pytest.mark.parametrize("name", ["age", "city", "since"])
def test_a_column_without_values_says_nothing(name: str) -> None:
    place = FAKE.column_names.index(name)
    assert note(FAKE.set_column(place, name, pa.nulls(FAKE.num_rows, FAKE[name].type))) == ""
