import pyarrow as pa
import pytest

from reverie.codecs.storage import from_storage, is_string, is_whole, storage_name

KINDS = [
    pa.int8(),
    pa.uint64(),
    pa.float32(),
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.decimal128(12, 3),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_names_round_trip(kind: pa.DataType) -> None:
    assert from_storage(storage_name(kind)) == kind


def test_nested_types_go_by_text() -> None:
    assert storage_name(pa.struct({"a": pa.int8()})) == "string"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        from_storage("nonsense")


def test_kinds() -> None:
    assert is_string(pa.dictionary(pa.int32(), pa.string()))
    assert not is_string(pa.dictionary(pa.int32(), pa.int64()))
    assert is_whole(pa.decimal128(3, 0))
    assert not is_whole(pa.bool_())
