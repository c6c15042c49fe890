from reverie.evaluation.privacy.linkability import MEASURE

from ..tables import compared, people

REAL, HOLDOUT = people(800, 1), people(800, 3)


def test_fresh_rows_link_nobody() -> None:
    (figure,) = MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT))
    assert figure.low < 0 < figure.high


def test_copies_link() -> None:
    (figure,) = MEASURE.measure(compared(REAL, REAL, HOLDOUT))
    assert figure.low > 0.1
    assert figure.detail["baseline"] == 1 / 800


def test_none_without_a_holdout() -> None:
    assert MEASURE.measure(compared(REAL, people(800, 2))) == []
