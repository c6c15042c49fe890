import pandas as pd
import pytest

from reverie.core.dataset import Dataset
from reverie.core.errors import DataError
from reverie.io.given import dataset, named


def test_paths_frames_and_datasets_are_the_same_rows(tmp_path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    frame.to_parquet(tmp_path / "t.parquet")
    found = [dataset(tmp_path / "t.parquet"), dataset(str(tmp_path / "t.parquet")), dataset(frame)]
    assert all(one.single()[1].to_pylist() == frame.to_dict("records") for one in found)
    assert isinstance(found[0], Dataset)
    assert dataset(found[0]) is found[0]


def test_what_is_no_data_is_said() -> None:
    with pytest.raises(DataError):
        dataset(7)


def test_only_paths_have_names(tmp_path) -> None:
    found = named({"Real": tmp_path / "r.csv", "Unseen": pd.DataFrame({"a": [1]}), "Synthetic": "f.csv"})
    assert found == {"Real": str(tmp_path / "r.csv"), "Synthetic": "f.csv"}
