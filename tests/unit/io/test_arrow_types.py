import datetime as dt
import decimal

import pyarrow as pa
import pytest

from reverie.core.errors import DataError
from reverie.io.arrow_types import check_names, settle


def settle_arrays(*arrays, on_disk=False):
    batches = [pa.record_batch([array], names=["x"]) for array in arrays]
    table, notes = settle(batches[0].schema, lambda: iter(batches), "here", on_disk=on_disk)
    return table["x"].to_pylist(), table["x"].type, notes


@pytest.mark.parametrize(
    ("array", "values", "kind"),
    [
        (pa.array([1, None], pa.uint8()), [1, None], pa.int64()),
        (pa.array([1, 2**63 - 1], pa.uint64()), [1, 2**63 - 1], pa.int64()),
        (pa.array([0.1, None], pa.float32()), [0.1, None], pa.float64()),
        (pa.array([float("nan"), 1.0]), [None, 1.0], pa.float64()),
        (pa.array(["a", None], pa.large_string()), ["a", None], pa.string()),
        (pa.array(["a", None], pa.string_view()), ["a", None], pa.string()),
        (pa.array([b"caf\xc3\xa9"]), ["café"], pa.string()),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"], pa.string()),
        (
            pa.array([dt.datetime(2020, 1, 1)], pa.timestamp("ns")),
            [dt.datetime(2020, 1, 1)],
            pa.timestamp("us"),
        ),
        (pa.array([dt.date(1500, 1, 1)], pa.date64()), [dt.date(1500, 1, 1)], pa.date32()),
        (pa.array([1_234], pa.duration("ns")), [dt.timedelta(microseconds=1)], pa.duration("us")),
        (pa.array([90], pa.time32("s")), [dt.time(0, 1, 30)], pa.time64("us")),
        (pa.array([decimal.Decimal("12"), None]), [12, None], pa.int64()),
        (pa.array([True, None]), [True, None], pa.bool_()),
        (pa.nulls(2), [None, None], pa.null()),
    ],
)
@pytest.mark.parametrize("on_disk", [True, False])
def test_canonical(array, values, kind, on_disk):
    assert settle_arrays(array, on_disk=on_disk)[:2] == (values, kind)


def test_later_batch_decides_for_all():
    small, large = pa.array([1], pa.uint64()), pa.array([2**64 - 1], pa.uint64())
    values, kind, notes = settle_arrays(small, large)
    assert (values, kind) == (["1", str(2**64 - 1)], pa.string())
    assert notes == ("column 'x': uint64 is read as text",)


def test_bytes_that_are_no_text_stay_bytes():
    assert settle_arrays(pa.array([b"a"]))[1] == pa.string()
    assert settle_arrays(pa.array([b"\xff"]))[1] == pa.binary()


def test_unknown_types_are_refused():
    with pytest.raises(DataError, match="column 'x' holds month_day_nano_interval"):
        settle_arrays(pa.array([(1, 2, 3)], pa.month_day_nano_interval()))


def test_a_batch_without_rows():
    assert settle_arrays(pa.array([], pa.int8()))[:2] == ([], pa.int64())


def test_names():
    check_names(["a", "é ü", "A"], "here")
    with pytest.raises(DataError, match=r"here: column names are blank at position 1, 2, 3, 4, 5 \.\.\."):
        check_names([""] * 7, "here")
    with pytest.raises(DataError, match="no columns"):
        check_names([], "here")
