import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError, DataError
from reverie.evaluation.shadows import attack

from .tables import SCHEMA, named, people

REAL = people(400, 1)


def fresh(table: pa.Table, turn: int) -> pa.Table:
    """A generator that knows the population and nobody in it."""
    return people(table.num_rows, 100 + turn)


def copying(share: float):
    """A generator that knows the population, and gives out a share of the rows learned from."""

    def refit(table: pa.Table, turn: int) -> pa.Table:
        kept = np.random.default_rng(turn).permutation(table.num_rows)[: round(share * table.num_rows)]
        return pa.concat_tables([table.take(pa.array(kept)), fresh(table, turn)])

    return refit


def test_a_generator_that_knows_nobody_gives_nothing_away() -> None:
    found = named(attack(REAL, fresh, schema=SCHEMA))
    assert found["shadow"].low < 0.5 < found["shadow"].high
    assert found["shadow_tpr"].value < 0.03
    assert set(found) == {"shadow", "shadow_tpr", "shadow_outliers"}


@pytest.mark.parametrize(("share", "least"), [(1.0, 0.95), (0.3, 0.55)])
def test_copies_are_found(share: float, least: float) -> None:
    found = named(attack(REAL, copying(share), schema=SCHEMA))
    assert found["shadow"].low > least
    assert found["shadow_tpr"].low > 0.1


def test_each_round_learns_from_half_of_the_rows() -> None:
    seen: list[int] = []

    def refit(table: pa.Table, turn: int) -> pa.Table:
        seen.append(table.num_rows)
        return fresh(table, turn)

    attack(REAL, refit, schema=SCHEMA, rounds=8)
    assert len(seen) == 8
    assert sum(seen) == 4 * REAL.num_rows


def test_few_rounds_and_few_rows_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 8"):
        attack(REAL, fresh, schema=SCHEMA, rounds=4)
    with pytest.raises(DataError, match="too few"):
        attack(REAL.slice(0, 50), fresh, schema=SCHEMA)


def test_nothing_to_compare_is_said() -> None:
    schema = SCHEMA.model_copy(update={"columns": SCHEMA.columns[:1]})
    with pytest.raises(DataError, match="no column"):
        attack(REAL.select(["id"]), fresh, schema=schema)
