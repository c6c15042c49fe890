"""Arrow types survive as names, and arrays return to the type they had."""

import pyarrow as pa
import pytest

from reverie.codecs.arrow_types import plain, restore, type_name, type_named


@pytest.mark.parametrize(
    "kind",
    [
        pa.bool_(), pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(9, 2), pa.string(),
        pa.large_string(), pa.date32(), pa.date64(), pa.time32("s"), pa.time64("us"), pa.timestamp("ns"),
        pa.timestamp("us", tz="Europe/Madrid"), pa.timestamp("ms", tz="+02:00"), pa.duration("ms"), pa.null(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.timestamp("s", tz="UTC"), ordered=True),
    ],
)  # fmt: skip
def test_names_round_trip(kind):
    assert type_named(type_name(kind)) == kind


def test_unknown_names_are_refused():
    with pytest.raises(ValueError):
        type_named("spaceship")


def test_restore_casts_and_encodes():
    assert restore(pa.array([1, 2]), pa.int8()) == pa.array([1, 2], pa.int8())
    dictionary = pa.dictionary(pa.int8(), pa.large_string())
    array = restore(pa.array(["a", "b", "a", None]), dictionary)
    assert array.type == dictionary
    assert array.to_pylist() == ["a", "b", "a", None]
    assert plain(array).type == pa.large_string()
