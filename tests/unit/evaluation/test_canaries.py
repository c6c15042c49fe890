import datetime

import numpy as np
import pyarrow as pa
import pytest

from reverie.core.errors import DataError
from reverie.evaluation import canaries
from reverie.sampling.table import describe
from reverie.schema.types import Column, Table

SCHEMA = Table(
    name="t",
    columns=tuple(
        Column(name=name, type=kind)
        for name, kind in {
            "id": "identifier", "level": "category", "amount": "decimal", "visits": "integer",
            "when": "date", "flag": "boolean",
        }.items()
    ),
)  # fmt: skip


def table(rows: int = 500, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"K{i:05d}" for i in range(rows)],
            "level": pa.array(rng.choice(["a", "b", "c"], rows)).dictionary_encode(),
            "amount": np.round(rng.gamma(2, 30, rows), 2),
            "visits": rng.poisson(900, rows),
            "when": pa.array(
                (np.datetime64("2024-01-01") + rng.integers(0, 300, rows)).astype("datetime64[D]")
            ),
            "flag": rng.random(rows) < 0.5,
        }
    )


def test_secrets_are_in_the_table_and_in_no_row_before() -> None:
    before, planted = table(), canaries.plant(table(), SCHEMA, seed=1)
    assert set(planted.values) == {"id", "level", "amount", "visits", "when"}
    assert (planted.rows.num_rows, planted.repeated.num_rows) == (canaries.ROWS, canaries.REPEATED)
    extra = canaries.ROWS + canaries.REPEATED * canaries.REPEATS
    assert planted.table.num_rows == before.num_rows + extra
    for name, secrets in planted.values.items():
        cells = planted.table[name].to_pylist()
        assert all(cells.count(secret) == 1 for secret in secrets)
        assert not set(secrets) & set(before[name].to_pylist())
        assert not set(planted.decoy_values[name]) & {*cells}
    assert "id" not in planted.rows.column_names
    assert isinstance(planted.values["when"][0], datetime.date)


def test_the_same_seed_plants_the_same() -> None:
    first, second, other = (canaries.plant(table(), SCHEMA, seed=seed) for seed in (1, 1, 2))
    assert first.table.equals(second.table)
    assert not first.table.equals(other.table)


def test_a_copy_has_them_all_and_fresh_rows_none() -> None:
    planted = canaries.plant(table(), SCHEMA)
    copied = canaries.sought(planted, planted.table, {})
    assert [one.found for one in copied] == [{"samples": 8}, {"samples": 20}, {"samples": 6}]
    assert [one.planted for one in copied] == [8, 20, 6]
    fresh = canaries.sought(planted, table(seed=9), {"a file": [b"nothing"]})
    assert all(one.found == {} and one.floor == 0 for one in fresh)


@pytest.mark.parametrize(
    "spell", [lambda v: f"the value {v!r} is odd".encode(), lambda v: np.float64(v).tobytes()]
)
def test_files_are_searched_for_text_and_bytes(spell) -> None:
    planted = canaries.plant(table(), SCHEMA)
    told = canaries.sought(
        planted, table(seed=9), {"a log": [b"..", b"xx" + spell(planted.values["amount"][1])]}
    )
    assert told[0].found == {"a log": 1}


def test_zips_and_folders_are_looked_into(tmp_path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", "inside " * 50)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "plain.txt").write_bytes(b"plain")
    assert canaries.contents(tmp_path) == [b"plain", b"inside " * 50]


def test_too_few_rows_hide_nothing() -> None:
    with pytest.raises(DataError, match="too few to hide secrets"):
        canaries.plant(table(300), SCHEMA)


def test_columns_that_a_secret_would_break_have_none() -> None:
    rows = 500
    whole = pa.table(
        {
            "same": ["x"] * rows,
            "spelled": [f"{i % 40},50" for i in range(rows)],
            "day": [f"{i % 28 + 1:02d}.03.2024" for i in range(rows)],
            "few": pa.array(np.arange(rows) % 100, pa.int8()),
            "small": pa.array(np.random.default_rng(0).random(rows), pa.float32()),
            "until": pa.array([datetime.date(9999, 12, 31)] * 9 + [datetime.date(2024, 1, 1)] * (rows - 9)),
        }
    )
    planted = canaries.plant(whole, describe("t", whole))
    assert set(planted.values) == {"small", "until"}
    assert canaries.sought(planted, planted.table, {})[0].found == {"samples": 3}
    assert set(planted.table["same"].to_pylist()) == {"x"}


def test_rows_that_are_planted_are_nobody_s_as_far_as_there_are_such() -> None:
    rng = np.random.default_rng(0)
    flags = pa.table({"a": rng.random(500) < 0.5, "b": rng.random(500) < 0.5})
    planted = canaries.plant(flags, describe("t", flags))
    assert (planted.rows.num_rows, planted.repeated.num_rows) == (0, 0)
    assert [one.leaked for one in canaries.sought(planted, planted.table, {})] == [False] * 3
    planted = canaries.plant(table(), SCHEMA)
    seen = {tuple(row.values()) for row in table().drop_columns(["id"]).to_pylist()}
    assert not seen & {tuple(row.values()) for row in planted.rows.to_pylist()}


def test_a_moment_is_sought_as_the_number_that_it_is_kept_as() -> None:
    whole = pa.table({"at": pa.array(np.datetime64("2024-01-01T00:00:00", "us") + np.arange(500) * 10**9)})
    planted = canaries.plant(whole, describe("t", whole))
    ticks = np.datetime64(planted.values["at"][0], "us").astype(np.int64).tobytes()
    assert canaries.sought(planted, whole, {"the model": [b"." + ticks]})[0].found == {"the model": 1}
