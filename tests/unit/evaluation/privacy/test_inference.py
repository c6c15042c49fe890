from reverie.evaluation.privacy.inference import MEASURE

from ..tables import compared, named, people

REAL, HOLDOUT = people(800, 1), people(800, 3)


def test_fresh_rows_tell_what_the_population_tells() -> None:
    found = named(MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT)))
    assert found["inference"].low < 0 < found["inference"].high
    assert found["inference_worst"].low < 0
    # The columns hang together, so the guesses are better than chance for members and others alike.
    assert found["inference"].detail["control"] > found["inference"].detail["baseline"] + 0.05


def test_copies_tell_everything() -> None:
    found = named(MEASURE.measure(compared(REAL, REAL, HOLDOUT)))
    assert found["inference"].low > 0.7
    assert found["inference_worst"].low == max(c["risk"][1] for c in found["inference"].detail["columns"])


def test_every_compared_column_is_a_secret_once() -> None:
    found = named(MEASURE.measure(compared(REAL, people(800, 2), HOLDOUT)))
    names = [column["name"] for column in found["inference"].detail["columns"]]
    assert names == ["age", "income", "since", "city", "member"]
