"""A small model, made by the command line itself."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.cli.main import run


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """people.parquet and m.reverie, a copula of it."""
    place = tmp_path_factory.mktemp("cli")
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, 400)
    city = np.where(age > 60, "Rome", rng.choice(["Oslo", "Bonn"], 400))
    pq.write_table(pa.table({"age": age, "city": city}), place / "people.parquet")
    assert (
        run(["fit", str(place / "people.parquet"), "-o", str(place / "m.reverie"), "--model", "copula"]) == 0
    )
    return place
