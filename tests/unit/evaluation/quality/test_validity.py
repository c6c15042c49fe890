import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison
from reverie.evaluation.quality.validity import MEASURE
from reverie.schema.types import Column, Constraint, Table

from ..tables import compared, named, people

COLUMNS = (Column(name="low", type="integer"), Column(name="high", type="integer"))
RULE = Constraint(kind="inequality", columns=("low", "high"))


def test_values_beyond_the_real_ones_are_counted() -> None:
    real = people(200, 1)
    fake = real.set_column(4, "city", pa.array(["Rom", *real["city"].to_pylist()[1:]]))
    found = named(MEASURE.measure(compared(real, fake, people(200, 2))))
    assert set(found) == {"support"}
    assert found["support"].value == 99.5
    assert found["support"].detail["parts"][0] == {"name": "city", "valid": 99.5}
    assert found["support"].floor is not None
    assert found["support"].floor < 100


def test_missing_is_valid_only_where_real_rows_have_it() -> None:
    schema = Table(name="t", columns=(COLUMNS[0],))
    full, holed = pa.table({"low": [1, 2, 3, 4]}), pa.table({"low": [1, 2, None, 4]})
    assert named(MEASURE.measure(Comparison(full, holed, None, schema)))["support"].value == 75
    three = pa.table({"low": [1, 2, 3, None]})
    assert named(MEASURE.measure(Comparison(three, holed, None, schema)))["support"].value == 75
    assert named(MEASURE.measure(Comparison(three, three, None, schema)))["support"].value == 100


def test_rows_that_break_a_rule_are_counted() -> None:
    real = pa.table({"low": [1, 2, 3, 4], "high": [2, 3, 4, 5]})
    fake = pa.table({"low": [1, 2, 3, 4], "high": [2, 1, 4, 5]})
    schema = Table(name="t", columns=COLUMNS, constraints=(RULE,))
    found = named(MEASURE.measure(Comparison(real, fake, real, schema)))["validity"]
    assert (found.value, found.floor) == (75, 100)
    assert found.low < 75 < found.high
    assert found.detail["parts"] == [{"kind": "inequality", "columns": ["low", "high"], "valid": 75}]


@pytest.mark.parametrize("rules", [(), (RULE.model_copy(update={"enforced": False}),)])
def test_rules_that_are_only_offered_do_not_count(rules: tuple[Constraint, ...]) -> None:
    table = pa.table({"low": [1, 2, 3], "high": [0, 1, 5]})
    schema = Table(name="t", columns=COLUMNS, constraints=rules)
    assert "validity" not in named(MEASURE.measure(Comparison(table, table, None, schema)))
