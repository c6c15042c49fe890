import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.sequence import Run, Sequence, join_runs, measure_integers, measure_strings

INDEX = np.arange(3, dtype=np.uint64)


def test_measure_integers_finds_bounds_and_step() -> None:
    assert measure_integers(pa.array([30, 10, None, 50])) == Run(3, 10, 50, 20)


@pytest.mark.parametrize("values", [pa.array([1.0, 3.0, None]), pa.array([1, 3], pa.decimal128(5, 0))])
def test_measure_integers_takes_whole_numbers_of_any_type(values: pa.Array) -> None:
    assert measure_integers(values) == Run(2, 1, 3, 2)


@pytest.mark.parametrize(
    "values", [pa.array([1.5, 2.0]), pa.array([], pa.int64()), pa.array([None], pa.int64())]
)
def test_measure_integers_refuses_the_rest(values: pa.Array) -> None:
    assert measure_integers(values) is None


def test_measure_strings_finds_head_tail_and_width() -> None:
    run = measure_strings(pa.array(["INV-0007/x", "INV-0010/x", None]))
    assert run == Run(2, 7, 10, 3, "INV-", "/x", 4)


@pytest.mark.parametrize("values", [["A1", "B2"], ["A", "A1"], ["01", "001"], ["1-2", "3-4"]])
def test_measure_strings_refuses_what_does_not_run(values: list[str]) -> None:
    assert measure_strings(pa.array(values)) is None


def test_join_runs_equals_the_whole() -> None:
    numbers = pa.array([100, 140, 120, 110, 190])
    assert join_runs(measure_integers(numbers[:2]), measure_integers(numbers[2:])) == measure_integers(
        numbers
    )
    assert join_runs(measure_integers(numbers), None) is None
    assert join_runs(Run(1, 1, 1, 0, "a"), Run(1, 2, 2, 0, "b")) is None


def test_density() -> None:
    assert Run(5, 10, 50, 10).density == 1
    assert Run(1, 7, 7, 0).density == 1
    assert Run(10, 0, 99, 1).density == 0.1


@pytest.mark.parametrize(
    ("run", "first"),
    [
        (Run(9, 1, 9, 1), [1, 2, 3]),
        (Run(9, 0, 8, 1), [0, 1, 2]),
        (Run(9, 100_123, 100_999, 1), [100_000, 100_001, 100_002]),
        (Run(9, 523, 5_000, 1), [1, 2, 3]),
        (Run(9, 10, 90, 10), [10, 20, 30]),
    ],
)
def test_following_starts_at_a_round_number(run: Run, first: list[int]) -> None:
    assert Sequence.following(run).numbers(INDEX).to_pylist() == first


def test_strings_are_padded() -> None:
    sequence = Sequence.following(Run(50, 1, 50, 1, "INV-", "/x", 4))
    assert sequence.strings(INDEX).to_pylist() == ["INV-0001/x", "INV-0002/x", "INV-0003/x"]
    assert Sequence(9_999, 1, "A", "", 4).strings(INDEX).to_pylist() == ["A9999", "A10000", "A10001"]


def test_state_round_trip() -> None:
    sequence = Sequence(5, 2, "a", "b", 3)
    assert Sequence.from_state(sequence.state()) == sequence
