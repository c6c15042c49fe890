import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation import arrow


def chunked(values: list, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    "values",
    [
        chunked([1, None, 3], pa.int8()),
        chunked([1.0, float("inf"), 3.0]),
        chunked([" 1 ", "one", "+3"]),
        chunked(["1", None, "3e0"]).cast(pa.dictionary(pa.int32(), pa.string())),
        pa.chunked_array([pa.array([1], pa.int64()), pa.array([None, 3], pa.int64())]),
    ],
)
def test_numbers_are_read_from_any_storage(values: pa.ChunkedArray) -> None:
    np.testing.assert_array_equal(arrow.numbers(values), [1, np.nan, 3])


def test_durations_are_nanoseconds_in_any_unit() -> None:
    assert arrow.numbers(chunked([2], pa.duration("ms"))) == arrow.numbers(chunked([2000], pa.duration("us")))


def test_moments_agree_in_any_storage() -> None:
    day = np.datetime64("1969-12-31")
    expected = day.astype("datetime64[ns]").astype(float)
    for kind in (pa.date32(), pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("ns", "UTC")):
        values = pa.chunked_array([pa.array(np.array([day])).cast(kind)])
        assert arrow.moments(values)[0] == expected
    assert arrow.moments(chunked(["1969-12-31"]))[0] == expected
    assert arrow.moments(chunked(["31.12.1969"]), "%d.%m.%Y")[0] == expected


def test_moments_before_1677_and_unreadable_ones() -> None:
    early, broken = arrow.moments(chunked(["1600-01-01", "soon"]))
    assert early == -11676096000e9
    assert np.isnan(broken)


def test_codes_are_shared_by_all_tables() -> None:
    (real, fake), labels = arrow.codes([chunked(["a", None, " b"]), chunked(["b", "c"])])
    assert [labels[code] for code in real[[0, 2]]] == ["a", "b"]
    assert real[1] == -1
    assert [labels[code] for code in fake] == ["b", "c"]


def test_codes_take_equal_numbers_and_flags_for_equal() -> None:
    (whole, real), labels = arrow.codes([chunked([1, 2]), chunked([2.0, None])])
    assert labels == ("1", "2")
    assert (whole.tolist(), real.tolist()) == ([0, 1], [1, -1])
    (flags, words), _ = arrow.codes([chunked([True, False]), chunked(["False", "TRUE"])])
    assert flags.tolist() == words.tolist()[::-1]


def test_lists_and_bytes_cannot_be_compared() -> None:
    assert arrow.is_plain(pa.string())
    assert not arrow.is_plain(pa.list_(pa.int8()))
    assert not arrow.is_plain(pa.binary())
