"""The bundled table is there, in two halves alike."""

import pyarrow.parquet as pq

from reverie import demo


def test_halves_have_the_same_columns_and_size() -> None:
    train, holdout = pq.read_table(demo.train_path()), pq.read_table(demo.holdout_path())
    assert train.schema == holdout.schema
    assert train.num_rows == holdout.num_rows == 24_421
    assert set(train[demo.TARGET].unique().to_pylist()) == {"<=50K", ">50K"}


def test_text_is_stripped_and_unknown_stays_as_in_the_source() -> None:
    train = pq.read_table(demo.train_path())
    assert "?" in train["workclass"].unique().to_pylist()
    for name in train.column_names:
        values = [v for v in train[name].unique().to_pylist() if isinstance(v, str)]
        assert values == [v.strip() for v in values]
