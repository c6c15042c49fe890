from reverie.evaluation.privacy.rare_values import MEASURE

from ..tables import compared, people

REAL, HOLDOUT = people(800, 1), people(800, 3)


def test_fresh_rows_recall_no_value() -> None:
    (figure,) = MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT))
    assert figure.low <= 0 <= figure.high


def test_keys_that_come_out_are_found() -> None:
    fake = people(800, 2)
    leaking = fake.set_column(fake.column_names.index("id"), "id", REAL["id"])
    (figure,) = MEASURE.measure(compared(REAL, leaking, HOLDOUT))
    assert figure.low > 0.2
    recalled = {column["name"]: column["recalled"] for column in figure.detail["columns"]}
    assert recalled["id"] == [800, 0]


def test_none_without_a_holdout() -> None:
    assert MEASURE.measure(compared(REAL, people(800, 2))) == []
