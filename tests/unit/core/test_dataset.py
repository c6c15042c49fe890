import pyarrow as pa
import pytest

from reverie.core.dataset import Dataset
from reverie.core.errors import DataError

ONE = pa.table({"age": [1, 2]})


def test_a_dataset_of_one_table_gives_it() -> None:
    name, table = Dataset({"people": ONE}).single()
    assert name == "people"
    assert table is ONE


@pytest.mark.parametrize("tables", [{}, {"people": ONE, "orders": ONE}], ids=["none", "two"])
def test_other_numbers_of_tables_are_refused(tables: dict[str, pa.Table]) -> None:
    with pytest.raises(DataError, match=f"shop: holds {len(tables)} tables") as caught:
        Dataset(tables, source="shop").single()
    assert all(name in caught.value.fix for name in tables)


def test_a_dataset_does_not_change() -> None:
    tables = {"people": ONE}
    dataset = Dataset(tables)
    tables["orders"] = ONE
    assert list(dataset.tables) == ["people"]
    with pytest.raises(TypeError):
        dataset.tables["orders"] = ONE  # type: ignore[index]


def test_no_row_is_shown() -> None:
    assert repr(Dataset({"people": pa.table({"name": ["Ada"], "age": [36]})})) == "Dataset(people: 1 x 2)"
